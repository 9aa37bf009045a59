"""All tables of the ledger."""

from __future__ import annotations

from ledger.schema import list_indexes as _list_indexes  # noqa: F401 - they belong to the tables
from ledger.schema.data_life import archived_orders, erased_orders, erasures, legal_holds
from ledger.schema.feeding import feeders, gaps, watermarks
from ledger.schema.metadata import metadata
from ledger.schema.orders import (
    catalogue_versions,
    order_documents,
    order_external_ids,
    order_ids,
    order_products,
    order_systems,
    order_words,
    orders,
    state_counts,
)
from ledger.schema.plans import attempts, line_reasons, order_lines, steps, work_items
from ledger.schema.story import amendments, clashes, history_entries

__all__ = [
    "amendments",
    "archived_orders",
    "attempts",
    "catalogue_versions",
    "clashes",
    "erased_orders",
    "erasures",
    "feeders",
    "gaps",
    "history_entries",
    "legal_holds",
    "line_reasons",
    "metadata",
    "order_documents",
    "order_external_ids",
    "order_ids",
    "order_lines",
    "order_products",
    "order_systems",
    "order_words",
    "orders",
    "state_counts",
    "steps",
    "watermarks",
    "work_items",
]

ROWS_OF_AN_ORDER = (
    order_documents,
    order_products,
    order_systems,
    order_external_ids,
    order_words,
    order_lines,
    line_reasons,
    steps,
    work_items,
    history_entries,
    amendments,
)
"""The tables whose rows belong to a row of `orders` by `order_key`. `attempts` and `gaps` go by the order's id."""
