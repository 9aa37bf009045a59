"""How far behind the ledger is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, select

from ledger.feed.feeder_row import WITHDRAWN
from ledger.schema.tables import feeders, watermarks

SILENCE = timedelta(seconds=12)
"""A worker that has not reported for so long does not write any more. One that has nothing to write reports every five
seconds."""


@dataclass(frozen=True)
class Freshness:
    as_of: datetime
    """Changes until then are in the ledger, as far as its workers know. If none writes, it is the last report of any
    worker, also of one that has ended."""
    lag_seconds: float
    """How old `as_of` is."""
    is_fed: bool
    """Whether a worker writes to the ledger now."""


_LAST_WITHDRAWAL = select(watermarks.c.at).where(watermarks.c.name == WITHDRAWN)


def read_freshness(connection: Connection, now: datetime | None = None) -> Freshness:
    now = now or datetime.now(UTC)
    rows = connection.execute(select(feeders)).all()
    live = [row for row in rows if now - row.reported_at < SILENCE]
    if not live:
        reports = [row.reported_at for row in rows]
        as_of = max([*reports, *connection.scalars(_LAST_WITHDRAWAL)], default=None)
        return Freshness(as_of or now, (now - as_of).total_seconds() if as_of else 0.0, is_fed=False)
    as_of = min((row.oldest_unwritten_at or now for row in live), default=now)
    return Freshness(as_of, max((now - as_of).total_seconds(), 0.0), is_fed=True)
