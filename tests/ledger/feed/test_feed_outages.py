"""The feed waits for a database that is away, or not ready, and loses nothing."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, delete, insert, text
from structlog.testing import capture_logs

from ledger import database
from ledger.database import open_ledger, write_transaction
from ledger.feed import ledger_feed
from ledger.migrations.schema_version import NONE, OLDEST_WRITER, SchemaState, downgrade, read_schema_state, upgrade
from ledger.schema.tables import orders, watermarks
from ledger.writing.apply_changes import apply_changes
from tests.support.ledger.contents import clear, read_rows
from tests.support.ledger.databases import new_postgresql_ledger
from tests.support.ledger.running_feed import count_rows, feeding, has_written, wait_until
from tests.support.ledger.simulated_orders import SimulatedOrder
from tests.support.servers.postgres import DURABLE, PostgresServer


def test_a_server_that_is_killed_costs_no_change() -> None:
    server = PostgresServer(**DURABLE)
    server.start()
    try:
        server.execute("CREATE DATABASE ledger")
        engine = open_ledger(server.url("ledger"))
        upgrade(engine)
        several = [SimulatedOrder(f"HS-{number}") for number in range(10)]
        with capture_logs() as logs, feeding(engine) as feed:
            for order in several:
                feed.offer(order.complete())
            for _ in range(2):
                server.kill()
                for order in several:
                    feed.offer(order.begin(1))
                    feed.offer(order.succeed(1))
                wait_until(lambda: feed.status().trouble)
                assert feed.status().unwritten_orders == 10
                server.start()
                wait_until(lambda: not feed.status().unwritten_orders and not feed.status().trouble)
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
    with feeding(engine) as feed:
        feed.offer(SimulatedOrder("HS-1").complete())
        wait_until(has_written(feed, 1))
    assert (Path(str(file_url.database)).stat().st_mode & 0o777) == 0o600


def test_a_file_that_another_program_has_locked_costs_no_change(file_url: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(database._SQLITE_SETTINGS, "busy_timeout", 100)
    engine = open_ledger(file_url, create=True)
    with feeding(engine) as feed:
        feed.offer(SimulatedOrder("HS-1").complete())
        wait_until(has_written(feed, 1))
        other = sqlite3.connect(str(file_url.database), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        feed.offer(SimulatedOrder("HS-2").complete())
        wait_until(lambda: feed.status().trouble)
        assert "database is locked" in str(feed.status().trouble)
        other.execute("ROLLBACK")
        wait_until(has_written(feed, 2))


def test_a_full_disk_costs_no_change(file_url: URL) -> None:
    """A limit of the file's pages is what a full disk is to SQLite."""
    engine = open_ledger(file_url, create=True)
    upgrade(engine)
    with engine.connect() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
        connection.execute(text(f"PRAGMA max_page_count = {pages + 2}"))
    orders_ = [SimulatedOrder(f"HS-{number}") for number in range(30)]
    with feeding(engine) as feed:
        for order in orders_:
            feed.offer(order.complete())
        wait_until(lambda: feed.status().trouble)
        assert "full" in str(feed.status().trouble)
        engine.dispose()
        wait_until(has_written(feed, 30))


def test_a_read_only_database_costs_no_change(postgres_server: PostgresServer) -> None:
    """As an administrator or a failover makes it."""
    with new_postgresql_ledger(postgres_server) as url:
        engine = open_ledger(url)
        postgres_server.execute(f'ALTER DATABASE "{url.database}" SET default_transaction_read_only = on')
        with feeding(engine) as feed:
            feed.offer(SimulatedOrder("HS-1").complete())
            wait_until(lambda: feed.status().trouble)
            assert "read-only" in str(feed.status().trouble)
            postgres_server.execute(f'ALTER DATABASE "{url.database}" RESET default_transaction_read_only')
            engine.dispose()
            wait_until(has_written(feed, 1))
        assert count_rows(engine, orders) == 1
        engine.dispose()


def test_a_server_without_the_schema_is_fed_once_it_is_migrated(postgres_server: PostgresServer) -> None:
    with new_postgresql_ledger(postgres_server) as url:
        engine = open_ledger(url)
        downgrade(engine, NONE)
        with capture_logs() as logs, feeding(engine) as feed:
            feed.offer(SimulatedOrder("HS-1").complete())
            wait_until(lambda: feed.status().trouble)
            assert "must be migrated" in str(feed.status().trouble)
            upgrade(engine)
            wait_until(has_written(feed, 1))
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
    with feeding(ledger_database) as feed:
        feed.offer(order.complete())
        wait_until(has_written(feed, 1))
        with write_transaction(ledger_database) as connection:
            connection.execute(insert(watermarks).values(name=OLDEST_WRITER, value="0999"))
        wait_until(lambda: "the worker must be updated" in str(feed.status().trouble))
        feed.offer(order.begin(1))
        assert not has_written(feed, 2)()
        with write_transaction(ledger_database) as connection:
            connection.execute(delete(watermarks).where(watermarks.c.name == OLDEST_WRITER))
        wait_until(has_written(feed, 2))


def test_an_error_that_nobody_expects_does_not_end_the_feed(file_url: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    engine, name = open_ledger(file_url, create=True), "Elm Street 14"

    def fail(_: Engine) -> SchemaState:
        raise ValueError(name)

    monkeypatch.setattr(ledger_feed, "read_schema_state", fail)
    with capture_logs() as logs, feeding(engine) as feed:
        feed.offer(SimulatedOrder("HS-1").complete())
        wait_until(lambda: feed.status().trouble)
        assert "ValueError" in str(feed.status().trouble)
        monkeypatch.setattr(ledger_feed, "read_schema_state", read_schema_state)
        wait_until(has_written(feed, 1))
    assert [line["log_level"] for line in logs] == ["error", "warning", "info"]
    assert name not in str(logs)
    engine.dispose()


def test_a_wrong_password_is_named_without_it(postgres_server: PostgresServer) -> None:
    url = postgres_server.url("nowhere").set(username="nobody", password="s3cr3t-password")
    with capture_logs() as logs, feeding(open_ledger(url)) as feed:
        wait_until(lambda: feed.status().trouble)
    assert logs
    assert "s3cr3t-password" not in str(logs)
