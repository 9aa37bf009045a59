"""Compares the ledger with the orders themselves, and repairs it: regularly, as a rebuild, and as a check."""
