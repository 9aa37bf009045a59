"""`ledger …`: looking after the ledger's database."""
