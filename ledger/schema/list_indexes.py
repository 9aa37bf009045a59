"""The indexes of lists: each pair of filter and sort that docs/ledger.md lists has one that filters and sorts.

Lists show current orders only, so the indexes have no others. Their columns rarely change: what every change of an
order rewrites has no index.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Column, ColumnElement, Index, Table, TextClause, and_, text

from ledger.schema.orders import order_products, order_systems, orders
from ledger.schema.plans import work_items


def _current_orders(*columns: Column[object], also: Sequence[Column[object]] = ()) -> Index:
    """`also`: columns that are read from the index, and neither filter nor sort."""
    names = "_".join(column.name for column in columns)
    return Index(
        f"ix_orders_{names}",
        *columns,
        orders.c.key,
        *also,
        sqlite_where=orders.c.is_current,
        postgresql_where=orders.c.is_current,
    )


def _index(table: Table, *columns: str) -> Index:
    return Index(f"ix_{table.name}_{'_'.join(columns)}", *(table.c[column] for column in columns))


_at = orders.c

SORTS = tuple(
    _current_orders(*columns)
    for columns in (
        (_at.ended_at, _at.started_at),
        (_at.started_at,),
        (_at.requested_completion,),
        (_at.jeopardy, _at.started_at),
        (_at.fallout, _at.started_at),
        (_at.open_tasks, _at.started_at),
    )
)
"""Sorts of all current orders. The last three also answer filters."""

_TIMES = ((_at.ended_at, _at.started_at), (_at.started_at,), (_at.requested_completion,))

FILTERS_WITH_SORTS = tuple(
    _current_orders(column, *times) for column in (_at.state, _at.catalogue_version_key) for times in _TIMES
)

OF_A_CUSTOMER = tuple(_current_orders(_at.customer_id, *times, also=(_at.state, _at.is_current)) for times in _TIMES)
"""With the state: up to 10,000 orders of a customer are counted by state and sorted without a look at the orders, which
are spread over the whole table. SQLite also wants to read `is_current`, although the index has no others."""

_SORTED = [
    *("state", "started_at", "ended_at", "requested_completion"),
    *("jeopardy", "fallout", "open_tasks", "customer_id", "order_id"),
]
"""What lists sort and count by."""


def _of_keys(name: str, orders_of_it: ColumnElement[bool] | TextClause, included: Sequence[str]) -> Index:
    """For PostgreSQL, which takes the columns from here, without a look at the table. SQLite has a row by its key at
    once."""
    index = Index(
        name,
        _at.key,
        postgresql_include=included,
        postgresql_where=orders_of_it,
        info={"dialect": "postgresql"},
    )
    return index.ddl_if(dialect="postgresql")


OF_KEYS = _of_keys("ix_orders_of_keys", _at.is_current, _SORTED)
"""For orders whose keys are known. The table is three times as large."""

NOT_COMPLETED_TEXT = "orders.state <> 'completed'"
NOT_COMPLETED = _of_keys(
    "ix_orders_not_completed", text(f"is_current AND {NOT_COMPLETED_TEXT.replace('orders.', '')}"), ["state"]
)
"""Most orders are completed. So orders whose keys are known are counted by state with this small index: those that are
not in it are completed."""

LATE_TEXT = "orders.jeopardy = 'late' AND orders.ended_at IS NULL"
LATE = _of_keys("ix_orders_late", text(f"is_current AND {LATE_TEXT.replace('orders.', '')}"), _SORTED)
"""Late orders that have not ended are few."""

INTERRUPTED = Index(
    "ix_orders_interrupted",
    _at.ended_at,
    _at.started_at,
    _at.key,
    sqlite_where=_at.interrupted_kind.is_not(None),
    postgresql_where=_at.interrupted_kind.is_not(None),
)

IN_FALLOUT_TEXT = "orders.fallout > 0 AND orders.ended_at IS NULL OR orders.interrupted_kind IS NOT NULL"
_in_fallout = and_(orders.c.is_current, text(f"({IN_FALLOUT_TEXT.replace('orders.', '')})"))

IN_FALLOUT = Index(
    "ix_orders_in_fallout", _at.started_at, _at.key, sqlite_where=_in_fallout, postgresql_where=_in_fallout
)
"""Orders that wait for a person because a step failed, or because they were ended from outside. They are few."""

_superseded = text("NOT is_current")

SUPERSEDED = Index(
    "ix_orders_superseded_customer_id", _at.customer_id, sqlite_where=_superseded, postgresql_where=_superseded
)
"""For an erasure, which has to find all orders of a customer."""

OPEN = Index(
    "ix_orders_open",
    _at.key,
    sqlite_where=_at.ended_at.is_(None),
    postgresql_where=_at.ended_at.is_(None),
)
"""For reconciliation, which goes through all orders that have not ended, one page after the other."""

PRODUCTS_AND_SYSTEMS = (
    _index(order_products, "product", "ended_at", "started_at", "order_key"),
    _index(order_products, "product", "started_at", "order_key"),
    _index(order_products, "product", "requested_completion", "order_key"),
    _index(order_systems, "system", "started_at", "order_key"),
)

WORK = tuple(
    _index(work_items, *columns)
    for columns in (
        ("kind", "due", "order_key", "step_number"),
        ("kind", "since", "order_key", "step_number"),
        ("queue", "due"),
        ("second_queue",),
        ("third_queue",),
        ("holder",),
        ("system", "error_code"),
        ("error_code",),
        ("customer_id",),
    )
)
