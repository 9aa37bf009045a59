"""Keeps one row for each step that waits for a person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

from sqlalchemy import Connection, select

from ledger.schema.tables import work_items
from ledger.schema.value_lists import IsOneOf
from ledger.writing.batch import RowBatch
from ledger.writing.memory import WorkItemKeys
from ledger.writing.order_rows import customer_text
from ledger.writing.order_updates import OrderUpdate
from ledger.writing.step_rows import work_item_row
from workflows.contract.states import ENDED_ORDER_STATES

_columns = work_items.c
_SELECT = select(_columns.order_key, _columns.step_number, _columns.kind).where(
    IsOneOf(_columns.order_key, "order_keys")
)


def load_work_items(connection: Connection, order_keys: Collection[int]) -> Mapping[int, WorkItemKeys]:
    """Those of each of the orders."""
    found: dict[int, set[tuple[int, str]]] = defaultdict(set)
    if order_keys:
        for order_key, number, kind in connection.execute(_SELECT, {"order_keys": order_keys}):
            found[order_key].add((number, kind))
    return {key: frozenset(found[key]) for key in order_keys}


def put_work_items(batch: RowBatch, update: OrderUpdate, known: WorkItemKeys) -> WorkItemKeys:
    """The items of the change's steps; those of other steps stay. `known`: what the table has, or more. Returns what it
    has then."""
    key, order = update.key, update.order
    customer_id = customer_text(order, "id")
    rows = [work_item_row(key, update.change.order_id, order, customer_id, step) for step in update.change.steps]
    wanted = [row for row in rows if row is not None]
    batch.put(work_items, wanted)
    open_items = {(row["step_number"], row["kind"]) for row in wanted}
    judged = {step.number for step in update.change.steps}
    closes_all = update.is_replacing or order.state in ENDED_ORDER_STATES
    closed = {item for item in known - open_items if closes_all or item[0] in judged}
    for number, kind in sorted(closed):
        batch.delete(work_items, {"order_key": key, "step_number": number, "kind": kind})
    stored = update.stored
    if known and stored is not None and (stored.customer_id, stored.priority) != (customer_id, order.priority):
        batch.update(
            work_items, ("order_key",), {"order_key": key, "customer_id": customer_id, "priority": order.priority}
        )
    return known - closed | open_items
