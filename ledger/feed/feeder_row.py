"""The row by which a worker says how far it has written: the ledger's freshness mark."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, delete

from ledger.schema.tables import feeders
from ledger.writing.statements import upsert

REPORT_INTERVAL = 5.0
"""Seconds between two reports of a feeder that has nothing to write."""
FORGOTTEN_AFTER = timedelta(days=1)
"""A feeder that was killed leaves its row."""


def _moment(at: float | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)


@dataclass
class FeederRow:
    worker: str
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    committed_at: datetime | None = None
    written_changes: int = 0

    def report(
        self, connection: Connection, *, oldest_unwritten_at: float | None, unwritten_orders: int, dropped_orders: int
    ) -> None:
        row = {
            "worker": self.worker,
            "started_at": self.started_at,
            "reported_at": datetime.now(UTC),
            "committed_at": self.committed_at,
            "oldest_unwritten_at": _moment(oldest_unwritten_at),
            "unwritten_orders": unwritten_orders,
            "written_changes": self.written_changes,
            "dropped_orders": dropped_orders,
        }
        upsert(connection, feeders, [row])

    def forget_others(self, connection: Connection) -> None:
        connection.execute(delete(feeders).where(feeders.c.reported_at < datetime.now(UTC) - FORGOTTEN_AFTER))

    def withdraw(self, connection: Connection) -> None:
        connection.execute(delete(feeders).where(feeders.c.worker == self.worker))
