"""The row by which a worker says how far it has written: the ledger's freshness mark."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, delete, or_, update

from ledger.schema.tables import feeders, watermarks
from ledger.writing.statements import add, upsert

REPORT_INTERVAL = 5.0
"""Seconds between two reports of a feeder that has nothing to write."""
FORGET_INTERVAL = timedelta(minutes=1)
"""How often a feeder looks for rows of feeders that were killed: these leave their rows."""
FORGOTTEN_AFTER = timedelta(minutes=10)
"""Since the last report of a feeder that had written everything. One that is only cut off may have changes by now. It
adds its row anew, and reconciliation compares its orders meanwhile."""
UNWRITTEN_FORGOTTEN_AFTER = timedelta(days=1)
"""Since the last report of a feeder that still had changes to write."""
WITHDRAWN = "withdrawn_feeders"
"""The watermark of feeders that ended and deleted their rows. `at`: the latest of their last commits."""


def _moment(at: float | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)


@dataclass
class FeederRow:
    worker: str
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    committed_at: datetime | None = None
    written_changes: int = 0
    forgot_at: datetime | None = None
    """When it last looked for rows of feeders that were killed."""

    def report(
        self, connection: Connection, *, oldest_unwritten_at: float | None, unwritten_orders: int, dropped_orders: int
    ) -> None:
        now = datetime.now(UTC)
        if self.forgot_at is None or now - self.forgot_at >= FORGET_INTERVAL:
            self.forget_others(connection)
        row = {
            "worker": self.worker,
            "started_at": self.started_at,
            "reported_at": now,
            "committed_at": self.committed_at,
            "oldest_unwritten_at": _moment(oldest_unwritten_at),
            "unwritten_orders": unwritten_orders,
            "written_changes": self.written_changes,
            "dropped_orders": dropped_orders,
        }
        upsert(connection, feeders, [row])

    def forget_others(self, connection: Connection) -> None:
        self.forgot_at = now = datetime.now(UTC)
        reported_at, has_written_all = feeders.c.reported_at, feeders.c.oldest_unwritten_at.is_(None)
        is_settled = has_written_all & (reported_at < now - FORGOTTEN_AFTER)
        connection.execute(delete(feeders).where(or_(is_settled, reported_at < now - UNWRITTEN_FORGOTTEN_AFTER)))

    def withdraw(self, connection: Connection) -> None:
        connection.execute(delete(feeders).where(feeders.c.worker == self.worker))
        if self.committed_at is not None:
            add(connection, watermarks, [{"name": WITHDRAWN, "at": self.committed_at}])
            mark = update(watermarks).where(watermarks.c.name == WITHDRAWN, watermarks.c.at < self.committed_at)
            connection.execute(mark.values(at=self.committed_at))
