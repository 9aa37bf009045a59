"""Lists of orders: their pages, totals and rows."""
