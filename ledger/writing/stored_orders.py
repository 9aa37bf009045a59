"""What the tables say of the orders that a batch changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, select

from ledger.database import is_sqlite
from ledger.schema.tables import orders
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
    revision: int
    priority: int
    customer_id: str | None
    started_at: datetime
    ended_at: datetime | None
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
    _columns.revision,
    _columns.priority,
    _columns.customer_id,
    _columns.started_at,
    _columns.ended_at,
    _columns.interrupted_kind,
).where(_columns.order_id.in_(bindparam("order_ids", expanding=True)))
_SELECT_FOR_UPDATE: Select[Any] = _SELECT.order_by(_columns.key).with_for_update()


def lock_orders(connection: Connection, order_ids: Collection[str]) -> dict[str, list[StoredOrder]]:
    """Every submission of these order ids. Until the transaction ends, no other changes them."""
    found: dict[str, list[StoredOrder]] = defaultdict(list)
    query = _SELECT if is_sqlite(connection) else _SELECT_FOR_UPDATE
    for row in connection.execute(query, {"order_ids": sorted(order_ids)}):
        found[row.order_id].append(_stored_order(row))
    return found


def _stored_order(row: Row[Any]) -> StoredOrder:
    key, order_id, submission, run_id, run_started_at, event_id, position_at, *rest = tuple(row)
    position = ChangePosition(run_started_at, event_id, position_at)
    return StoredOrder(key, order_id, submission, run_id, position, *rest)
