"""The indexes of lists: each pair of filter and sort that docs/ledger.md lists has one that filters and sorts.

Lists show current orders only, so the indexes have no others. Their columns rarely change: what every change of an
order rewrites has no index.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, Table, and_, text

from ledger.schema.orders import order_products, order_systems, order_words, orders
from ledger.schema.plans import work_items


def _current_orders(*columns: Column[object]) -> Index:
    names = "_".join(column.name for column in columns)
    return Index(
        f"ix_orders_{names}",
        *columns,
        orders.c.key,
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

FILTERS_WITH_SORTS = tuple(
    _current_orders(column, *sort)
    for column in (_at.state, _at.customer_id, _at.catalogue_version_key)
    for sort in ((_at.ended_at, _at.started_at), (_at.started_at,), (_at.requested_completion,))
)

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

WORDS_OF_AN_ORDER = _index(order_words, "order_key", "word")

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
