"""Retention, erasure and legal hold."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table, Text

from ledger.schema.column_types import PERSONAL, Document, Key, UtcTime
from ledger.schema.metadata import clustered_table, metadata

legal_holds = Table(
    "legal_holds",
    metadata,
    Column("key", Key, primary_key=True, autoincrement=True),
    Column("scope", Text, nullable=False),
    Column("subject", Text, nullable=False, info=PERSONAL),
    Column("reason", Text, nullable=False, info=PERSONAL),
    Column("placed_by", Text, nullable=False, info=PERSONAL),
    Column("placed_at", UtcTime, nullable=False),
    Column("released_by", Text, info=PERSONAL),
    Column("released_at", UtcTime),
    Index(None, "scope", "subject"),
)
"""What may neither be archived away nor erased. `scope` is `order` or `customer`, `subject` its id."""

erasures = Table(
    "erasures",
    metadata,
    Column("key", Key, primary_key=True, autoincrement=True),
    Column("customer_digest", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("by", Text, nullable=False, info=PERSONAL),
    Column("reason", Text, nullable=False, info=PERSONAL),
    Column("counts", Document, nullable=False),
    Column("remaining", Document, nullable=False),
    Column("completed_at", UtcTime),
    Index(None, "customer_digest"),
)
"""That a customer's data was erased, without the customer. `customer_digest` is keyed (ledger/retention/digest.py).
`counts`: how much was erased, by kind. `remaining`: what could not be erased yet, and why."""

erased_orders = clustered_table(
    "erased_orders",
    Column("order_id", Text, primary_key=True),
    Column("submission", Text, primary_key=True),
    Column("erasure_key", Key, nullable=False),
    Column("at", UtcTime, nullable=False),
    Index(None, "erasure_key"),
)
"""Submissions of orders without their personal data. What arrives of them later is not written."""

archived_orders = clustered_table(
    "archived_orders",
    Column("order_id", Text, primary_key=True),
    Column("submission", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("customer_id", Text, info=PERSONAL),
    Column("started_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("archived_at", UtcTime, nullable=False),
    Column("file", Text, nullable=False),
    Column("record", Integer, nullable=False),
    Index(None, "customer_id"),
    Index(None, "file"),
)
"""Orders that were moved to the archive: record number `record`, from 0, of `file`."""
