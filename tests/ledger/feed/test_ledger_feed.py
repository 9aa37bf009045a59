"""The feed writes on its own, waits for a database that is away, and loses nothing to rows that are refused."""

from __future__ import annotations

import random
import sqlite3
import string
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import URL, Connection, Engine, Table, delete, insert, select, text, update
from structlog.testing import capture_logs

from activities.attempts.attempt_sink import AttemptRecord
from ledger import database
from ledger.database import open_ledger, write_transaction
from ledger.feed import ledger_feed, write_pace
from ledger.feed.batch_writer import BatchWriter, Written
from ledger.feed.change_buffer import Taken
from ledger.feed.ledger_feed import LedgerFeed
from ledger.feed.pending_order import PendingOrder
from ledger.migrations.schema_version import NONE, OLDEST_WRITER, SchemaState, downgrade, read_schema_state, upgrade
from ledger.schema.tables import attempts, erased_orders, feeders, gaps, orders, watermarks
from ledger.writing.apply_changes import apply_changes
from ledger.writing.memory import WriterMemory
from tests.support.ledger.contents import clear, count, read_rows
from tests.support.ledger.databases import new_postgresql_ledger
from tests.support.ledger.simulated_orders import SimulatedOrder
from tests.support.servers.postgres import DURABLE, PostgresServer

WORKER = "7@worker-1"


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_feed, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr(ledger_feed, "LONGEST_PAUSE", 0.2)


@contextmanager
def _feeding(engine: Engine, **settings: int) -> Iterator[LedgerFeed]:
    feed = LedgerFeed(engine, WORKER, **settings)
    feed.start()
    try:
        yield feed
    finally:
        feed.close()


