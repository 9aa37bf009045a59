"""The feed writes on its own, at its pace, and asks for what it lacks."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, insert, select

from activities.attempts.attempt_sink import AttemptRecord
from ledger.database import write_transaction
from ledger.feed import ledger_feed, write_pace
from ledger.feed.batch_writer import BatchWriter, Report, Written
from ledger.feed.change_buffer import Taken
from ledger.feed.ledger_feed import LedgerFeed
from ledger.schema.tables import attempts, erased_orders, feeders, gaps, orders
from ledger.writing.apply_changes import apply_changes
from tests.support.ledger.contents import clear, count, read_rows
from tests.support.ledger.running_feed import WORKER, count_rows, feeding, has_written, wait_until
from tests.support.ledger.simulated_orders import SimulatedOrder


def test_changes_and_attempts_are_written_at_once(ledger_database: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_feed, "REPORT_INTERVAL", 3_600.0)  # the feed does not look by itself
    order = SimulatedOrder("HS-1")
    now = datetime.now(UTC)
    with feeding(ledger_database) as feed:
        began = time.monotonic()
        feed.offer(order.complete())
        feed.offer(order.begin(1))
        feed.offer_attempt(AttemptRecord("HS-1", "a@1", "HS-1/a@1/undo/2/tok", 3, now, now, "shop", succeeded=True))
        wait_until(lambda: count_rows(ledger_database, attempts) and has_written(feed, 2)())
        assert time.monotonic() - began < 1
        with ledger_database.connect() as connection:
            found = connection.execute(select(attempts)).one()
            assert (found.effect, found.effect_number, found.token, found.worker) == ("undo", 2, "tok", WORKER)
            mark = connection.execute(select(feeders)).one()
        assert (mark.worker, mark.written_changes, mark.oldest_unwritten_at) == (WORKER, 2, None)
        assert mark.committed_at is not None
    rows = read_rows(ledger_database)
    assert len(rows.pop("attempts")) == 1
    clear(ledger_database)
    with write_transaction(ledger_database) as connection:
        apply_changes(connection, [order.complete()])
    expected = read_rows(ledger_database)
    assert expected.pop("attempts") == []
    assert rows == expected


def test_what_is_being_written_counts_as_unwritten(ledger_database: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    entered, goes_on = threading.Event(), threading.Event()
    write = BatchWriter.write

    def write_later(writer: BatchWriter, taken: Taken, report: Report) -> Written:
        entered.set()
        assert goes_on.wait(10)
        return write(writer, taken, report)

    monkeypatch.setattr(BatchWriter, "write", write_later)
    order = SimulatedOrder("HS-1")
    with feeding(ledger_database) as feed:
        feed.offer(order.complete())
        assert entered.wait(10)
        assert (feed.status().unwritten_orders, feed.status().written_changes) == (1, 0)
        feed.offer(order.begin(1))
        assert feed.status().unwritten_orders == 1
        goes_on.set()
        wait_until(has_written(feed, 2))


def _take_long_intervals(monkeypatch: pytest.MonkeyPatch) -> None:
    """An hour for each active order."""
    monkeypatch.setattr(write_pace, "INTERVAL_PER_ORDER", 3_600.0)
    monkeypatch.setattr(write_pace, "MAX_INTERVAL", 3_600.0)


def test_an_active_order_puts_off_the_next_transaction(
    ledger_database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    _take_long_intervals(monkeypatch)
    with feeding(ledger_database) as feed:
        feed.offer(SimulatedOrder("HS-1").complete())
        wait_until(has_written(feed, 1))
        feed.offer(SimulatedOrder("HS-2").complete())
        time.sleep(2 * write_pace.MIN_INTERVAL)
        assert (feed.status().unwritten_orders, count_rows(ledger_database, orders)) == (1, 1)
    assert count_rows(ledger_database, orders) == 2


def test_what_a_transaction_does_not_take_is_written_without_a_long_wait(
    ledger_database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_feed, "BATCH_ROWS", 30)
    _take_long_intervals(monkeypatch)
    feed = LedgerFeed(ledger_database, WORKER)
    for number in range(25):
        feed.offer(SimulatedOrder(f"HS-{number}").complete())
    feed.start()
    try:
        wait_until(has_written(feed, 25))
    finally:
        feed.close()
    assert count_rows(ledger_database, orders) == 25


def test_late_attempts_of_an_order_that_was_erased_meanwhile_are_not_written(ledger_database: Engine) -> None:
    now = datetime.now(UTC)
    with write_transaction(ledger_database) as connection:
        mark = {"order_id": "HS-1", "submission": "first-run", "erasure_key": 1, "at": now}
        connection.execute(insert(erased_orders), mark)
    with feeding(ledger_database) as feed:
        for order_id, began in (("HS-1", now - timedelta(minutes=1)), ("HS-1", now + timedelta(days=1)), ("HS-2", now)):
            key, ended = f"{order_id}/a@1/do/1/tok", began + timedelta(seconds=1)
            feed.offer_attempt(AttemptRecord(order_id, "a@1", key, 1, began, ended, "shop", succeeded=False))
    with ledger_database.connect() as connection:
        found = connection.execute(select(attempts.c.order_id, attempts.c.started_at)).all()
    assert sorted(found) == [("HS-1", now + timedelta(days=1)), ("HS-2", now)]


def test_a_feed_that_ends_writes_all_and_withdraws_its_mark(ledger_database: Engine) -> None:
    with feeding(ledger_database) as feed:
        for number in range(200):
            feed.offer(SimulatedOrder(f"HS-{number}").complete())
    with ledger_database.connect() as connection:
        assert count(connection, orders) == 200
        assert count(connection, feeders) == 0


def test_a_change_that_does_not_fit_what_is_stored_is_asked_for_as_a_whole(ledger_database: Engine) -> None:
    order = SimulatedOrder("HS-1")
    with feeding(ledger_database) as feed:
        order.begin(1)
        feed.offer(order.succeed(1))
        wait_until(lambda: feed.wants_complete("HS-1", "first-run"))
        with ledger_database.connect() as connection:
            assert connection.execute(select(gaps.c.reason)).scalars().all() == ["missed"]
        feed.offer(order.complete())
        assert not feed.wants_complete("HS-1", "first-run")
        wait_until(has_written(feed, 2))
    with ledger_database.connect() as connection:
        assert count(connection, gaps) == 0
