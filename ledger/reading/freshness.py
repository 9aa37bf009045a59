"""How far behind the ledger is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, select

from ledger.schema.tables import feeders

SILENCE = timedelta(seconds=12)
"""A worker that has not reported for so long does not write any more. One that has nothing to write reports every five
seconds."""


@dataclass(frozen=True)
class Freshness:
    as_of: datetime
    """Changes until then are in the ledger, as far as its workers know. It is their last report if none writes."""
    lag_seconds: float
    """How old `as_of` is."""
    is_fed: bool
    """Whether a worker writes to the ledger now."""


def read_freshness(connection: Connection, now: datetime | None = None) -> Freshness:
    now = now or datetime.now(UTC)
    rows = connection.execute(select(feeders)).all()
    live = [row for row in rows if now - row.reported_at < SILENCE]
    if not live:
        as_of = max((row.reported_at for row in rows), default=None)
        return Freshness(as_of or now, (now - as_of).total_seconds() if as_of else 0.0, is_fed=False)
    as_of = min((row.oldest_unwritten_at or now for row in live), default=now)
    return Freshness(as_of, max((now - as_of).total_seconds(), 0.0), is_fed=True)
