"""The ledger: what it costs orders, how fresh it is, and how fast it answers when it is large."""
