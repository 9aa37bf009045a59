"""The URL of the ledger, and what is said when it is wrong. No message has a password."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, Column, ColumnElement, Engine, make_url, select, text
from sqlalchemy.exc import DBAPIError

from ledger.database import describe_location, ledger_errors, open_ledger, parse_ledger_url, write_transaction
from ledger.error_reasons import blames_database, database_error_reason
from ledger.schema.tables import orders, steps
from ledger.settings import LedgerUnusable, read_ledger_url
from ledger.writing.apply_changes import apply_changes
from tests.support.ledger.databases import new_postgresql_ledger
from tests.support.ledger.simulated_orders import SimulatedOrder
from tests.support.servers.postgres import PostgresServer


@pytest.mark.parametrize(
    ("text_", "driver", "database"),
    [
        ("sqlite:///ledger.sqlite", "sqlite+pysqlite", "ledger.sqlite"),
        ("sqlite:////var/lib/ledger.sqlite", "sqlite+pysqlite", "/var/lib/ledger.sqlite"),
        ("postgresql://ordo@db/ledger", "postgresql+psycopg", "ledger"),
        ("postgres://ordo@db/ledger", "postgresql+psycopg", "ledger"),
        ("postgresql+psycopg2://ordo@db/ledger", "postgresql+psycopg", "ledger"),
    ],
)
def test_urls_of_both_databases(text_: str, driver: str, database: str) -> None:
    url = parse_ledger_url(text_)
    assert (url.drivername, url.database) == (driver, database)


@pytest.mark.parametrize(
    ("text_", "said"),
    [
        ("ledger.sqlite", "is no URL of a database"),
        ("", "is no URL of a database"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("postgresql://ordo:s3cr3t@db", "names no database"),
        ("mysql://ordo:s3cr3t@db/ledger", "names a database of `mysql`"),
        ("postgresql://ordo:s3cr3t@db:port/ledger", "is no URL of a database"),
    ],
)
def test_other_urls_are_refused_with_an_example(text_: str, said: str) -> None:
    with pytest.raises(LedgerUnusable, match=said) as refused:
        parse_ledger_url(text_)
    assert "sqlite:///path/of/file" in str(refused.value)
    assert not str(refused.value).endswith("."), "who reports it ends the sentence"
    assert "s3cr3t" not in str(refused.value)


def test_a_parameter_with_a_wrong_value_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LedgerUnusable, match=r"ORDO_LEDGER_URL has a wrong value among its parameters \(`timeout`\)"):
        open_ledger(f"sqlite:///{tmp_path}/l.sqlite?timeout=soon")


def test_where_a_ledger_is_said_without_its_password(tmp_path: Path) -> None:
    assert describe_location(make_url(f"sqlite:///{tmp_path}/l.sqlite")) == f"SQLite file {tmp_path}/l.sqlite"
    url = make_url("postgresql://ordo:s3cr3t@db:5433/ledger")
    assert describe_location(url) == "PostgreSQL database ledger on db:5433"
    assert describe_location(make_url("postgresql:///ledger?host=/run/postgresql")) == (
        "PostgreSQL database ledger on /run/postgresql"
    )


def test_the_variable_comes_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("sqlite:///from-file.sqlite\n")
    named = {"ORDO_LEDGER_URL_FILE": str(file)}
    assert read_ledger_url(named) == "sqlite:///from-file.sqlite"
    assert read_ledger_url(named | {"ORDO_LEDGER_URL": "sqlite:///own.sqlite"}) == "sqlite:///own.sqlite"
    assert read_ledger_url({"ORDO_LEDGER_URL": " "}) is None
    assert read_ledger_url({}) is None


@pytest.mark.parametrize(
    ("content", "said"), [(None, "cannot be read: No such file"), (b"\n", "is empty"), (b"\xff", "it is not text")]
)
def test_a_file_without_a_url_is_named(tmp_path: Path, content: bytes | None, said: str) -> None:
    file = tmp_path / "url"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(LedgerUnusable, match=said) as refused:
        read_ledger_url({"ORDO_LEDGER_URL_FILE": str(file)})
    assert str(file) in str(refused.value)


def test_a_file_of_sqlite_is_for_its_owner_alone_and_overwrites_what_it_deletes(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite"
    engine = open_ledger(f"sqlite:///{file}", create=True)
    with write_transaction(engine) as connection:
        settings = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "secure_delete", "busy_timeout")
        }
        connection.execute(text("CREATE TABLE t (a TEXT)"))
    assert settings == {"journal_mode": "wal", "synchronous": 1, "secure_delete": 1, "busy_timeout": 5000}
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    engine.dispose()


def read_half_done(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(text("SELECT * FROM half_done"))


def test_a_question_that_finds_all_connections_in_use_is_told_so(
    ledger_url: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.database.POOL_TIMEOUT", 0.05)
    engine = open_ledger(ledger_url, connections=1)
    with engine.connect(), pytest.raises(LedgerUnusable, match="too busy"), ledger_errors(engine), engine.connect():
        pass
    engine.dispose()


def test_a_transaction_that_fails_leaves_nothing(ledger_database: Engine) -> None:
    def begin_and_fail() -> None:
        with write_transaction(ledger_database) as connection:
            connection.execute(text("CREATE TABLE half_done (a INTEGER)"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        begin_and_fail()
    with pytest.raises(LedgerUnusable, match="half_done"), ledger_errors(ledger_database):
        read_half_done(ledger_database)


def test_an_error_of_rows_is_told_without_their_values(ledger_database: Engine) -> None:
    insertion = text("INSERT INTO only_once VALUES (:name)"), {"name": "Elm Street 14"}
    with write_transaction(ledger_database) as connection:
        connection.execute(text("CREATE TABLE only_once (name VARCHAR(60) PRIMARY KEY)"))
        connection.execute(*insertion)
    with pytest.raises(DBAPIError) as failed, write_transaction(ledger_database) as connection:
        connection.execute(*insertion)
    assert not blames_database(failed.value)
    assert "Elm Street" not in database_error_reason(failed.value)


@pytest.mark.parametrize("statement", ["SELECT nothing_of_the_kind FROM orders", "NO SQL AT ALL"])
def test_an_error_of_the_schema_is_the_databases(ledger_database: Engine, statement: str) -> None:
    with pytest.raises(DBAPIError) as failed, ledger_database.connect() as connection:
        connection.execute(text(statement))
    assert blames_database(failed.value)


def test_a_connection_that_the_server_has_ended_is_replaced(postgres_server: PostgresServer) -> None:
    """As after a restart of the server."""
    with new_postgresql_ledger(postgres_server) as url:
        engine = open_ledger(url)
        with engine.connect() as connection:
            process = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        postgres_server.execute(f"SELECT pg_terminate_backend({process})")
        with engine.connect() as connection:
            assert connection.execute(text("SELECT 1")).scalar_one() == 1
        engine.dispose()


@pytest.mark.parametrize(
    ("zone", "moment"),
    [
        ("Europe/Berlin", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("America/New_York", datetime(1, 1, 1, tzinfo=UTC)),
    ],
)
def test_the_zone_of_the_server_does_not_matter(postgres_server: PostgresServer, zone: str, moment: datetime) -> None:
    """There, the moment has the year 10,000, or one before the year 1."""
    with new_postgresql_ledger(postgres_server) as url:
        postgres_server.execute(f"ALTER DATABASE {url.database} SET TimeZone TO '{zone}'")
        engine = open_ledger(url)
        order = SimulatedOrder("HS-1")
        for change in (order.complete(), order.begin(1)):
            with write_transaction(engine) as connection:
                dated = replace(change, order=replace(change.order, requested_completion=moment))
                assert apply_changes(connection, [dated]) == []
        assert read_column(engine, orders.c.requested_completion) == [moment]
        assert read_column(engine, steps.c.state, steps.c.number == 1) == ["in_progress"]
        engine.dispose()


def read_column(engine: Engine, column: Column[Any], *conditions: ColumnElement[bool]) -> list[Any]:
    with engine.connect() as connection:
        return [*connection.execute(select(column).where(*conditions)).scalars()]
