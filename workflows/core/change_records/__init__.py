"""What an order tells the ledger of itself: workflows.contract.order_changes, built from its state."""
