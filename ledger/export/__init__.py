"""Orders of the ledger as JSON lines, CSV and Parquet."""
