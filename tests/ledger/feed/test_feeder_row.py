"""What the rows of workers say once some of them have been killed, are cut off or have ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, insert, select

from ledger.database import write_transaction
from ledger.feed.feeder_row import FORGET_INTERVAL, FORGOTTEN_AFTER, UNWRITTEN_FORGOTTEN_AFTER, FeederRow
from ledger.reading.freshness import Freshness, read_freshness
from ledger.schema.tables import feeders
from tests.support.ledger.running_feed import WORKER, count_rows, feeding, wait_until


def leave_row(engine: Engine, worker: str, reported_at: datetime, oldest_unwritten_at: datetime | None = None) -> None:
    """As a worker does that is killed or cut off."""
    times = {"started_at": reported_at, "reported_at": reported_at, "oldest_unwritten_at": oldest_unwritten_at}
    with write_transaction(engine) as connection:
        row = {"worker": worker, **times, "unwritten_orders": 0, "written_changes": 0, "dropped_orders": 0}
        connection.execute(insert(feeders), row)


def report(engine: Engine, row: FeederRow, oldest_unwritten_at: float | None = None) -> None:
    with write_transaction(engine) as connection:
        row.report(connection, oldest_unwritten_at=oldest_unwritten_at, unwritten_orders=0, dropped_orders=0)


def withdraw(engine: Engine, row: FeederRow) -> None:
    with write_transaction(engine) as connection:
        row.withdraw(connection)


def workers(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return set(connection.scalars(select(feeders.c.worker)))


def freshness(engine: Engine, now: datetime) -> Freshness:
    with engine.connect() as connection:
        return read_freshness(connection, now)


def test_the_last_commit_of_a_worker_that_has_ended_counts_beside_one_that_was_killed(ledger_database: Engine) -> None:
    now = datetime.now(UTC)
    leave_row(ledger_database, "killed", now - timedelta(seconds=90))
    row = FeederRow("ended", committed_at=now - timedelta(seconds=30))
    report(ledger_database, row)
    withdraw(ledger_database, row)
    assert workers(ledger_database) == {"killed"}
    assert freshness(ledger_database, now) == Freshness(now - timedelta(seconds=30), 30.0, is_fed=False)


def test_the_latest_commit_of_all_workers_that_have_ended_counts(ledger_database: Engine) -> None:
    now = datetime.now(UTC)
    for seconds in (60, 30, 45):
        withdraw(ledger_database, FeederRow(f"w{seconds}", committed_at=now - timedelta(seconds=seconds)))
    assert freshness(ledger_database, now).as_of == now - timedelta(seconds=30)
    leave_row(ledger_database, "killed", now - timedelta(seconds=20))
    assert freshness(ledger_database, now).as_of == now - timedelta(seconds=20)


def test_a_feed_that_ends_leaves_the_time_of_its_last_commit(ledger_database: Engine) -> None:
    now = datetime.now(UTC)
    with feeding(ledger_database):
        wait_until(lambda: count_rows(ledger_database, feeders))
    later = datetime.now(UTC) + timedelta(hours=1)
    found = freshness(ledger_database, later)
    assert now <= found.as_of < later - timedelta(minutes=59)
    assert not found.is_fed


def test_a_killed_worker_that_had_written_all_is_soon_forgotten(ledger_database: Engine) -> None:
    now = datetime.now(UTC)
    row = FeederRow(WORKER)
    report(ledger_database, row)
    old = datetime.now(UTC) - FORGOTTEN_AFTER - timedelta(seconds=1)
    leave_row(ledger_database, "killed", old)
    leave_row(ledger_database, "cut off with orders to write", old, old)
    leave_row(ledger_database, "silent for a short time", now - FORGOTTEN_AFTER + timedelta(minutes=1))
    report(ledger_database, row)
    assert "killed" in workers(ledger_database)  # it looks only now and then
    row.forgot_at = datetime.now(UTC) - FORGET_INTERVAL
    report(ledger_database, row)
    assert workers(ledger_database) == {WORKER, "cut off with orders to write", "silent for a short time"}


def test_a_killed_worker_that_had_orders_to_write_is_forgotten_after_a_day(ledger_database: Engine) -> None:
    old = datetime.now(UTC) - UNWRITTEN_FORGOTTEN_AFTER - timedelta(seconds=1)
    leave_row(ledger_database, "killed", old, old)
    report(ledger_database, FeederRow(WORKER))
    assert workers(ledger_database) == {WORKER}


def test_a_worker_that_was_forgotten_while_it_was_cut_off_counts_again(ledger_database: Engine) -> None:
    now = datetime.now(UTC)
    cut_off = FeederRow("cut off")
    leave_row(ledger_database, "cut off", now - FORGOTTEN_AFTER - timedelta(minutes=1))
    report(ledger_database, FeederRow(WORKER))
    assert workers(ledger_database) == {WORKER}
    oldest = now - timedelta(minutes=3)
    report(ledger_database, cut_off, oldest.timestamp())
    found = freshness(ledger_database, datetime.now(UTC))
    assert found.is_fed
    assert abs(found.as_of - oldest) < timedelta(milliseconds=1)
