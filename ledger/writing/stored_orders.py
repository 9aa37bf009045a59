"""What the tables say of the orders that a batch changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from ledger.database import is_sqlite
from ledger.schema.tables import orders
from ledger.schema.value_lists import IsOneOf
from workflows.contract.order_changes import ChangePosition


@dataclass(slots=True)
class StoredOrder:
    key: int
    order_id: str
    submission: str
    run_id: str
    position: ChangePosition
    is_current: bool
    state: str
    jeopardy: str
    revision: int
    priority: int
    customer_id: str | None
    catalogue_version_key: int | None
    requested_completion: datetime | None
    started_at: datetime
    ended_at: datetime | None
    fallout: int
    open_tasks: int
    interrupted_kind: str | None


_columns = orders.c
_SELECT = select(
    _columns.key,
    _columns.order_id,
    _columns.submission,
    _columns.run_id,
    _columns.run_started_at,
    _columns.event_id,
    _columns.position_at,
    _columns.is_current,
    _columns.state,
    _columns.jeopardy,
    _columns.revision,
    _columns.priority,
    _columns.customer_id,
    _columns.catalogue_version_key,
    _columns.requested_completion,
    _columns.started_at,
    _columns.ended_at,
    _columns.fallout,
    _columns.open_tasks,
    _columns.interrupted_kind,
).where(IsOneOf(_columns.order_id, "order_ids"))
_SELECT_FOR_UPDATE: Select[Any] = _SELECT.order_by(_columns.key).with_for_update()


INDEXED = (
    "state", "jeopardy", "customer_id", "catalogue_version_key", "requested_completion", "started_at", "ended_at",
    "fallout", "open_tasks", "interrupted_kind",
)  # fmt: skip
"""Columns of `orders` that indexes have, and that a change may change."""
UNCHANGING = ("order_id", "submission")


def changed_columns(row: Mapping[str, Any], stored: StoredOrder) -> dict[str, Any]:
    """What an update of the order must set. SQLite renews the entries of every index of which a column is set, also if
    its value is the same."""
    return {
        name: value
        for name, value in row.items()
        if name not in UNCHANGING and (name not in INDEXED or value != getattr(stored, name))
    }


def lock_orders(connection: Connection, order_ids: Collection[str]) -> dict[str, list[StoredOrder]]:
    """Every submission of these order ids. Until the transaction ends, no other changes them."""
    found: dict[str, list[StoredOrder]] = defaultdict(list)
    query = _SELECT if is_sqlite(connection) else _SELECT_FOR_UPDATE
    for row in connection.execute(query, {"order_ids": order_ids}):
        found[row.order_id].append(_stored_order(row))
    return found


_SELECT_KEYS = select(_columns.order_id, _columns.submission, _columns.key).where(
    IsOneOf(_columns.order_id, "order_ids")
)


def load_order_keys(connection: Connection, order_ids: Collection[str]) -> dict[tuple[str, str], int]:
    """(order id, submission) → key."""
    if not order_ids:
        return {}
    found = connection.execute(_SELECT_KEYS, {"order_ids": order_ids})
    return {(row.order_id, row.submission): row.key for row in found}


def _stored_order(row: Row[Any]) -> StoredOrder:
    key, order_id, submission, run_id, run_started_at, event_id, position_at, *rest = tuple(row)
    position = ChangePosition(run_started_at, event_id, position_at)
    return StoredOrder(key, order_id, submission, run_id, position, *rest)
