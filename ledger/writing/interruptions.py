"""Marks orders whose run was ended from outside."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select, update

from ledger.schema.tables import order_documents, order_products, orders, work_items
from ledger.stored_text import storable
from ledger.writing.state_counts import add_to_state_counts
from workflows.contract.order_views import Interruption
from workflows.contract.states import OrderState

SLOT = 1
"""Of `state_counts`. Reconciliation writes changes before, in the same transaction and slot 0: with another slot, all
transactions lock the counters in the same order, and cannot deadlock."""


def mark_interrupted(connection: Connection, order_id: str, submission: str, interruption: Interruption) -> bool:
    """The order counts as failed from then on, and nobody can work on it. A later run of it takes the mark away.
    Returns whether the mark is new."""
    query = select(orders.c.key, orders.c.state, orders.c.is_current, orders.c.interrupted_kind)
    query = query.where(orders.c.order_id == order_id, orders.c.submission == submission).with_for_update()
    found = connection.execute(query).one_or_none()
    if found is None or found.interrupted_kind == interruption.kind:
        return False
    ended = {"ended_at": interruption.at, "state": OrderState.FAILED.value}
    connection.execute(
        update(orders).where(orders.c.key == found.key).values(**ended, interrupted_kind=interruption.kind.value)
    )
    connection.execute(
        update(order_documents)
        .where(order_documents.c.order_key == found.key)
        .values(
            interrupted_at=interruption.at,
            interrupted_by=storable(interruption.by),
            interrupted_reason=storable(interruption.reason) or None,
        )
    )
    connection.execute(delete(work_items).where(work_items.c.order_key == found.key))
    if found.is_current:
        connection.execute(
            update(order_products).where(order_products.c.order_key == found.key).values(ended_at=interruption.at)
        )
        if found.state != OrderState.FAILED:
            add_to_state_counts(connection, {found.state: -1, OrderState.FAILED.value: 1}, SLOT)
    return True
