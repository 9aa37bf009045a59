"""What has changed in the ledger: small questions that are asked again and again, a few times a second."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, cast, func, select, text, type_coerce
from sqlalchemy.types import NullType

from ledger.reading.freshness import Freshness, read_freshness
from ledger.schema.tables import feeders, orders, state_counts, steps, work_items

CURRENT = text("orders.is_current")
NOTICED_WITHIN = timedelta(minutes=5)
"""The ledger learns so late that an order's run was ended from outside."""


@dataclass(frozen=True)
class WatchedOrder:
    """What an order's row says."""

    key: int
    order_id: str
    submission: str
    run_id: str
    event_id: int
    state: str
    jeopardy: str
    revision: int
    customer_id: str | None
    customer_name: str | None
    requested_completion: datetime | None
    forecast: datetime | None
    started_at: datetime
    ended_at: datetime | None
    changed_at: datetime
    fallout: int
    open_tasks: int
    step_count: int
    settled_steps: int


@dataclass(frozen=True)
class Pulse:
    written: Mapping[str, tuple[int, datetime | None]]
    """How much each worker has written. It stays the same while no worker writes. The reconciler does not count."""
    freshness: Freshness
    watched: Mapping[str, WatchedOrder]
    """By order id. Orders that the ledger does not have are missing."""


@dataclass(frozen=True)
class ChangedOrders:
    orders: Sequence[WatchedOrder]
    newest: int
    """The key of the newest order."""
    counts: Mapping[str, int]
    """State → current orders."""
    as_of: datetime
    """Every change until then is in the ledger, as far as its workers know."""


@dataclass(frozen=True)
class OpenWork:
    """A step that waits for a person."""

    kind: str
    order_id: str
    step: int
    queue: str | None
    holder: str | None
    due: datetime | None
    since: datetime | None
    system: str | None
    code: str | None
    jeopardy: str


_ORDER_COLUMNS = [orders.c[name] for name in WatchedOrder.__annotations__]


def read_pulse(connection: Connection, order_ids: Collection[str]) -> Pulse:
    query = select(feeders.c.worker, feeders.c.written_changes, feeders.c.committed_at)
    written = {row.worker: (row.written_changes, row.committed_at) for row in connection.execute(query)}
    watched: dict[str, WatchedOrder] = {}
    if order_ids:
        found = select(*_ORDER_COLUMNS).where(orders.c.order_id.in_(sorted(order_ids)), CURRENT)
        watched = {row.order_id: WatchedOrder(*row) for row in connection.execute(found)}
    return Pulse(written, read_freshness(connection), watched)


_SHOWN_OF_A_STEP: list[ColumnElement[Any]] = [
    *(
        type_coerce(steps.c[name], NullType())  # compared, never shown: no times are made of numbers
        for name in (
            "number", "state", "jeopardy", "holder", "queue", "escalated_to", "attempts", "waits_for", "due", "late_at",
            "next_attempt_at", "started_at", "ended_at", "error_code", "error_at",
        )
    ),
    cast(type_coerce(steps.c.undo, Text()), Text),
]  # fmt: skip


def read_step_versions(connection: Connection, order_key: int) -> dict[int, int]:
    """Step number → a number that is another one once the step shows something else. It is valid in this process."""
    query = select(*_SHOWN_OF_A_STEP).where(steps.c.order_key == order_key)
    return {row[0]: hash(tuple(row)) for row in connection.execute(query)}


def read_changed_orders(connection: Connection, since: datetime, limit: int) -> ChangedOrders:
    """Orders with changes made after `since`, at most `limit`. Reads the rows of all orders that have not ended."""
    key, at = select(orders.c.key), orders.c
    parts = (
        key.where(CURRENT, at.ended_at.is_(None), at.changed_at > since),
        key.where(CURRENT, at.ended_at > since),
        key.where(at.interrupted_kind.is_not(None), at.ended_at > since - NOTICED_WITHIN),
    )
    keys = {found for part in parts for found in connection.scalars(part.limit(limit))}
    query = select(*_ORDER_COLUMNS).where(at.key.in_(sorted(keys)[:limit]), CURRENT).order_by(at.key)
    return ChangedOrders(
        [WatchedOrder(*row) for row in connection.execute(query)],
        connection.execute(select(func.max(orders.c.key))).scalar_one() or 0,
        _read_counts(connection),
        read_freshness(connection).as_of,
    )


def _read_counts(connection: Connection) -> dict[str, int]:
    total = func.sum(state_counts.c.count)
    query = select(state_counts.c.state, total).group_by(state_counts.c.state).having(total > 0)
    return {state: int(count) for state, count in connection.execute(query)}


def read_open_work(connection: Connection, limit: int) -> list[OpenWork]:
    """At most `limit` steps of all orders."""
    at = work_items.c
    columns = (at.kind, at.order_id, at.step_number, at.queue, at.holder, at.due, at.since, at.system, at.error_code)
    return [OpenWork(*tuple(row)) for row in connection.execute(select(*columns, at.jeopardy).limit(limit))]


def count_open_work(connection: Connection) -> dict[tuple[str, str | None], int]:
    """(`task` or `fallout`, queue) → steps."""
    at = work_items.c
    query = select(at.kind, at.queue, func.count()).group_by(at.kind, at.queue)
    return {(kind, queue): count for kind, queue, count in connection.execute(query)}
