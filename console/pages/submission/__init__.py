"""The page on which an order is made and submitted."""
