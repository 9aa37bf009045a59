"""Orders that are known to be incomplete in the ledger, and when they are tried again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, or_, select

from ledger.schema.tables import gaps
from ledger.writing.statements import insert_into

UNANSWERED = "unanswered"
REFUSED = "refused"
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)


class Gap(NamedTuple):
    order_id: str
    submission: str
    """Empty if it is not known."""
    tries: int


def load_due_gaps(connection: Connection, now: datetime, older_than: datetime, limit: int) -> Sequence[Gap]:
    """Those that may be tried now, oldest first. A younger gap may still be closed by the order's next change."""
    due = or_(gaps.c.next_try_at.is_(None), gaps.c.next_try_at <= now)
    query = select(gaps.c.order_id, gaps.c.submission, gaps.c.tries).where(due, gaps.c.since <= older_than)
    return [Gap(*row) for row in connection.execute(query.order_by(gaps.c.since, gaps.c.order_id).limit(limit))]


def note_failed_try(
    connection: Connection, order_id: str, submission: str, reason: str, error: str, now: datetime, tries: int = 0
) -> None:
    """The order is tried again after a pause, which doubles each time. `tries`: those before."""
    pause = min(FIRST_PAUSE * 2 ** min(tries, 10), LONGEST_PAUSE)
    row = {
        "order_id": order_id,
        "submission": submission,
        "reason": reason,
        "since": now,
        "tries": tries + 1,
        "next_try_at": now + pause,
        "error": error,
    }
    later = {name: row[name] for name in ("tries", "next_try_at", "error")}
    statement = insert_into(gaps, connection.dialect.name)
    connection.execute(statement.on_conflict_do_update(index_elements=["order_id", "submission"], set_=later), row)


def close_gap(connection: Connection, order_id: str, submission: str) -> None:
    connection.execute(delete(gaps).where(gaps.c.order_id == order_id, gaps.c.submission == submission))


def count_gaps(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(gaps)).scalar_one()
