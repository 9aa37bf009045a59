"""Where followers look: the ledger, or without one Temporal."""
