"""The list of orders: what its address says, and what its page shows."""