def _until(holds: Callable[[], object], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _count(engine: Engine, table: Table) -> int:
    with engine.connect() as connection:
        return count(connection, table)


def _written(feed: LedgerFeed, changes: int) -> Callable[[], bool]:
    return lambda: feed.status().written_changes == changes and feed.status().unwritten_orders == 0


def test_changes_and_attempts_are_written_at_once(ledger_database: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_feed, "REPORT_INTERVAL", 3_600.0)  # the feed does not look by itself
    order = SimulatedOrder("HS-1")
    now = datetime.now(UTC)
    with _feeding(ledger_database) as feed:
        began = time.monotonic()
        feed.offer(order.complete())
        feed.offer(order.begin(1))
        feed.offer_attempt(AttemptRecord("HS-1", "a@1", "HS-1/a@1/undo/2/tok", 3, now, now, "shop", succeeded=True))
        _until(lambda: _count(ledger_database, attempts) and _written(feed, 2)())
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


def _take_long_intervals(monkeypatch: pytest.MonkeyPatch) -> None:
    """An hour for each active order."""
    monkeypatch.setattr(write_pace, "INTERVAL_PER_ORDER", 3_600.0)
    monkeypatch.setattr(write_pace, "MAX_INTERVAL", 3_600.0)


def test_an_active_order_puts_off_the_next_transaction(
    ledger_database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    _take_long_intervals(monkeypatch)
    with _feeding(ledger_database) as feed:
        feed.offer(SimulatedOrder("HS-1").complete())
        _until(_written(feed, 1))
        feed.offer(SimulatedOrder("HS-2").complete())
        time.sleep(2 * write_pace.MIN_INTERVAL)
        assert (feed.status().unwritten_orders, _count(ledger_database, orders)) == (1, 1)
    assert _count(ledger_database, orders) == 2


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
        _until(_written(feed, 25))
    finally:
        feed.close()
    assert _count(ledger_database, orders) == 25


def test_late_attempts_of_an_order_that_was_erased_meanwhile_are_not_written(ledger_database: Engine) -> None:
    now = datetime.now(UTC)
    with write_transaction(ledger_database) as connection:
        mark = {"order_id": "HS-1", "submission": "first-run", "erasure_key": 1, "at": now}
        connection.execute(insert(erased_orders), mark)
    with _feeding(ledger_database) as feed:
        for order_id, began in (("HS-1", now - timedelta(minutes=1)), ("HS-1", now + timedelta(days=1)), ("HS-2", now)):
            key, ended = f"{order_id}/a@1/do/1/tok", began + timedelta(seconds=1)
            feed.offer_attempt(AttemptRecord(order_id, "a@1", key, 1, began, ended, "shop", succeeded=False))
    with ledger_database.connect() as connection:
        found = connection.execute(select(attempts.c.order_id, attempts.c.started_at)).all()
    assert sorted(found) == [("HS-1", now + timedelta(days=1)), ("HS-2", now)]


def test_a_feed_that_ends_writes_all_and_withdraws_its_mark(ledger_database: Engine) -> None:
    with _feeding(ledger_database) as feed:
        for number in range(200):
            feed.offer(SimulatedOrder(f"HS-{number}").complete())
    with ledger_database.connect() as connection:
        assert count(connection, orders) == 200
        assert count(connection, feeders) == 0


def test_a_change_that_does_not_fit_what_is_stored_is_asked_for_as_a_whole(ledger_database: Engine) -> None:
    order = SimulatedOrder("HS-1")
    with _feeding(ledger_database) as feed:
        order.begin(1)
        feed.offer(order.succeed(1))
        _until(lambda: feed.wants_complete("HS-1", "first-run"))
        with ledger_database.connect() as connection:
            assert connection.execute(select(gaps.c.reason)).scalars().all() == ["missed"]
        feed.offer(order.complete())
        assert not feed.wants_complete("HS-1", "first-run")
        _until(_written(feed, 2))
    with ledger_database.connect() as connection:
        assert count(connection, gaps) == 0


def test_an_order_that_the_database_refuses_holds_up_no_other(ledger_database: Engine) -> None:
    """No number of a step is that large."""
    poison = SimulatedOrder("HS-POISON", step_count=2)
    poison.steps[2] = replace(poison.steps[2], attempts=2**70)
    with capture_logs() as logs, _feeding(ledger_database) as feed:
        for number in range(20):
            feed.offer(SimulatedOrder(f"HS-{number}").complete())
            if number == 10:
                feed.offer(poison.complete())
        _until(_written(feed, 21))
        assert not feed.wants_complete("HS-POISON", "first-run")
    with ledger_database.connect() as connection:
        assert count(connection, orders) == 20
        gap = connection.execute(select(gaps)).one()
    assert (gap.order_id, gap.reason) == ("HS-POISON", "refused")
    assert gap.error
    errors = [line for line in logs if line["log_level"] == "error"]
    assert [line["order_id"] for line in errors] == ["HS-POISON"]
    assert "Elm Street" not in str(errors)


def test_text_that_a_database_refuses_is_repaired(ledger_database: Engine) -> None:
    order = SimulatedOrder("HS-1", customer={"id": "C-1", "name": "half \ud83d and \0"})
    with _feeding(ledger_database) as feed:
        feed.offer(order.complete())
        feed.offer(SimulatedOrder("HS-2").complete())
        _until(_written(feed, 2))
    with ledger_database.connect() as connection:
        assert count(connection, orders) == 2
        assert count(connection, gaps) == 0


def test_an_id_that_no_index_takes_is_cut(ledger_database: Engine) -> None:
    random_id = "".join(random.Random(1).choices(string.ascii_letters, k=9_000))
    order = SimulatedOrder("HS-1", customer={"id": random_id, "name": "x"})
    with _feeding(ledger_database) as feed:
        feed.offer(order.complete())
        _until(_written(feed, 1))
    with ledger_database.connect() as connection:
        stored = connection.execute(select(orders.c.customer_id)).scalar_one()
        assert stored is not None
        assert random_id.startswith(stored)
        assert count(connection, gaps) == 0


def test_a_server_that_is_killed_costs_no_change() -> None:
    server = PostgresServer(**DURABLE)
    server.start()
    try:
        server.execute("CREATE DATABASE ledger")
        engine = open_ledger(server.url("ledger"))
        upgrade(engine)
        several = [SimulatedOrder(f"HS-{number}") for number in range(10)]
        with capture_logs() as logs, _feeding(engine) as feed:
            for order in several:
                feed.offer(order.complete())
            for _ in range(2):
                server.kill()
                for order in several:
                    feed.offer(order.begin(1))
                    feed.offer(order.succeed(1))
                _until(lambda: feed.status().trouble)
                assert feed.status().unwritten_orders == 10
                server.start()
                _until(lambda: not feed.status().unwritten_orders and not feed.status().trouble)
        rows = read_rows(engine)
        clear(engine)
        with write_transaction(engine) as connection:
            apply_changes(connection, [order.complete() for order in several])
        assert read_rows(engine) == rows
        warnings = [line for line in logs if line["log_level"] == "warning"]
        assert len(warnings) == 2
        engine.dispose()
    finally:
        server.close()


@pytest.fixture
def file_url(tmp_path: Path) -> URL:
    return URL.create("sqlite", database=str(tmp_path / "ledger.sqlite"))


def test_a_file_is_made_with_its_schema(file_url: URL) -> None:
    engine = open_ledger(file_url, create=True)
    with _feeding(engine) as feed:
        feed.offer(SimulatedOrder("HS-1").complete())
        _until(_written(feed, 1))
    assert (Path(str(file_url.database)).stat().st_mode & 0o777) == 0o600


def test_a_file_that_another_program_has_locked_costs_no_change(file_url: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(database._SQLITE_SETTINGS, "busy_timeout", 100)
    engine = open_ledger(file_url, create=True)
    with _feeding(engine) as feed:
        feed.offer(SimulatedOrder("HS-1").complete())
        _until(_written(feed, 1))
        other = sqlite3.connect(str(file_url.database), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        feed.offer(SimulatedOrder("HS-2").complete())
        _until(lambda: feed.status().trouble)
        assert "database is locked" in str(feed.status().trouble)
        other.execute("ROLLBACK")
        _until(_written(feed, 2))


def test_a_full_disk_costs_no_change(file_url: URL) -> None:
    """A limit of the file's pages is what a full disk is to SQLite."""
    engine = open_ledger(file_url, create=True)
    upgrade(engine)
    with engine.connect() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
        connection.execute(text(f"PRAGMA max_page_count = {pages + 2}"))
    orders_ = [SimulatedOrder(f"HS-{number}") for number in range(30)]
    with _feeding(engine) as feed:
        for order in orders_:
            feed.offer(order.complete())
        _until(lambda: feed.status().trouble)
        assert "full" in str(feed.status().trouble)
        engine.dispose()
        _until(_written(feed, 30))


def test_a_read_only_database_costs_no_change(postgres_server: PostgresServer) -> None:
    """As an administrator or a failover makes it."""
    with new_postgresql_ledger(postgres_server) as url:
        _feed_read_only(postgres_server, open_ledger(url))


def _feed_read_only(postgres_server: PostgresServer, ledger_database: Engine) -> None:
    name = ledger_database.url.database
    postgres_server.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    with _feeding(ledger_database) as feed:
        feed.offer(SimulatedOrder("HS-1").complete())
        _until(lambda: feed.status().trouble)
        assert "read-only" in str(feed.status().trouble)
        postgres_server.execute(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')
        ledger_database.dispose()
        _until(_written(feed, 1))


def test_a_server_without_the_schema_is_fed_once_it_is_migrated(postgres_server: PostgresServer) -> None:
    with new_postgresql_ledger(postgres_server) as url:
        engine = open_ledger(url)
        downgrade(engine, NONE)
        with capture_logs() as logs, _feeding(engine) as feed:
            feed.offer(SimulatedOrder("HS-1").complete())
            _until(lambda: feed.status().trouble)
            assert "must be migrated" in str(feed.status().trouble)
            upgrade(engine)
            _until(_written(feed, 1))
        assert [line["event"] for line in logs] == [
            "changes of orders wait for the ledger",
            "the ledger can be written again",
        ]
        engine.dispose()


def test_a_feed_that_writes_stops_when_a_newer_release_shuts_it_out(
    ledger_database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_feed, "SCHEMA_INTERVAL", 0.05)
    monkeypatch.setattr(ledger_feed, "REPORT_INTERVAL", 0.1)
    order = SimulatedOrder("HS-1")
    with _feeding(ledger_database) as feed:
        feed.offer(order.complete())
        _until(_written(feed, 1))
        with write_transaction(ledger_database) as connection:
            connection.execute(insert(watermarks).values(name=OLDEST_WRITER, value="0999"))
        _until(lambda: "the worker must be updated" in str(feed.status().trouble))
        feed.offer(order.begin(1))
        assert not _written(feed, 2)()
        with write_transaction(ledger_database) as connection:
            connection.execute(delete(watermarks).where(watermarks.c.name == OLDEST_WRITER))
        _until(_written(feed, 2))


def test_an_error_that_nobody_expects_does_not_end_the_feed(file_url: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    engine, name = open_ledger(file_url, create=True), "Elm Street 14"

    def fail(_: Engine) -> SchemaState:
        raise ValueError(name)

    monkeypatch.setattr(ledger_feed, "read_schema_state", fail)
    with capture_logs() as logs, _feeding(engine) as feed:
        feed.offer(SimulatedOrder("HS-1").complete())
        _until(lambda: feed.status().trouble)
        assert "ValueError" in str(feed.status().trouble)
        monkeypatch.setattr(ledger_feed, "read_schema_state", read_schema_state)
        _until(_written(feed, 1))
    assert [line["log_level"] for line in logs] == ["error", "warning", "info"]
    assert name not in str(logs)
    engine.dispose()


def test_a_wrong_password_is_named_without_it(postgres_server: PostgresServer) -> None:
    url = postgres_server.url("nowhere").set(username="nobody", password="s3cr3t-password")
    with capture_logs() as logs, _feeding(open_ledger(url)) as feed:
        _until(lambda: feed.status().trouble)
    assert logs
    assert "s3cr3t-password" not in str(logs)


def test_an_order_that_has_changed_elsewhere_meanwhile_is_not_written_back(ledger_database: Engine) -> None:
    order = SimulatedOrder("HS-1")
    early = order.complete()
    for number in (1, 2):
        order.begin(number)
        order.succeed(number)
    with write_transaction(ledger_database) as connection:
        apply_changes(connection, [order.complete()])
    rows = read_rows(ledger_database)
    with _feeding(ledger_database) as feed:
        feed.offer(replace(early, order=replace(early.order, priority=5)))
        _until(_written(feed, 1))
    assert read_rows(ledger_database) == rows


def test_work_of_a_moment_ago_counts_as_old_as_it_is(file_url: URL) -> None:
    engine = open_ledger(file_url, create=True)
    feed = LedgerFeed(engine, WORKER)
    feed.offer(SimulatedOrder("HS-1").complete())
    oldest = feed._buffer.oldest_unwritten_at()
    assert oldest is not None
    assert timedelta() <= datetime.now(UTC) - datetime.fromtimestamp(oldest, UTC) < timedelta(seconds=5)


def test_a_deadlock_does_not_count_as_a_database_that_is_away(postgres_server: PostgresServer) -> None:
    first, second = SimulatedOrder("HS-1"), SimulatedOrder("HS-2")

    def write(connection: Connection, order: SimulatedOrder) -> None:
        connection.execute(update(orders).where(orders.c.order_id == order.order_id).values(priority=1))

    with new_postgresql_ledger(postgres_server) as url:
        engine = open_ledger(url.update_query_dict({"options": "-c deadlock_timeout=3s"}))
        with write_transaction(engine) as connection:
            apply_changes(connection, [first.complete(), second.complete()])
        writer = BatchWriter(engine, WORKER, WriterMemory())
        taken = Taken(orders=[PendingOrder.of(order.begin(1), time.time()) for order in (first, second)])
        with ThreadPoolExecutor(1) as pool:
            with engine.begin() as other:
                other.execute(text("SET LOCAL deadlock_timeout = '60s'"))  # the writer looks first, and is given up
                write(other, second)
                written = pool.submit(writer.write, taken, lambda _: None)
                _until(lambda: _waits_for_a_lock(engine))
                write(other, first)
            assert written.result(timeout=10) == Written()
        with engine.connect() as connection:
            assert set(connection.execute(select(orders.c.event_id)).scalars()) == {first.position.event_id}
        engine.dispose()


def _waits_for_a_lock(engine: Engine) -> bool:
    with engine.connect() as connection:
        return bool(connection.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar_one())
