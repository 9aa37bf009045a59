"""How far the ledger is: who writes it, what is missing."""

from __future__ import annotations

from sqlalchemy import Column, Integer, Table, Text

from ledger.schema.column_types import Document, UtcTime
from ledger.schema.metadata import clustered_table, metadata

gaps = clustered_table(
    "gaps",
    Column("order_id", Text, primary_key=True),
    Column("submission", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_try_at", UtcTime),
    Column("error", Text),
)
"""Orders whose rows are behind until a complete change arrives. `submission` is empty where it is not known. `reason`:
`missed` (a change before the stored one was lost), `dropped` (the buffer was full), `refused` (the database does not
take the order's rows: `error` says why, without values), `unanswered` (the order could not be asked). Reconciliation
closes gaps; until `next_try_at`, it leaves them alone."""

feeders = clustered_table(
    "feeders",
    Column("worker", Text, primary_key=True),
    Column("started_at", UtcTime, nullable=False),
    Column("reported_at", UtcTime, nullable=False),
    Column("committed_at", UtcTime),
    Column("oldest_unwritten_at", UtcTime),
    Column("unwritten_orders", Integer, nullable=False),
    Column("written_changes", Integer, nullable=False),
    Column("dropped_orders", Integer, nullable=False),
)
"""A row for each worker process that writes. It reports with each commit, and every few seconds while it is idle.
`oldest_unwritten_at`: when the oldest change was made that the report's commit leaves unwritten; NULL if there is
none."""

watermarks = Table(
    "watermarks",
    metadata,
    Column("name", Text, primary_key=True),
    Column("at", UtcTime),
    Column("value", Document),
)
"""How far recurring work has come, by its name."""
