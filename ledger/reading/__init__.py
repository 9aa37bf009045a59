"""What the ledger is asked: lists of orders, work of people, one order. Nothing here writes."""
