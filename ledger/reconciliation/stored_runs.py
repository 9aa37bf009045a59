"""What the ledger has of orders, as far as it is compared with their runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from ledger.schema.tables import feeders, orders
from workflows.contract.order_changes import ChangePosition
from workflows.contract.order_views import InterruptionKind

FEEDER_SILENCE = timedelta(seconds=60)
"""A worker that has not reported for so long does not write any more."""
VISIBILITY_LAG = timedelta(seconds=10)
"""What happened so shortly ago may not be in visibility, or in the ledger, yet."""


@dataclass(frozen=True)
class StoredRun:
    """A submission of an order, at the last run that the ledger knows of it."""

    key: int
    order_id: str
    submission: str
    run_id: str
    position: ChangePosition
    ended_at: datetime | None
    changed_at: datetime
    interrupted: InterruptionKind | None


_STORED: Select[Any] = select(
    orders.c.key,
    orders.c.order_id,
    orders.c.submission,
    orders.c.run_id,
    orders.c.run_started_at,
    orders.c.event_id,
    orders.c.position_at,
    orders.c.ended_at,
    orders.c.changed_at,
    orders.c.interrupted_kind,
)


def load_stored_runs(connection: Connection, order_ids: Collection[str]) -> dict[str, list[StoredRun]]:
    """Every submission of these orders."""
    found: dict[str, list[StoredRun]] = defaultdict(list)
    if order_ids:
        for row in connection.execute(_STORED.where(orders.c.order_id.in_(sorted(set(order_ids))))):
            found[row.order_id].append(_stored_run(row))
    return found


def load_open_runs(connection: Connection, after_key: int, changed_before: datetime, limit: int) -> Sequence[StoredRun]:
    """Orders that have not ended, as far as the ledger knows, by their keys."""
    query = _STORED.where(orders.c.ended_at.is_(None), orders.c.key > after_key, orders.c.changed_at < changed_before)
    return [_stored_run(row) for row in connection.execute(query.order_by(orders.c.key).limit(limit))]


def settled_before(connection: Connection, now: datetime) -> datetime:
    """What orders did before this moment is in the ledger, unless it was lost: no worker still has it to write."""
    query = select(feeders.c.oldest_unwritten_at).where(
        feeders.c.oldest_unwritten_at.is_not(None), feeders.c.reported_at > now - FEEDER_SILENCE
    )
    unwritten: list[datetime] = list(connection.execute(query).scalars())
    return min([now, *unwritten]) - VISIBILITY_LAG


def _stored_run(row: Row[Any]) -> StoredRun:
    return StoredRun(
        key=row.key,
        order_id=row.order_id,
        submission=row.submission,
        run_id=row.run_id,
        position=ChangePosition(row.run_started_at, row.event_id, row.position_at),
        ended_at=row.ended_at,
        changed_at=row.changed_at,
        interrupted=InterruptionKind(row.interrupted_kind) if row.interrupted_kind else None,
    )
