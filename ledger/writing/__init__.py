"""Changes of orders as rows of the ledger."""
