"""Ledgers on each database, what writes to them, and what they should have."""
