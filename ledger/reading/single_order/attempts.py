"""The attempts of an order's calls and activities, also those that Temporal repeated by itself."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, or_, select

from ledger.schema.tables import attempts, orders

MAX_ATTEMPTS = 5_000
"""Of one answer: the latest ones."""


@dataclass(frozen=True)
class StoredAttempt:
    step: str
    number: int
    """From 1, for each call that the step makes."""
    undo: bool
    """Whether it undid the step."""
    started_at: datetime
    ended_at: datetime
    system: str | None
    outcome: str
    """`succeeded` or `failed`."""
    code: str | None
    status: int | None
    """Of HTTP."""
    message: str | None
    next_attempt_at: datetime | None
    """When Temporal tries again by itself. None: it does not."""
    worker: str

    @property
    def seconds(self) -> float:
        return max((self.ended_at - self.started_at).total_seconds(), 0.0)


def read_attempts(
    connection: Connection, order_id: str, steps: Collection[str] | None = None, submission: str | None = None
) -> list[StoredAttempt]:
    """Of this submission, or of the latest; the oldest first, at most MAX_ATTEMPTS. `steps` are ids; None: of all
    steps."""
    query = _select_attempts(order_id, submission)
    if steps is not None:
        query = query.where(attempts.c.step_id.in_(sorted(steps)))
    latest = connection.execute(query.order_by(attempts.c.started_at.desc()).limit(MAX_ATTEMPTS)).all()
    return [
        StoredAttempt(
            row.step_id,
            row.number,
            row.effect == "undo",
            row.started_at,
            row.ended_at,
            row.system,
            row.outcome,
            row.code,
            row.status,
            row.message,
            row.next_attempt_at,
            row.worker,
        )
        for row in reversed(latest)
    ]


def _select_attempts(order_id: str, submission: str | None) -> Select[Any]:
    """An attempt does not name its submission: it belongs to the one that had started last when it began."""
    chosen = orders.c.is_current if submission is None else orders.c.submission == submission
    began = select(orders.c.started_at).where(orders.c.order_id == order_id, chosen).scalar_subquery()
    query = select(attempts).where(attempts.c.order_id == order_id, attempts.c.started_at >= began)
    if submission is None:
        return query
    later = orders.alias("later").c
    next_began = select(func.min(later.started_at)).where(later.order_id == order_id, later.started_at > began)
    end = next_began.scalar_subquery()
    return query.where(or_(end.is_(None), attempts.c.started_at < end))
