"""The snapshot of an order that the next run continues from."""
