"""The form of a new order, and what it would become."""
