"""The columns of an export: those of the ledger's tables, with the order's id in place of keys."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Table

from ledger.export.export_kinds import ExportTable
from ledger.schema.tables import (
    amendments,
    attempts,
    history_entries,
    order_documents,
    order_lines,
    orders,
    steps,
    work_items,
)

ORDER_ID = "order_id"
CATALOGUE_VERSION = "catalogue_version"
_INTERNAL = frozenset(
    {
        *("key", "order_key", "run_started_at", "event_id", "position_at", "is_current", "catalogue_version_key"),
        *("effect_number", "token"),
    }
)
"""What only the ledger itself needs."""

CHILDREN: dict[str, Table] = {
    "lines": order_lines,
    "steps": steps,
    "work": work_items,
    "attempts": attempts,
    "history": history_entries,
    "amendments": amendments,
}
"""What belongs to an order, by its name in an export."""


def order_columns() -> list[Column[Any]]:
    """Without the catalogue's version, which is joined."""
    return [column for table in (orders, order_documents) for column in table.c if column.name not in _INTERNAL]


def child_columns(name: str) -> list[Column[Any]]:
    """Without the order's id."""
    return [column for column in CHILDREN[name].c if column.name not in {*_INTERNAL, ORDER_ID}]


def columns_of(table: ExportTable) -> dict[str, Column[Any] | None]:
    """By name, the order's id first. None: a text that is no column of its own."""
    if table is ExportTable.ORDERS:
        return {column.name: column for column in order_columns()} | {CATALOGUE_VERSION: None}
    return {ORDER_ID: None} | {column.name: column for column in child_columns(table.value)}
