"""What remains known of an erasure: who asked for it, when and why, how much it erased, and what it still waits for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, insert, select, update

from ledger.schema.tables import erasures


class Obstacle(StrEnum):
    """Why data is still there."""

    RUNNING = "running"
    """The order has not ended."""
    HELD = "held"
    """The order is under legal hold."""
    OUTBOX = "outbox"
    """The order has ended, and its outbox still delivers its events."""
    MAILBOX = "mailbox"
    """A mailbox still keeps the order's events."""
    HISTORY = "history"
    """Temporal has not deleted the order's history yet."""
    ARCHIVE = "archive"
    """The archive file cannot be rewritten."""
    REMNANTS = "remnants"
    """The database could not be cleaned of deleted values."""
    INTERRUPTED = "interrupted"
    """The erasure itself was interrupted."""


@dataclass(frozen=True)
class RemainingData:
    obstacle: Obstacle
    order_id: str | None = None
    submissions: tuple[str, ...] = ()
    """The submissions of the order that are to be erased."""
    state: str | None = None
    until: datetime | None = None
    """When the order is expected to end: its forecast, else its requested completion."""
    detail: str | None = None


_REMAINING = TypeAdapter(tuple[RemainingData, ...])


@dataclass(frozen=True)
class Erasure:
    key: int
    customer_digest: str
    at: datetime
    by: str
    reason: str
    counts: Counter[str] = field(default_factory=Counter)
    """`orders` and `archived` orders without their data, and deleted `runs` of workflows."""
    remaining: tuple[RemainingData, ...] = ()
    completed_at: datetime | None = None


def create_erasure(connection: Connection, digest: str, at: datetime, by: str, reason: str) -> int:
    """Returns its key."""
    values = {"customer_digest": digest, "at": at, "by": by, "reason": reason, "counts": {}, "remaining": []}
    return int(connection.execute(insert(erasures).returning(erasures.c.key), values).scalar_one())


def find_pending(connection: Connection, digest: str) -> Erasure | None:
    """The customer's erasure that is not complete, if there is one."""
    query = select(erasures).where(erasures.c.customer_digest == digest, erasures.c.completed_at.is_(None))
    row = connection.execute(query.order_by(erasures.c.key.desc())).first()
    return _erasure(row) if row is not None else None


def read_erasures(connection: Connection, *, pending: bool = False) -> list[Erasure]:
    """The newest first. `pending`: only those that are not complete."""
    query = select(erasures).order_by(erasures.c.key.desc())
    if pending:
        query = query.where(erasures.c.completed_at.is_(None))
    return [_erasure(row) for row in connection.execute(query)]


def read_erasure(connection: Connection, key: int) -> Erasure:
    return _erasure(connection.execute(select(erasures).where(erasures.c.key == key)).one())


def save_progress(
    connection: Connection, key: int, counts: Counter[str], remaining: Iterable[RemainingData], now: datetime
) -> None:
    """`counts` are added to those of the record. Without anything that remains, the erasure is complete."""
    remaining = tuple(remaining)
    total = read_erasure(connection, key).counts + counts
    values = {
        "counts": dict(total),
        "remaining": _REMAINING.dump_python(remaining, mode="json"),
        "completed_at": None if remaining else now,
    }
    connection.execute(update(erasures).where(erasures.c.key == key).values(values))


def _erasure(row: Row[tuple[object, ...]]) -> Erasure:
    values = dict(row._mapping)
    values |= {"counts": Counter(values["counts"]), "remaining": _REMAINING.validate_python(values["remaining"])}
    return Erasure(**values)
