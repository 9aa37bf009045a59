"""What happened to an order, and to its id."""

from __future__ import annotations

from sqlalchemy import Column, Integer, Table, Text, UniqueConstraint

from ledger.schema.column_types import PERSONAL, Document, Key, UtcTime
from ledger.schema.metadata import clustered_table, metadata, order_key

history_entries = clustered_table(
    "history_entries",
    order_key(),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False),
    Column("what", Text, nullable=False, info=PERSONAL),
    Column("step_id", Text),
    Column("by", Text, info=PERSONAL),
    Column("reason", Text, info=PERSONAL),
    Column("data", Document, info=PERSONAL),
)
"""The order's history, as HistoryRecord has it. An entry with `by` is an action of a person; `data` is what the person
entered. Events that steps took are entries; events that the order keeps are in `order_documents.kept_events`."""

amendments = clustered_table(
    "amendments",
    order_key(),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False),
    Column("by", Text, nullable=False, info=PERSONAL),
    Column("reason", Text, nullable=False, info=PERSONAL),
    Column("before", Document, info=PERSONAL),
    Column("after", Document, nullable=False, info=PERSONAL),
)
"""Amendments, as AmendmentRecord has them."""

clashes = Table(
    "clashes",
    metadata,
    Column("key", Key, primary_key=True, autoincrement=True),
    Column("order_id", Text, nullable=False),
    Column("earlier_submission", Text, nullable=False),
    Column("later_submission", Text, nullable=False),
    Column("found_at", UtcTime, nullable=False),
    UniqueConstraint("order_id", "earlier_submission", "later_submission"),
)
"""An id that was accepted a second time, although the later order is no revision of the earlier one."""
