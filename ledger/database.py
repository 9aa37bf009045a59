"""The ledger's database: where it is, how to connect, and what is wrong if that fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic_core import from_json
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ledger.error_reasons import database_error_reason
from ledger.settings import LEDGER_URL, URL_EXAMPLES, LedgerUnusable
from ledger.sqlite_file import watch_file
from ledger.stored_text import dump_json

BUSY_TIMEOUT = 5.0
"""Seconds that a statement on SQLite waits for another writer."""
CONNECT_TIMEOUT = 5
"""Seconds until a PostgreSQL server that does not answer counts as away."""
POOL_TIMEOUT = 10.0
"""Seconds that a question waits while all connections of this process are in use."""
SILENCE_TIMEOUT = 15_000
"""Milliseconds after which a connection counts as broken if the server acknowledges nothing that was sent to it."""

_SQLITE_SETTINGS = {
    "busy_timeout": int(BUSY_TIMEOUT * 1000),
    "journal_mode": "WAL",  # readers do not wait for the writer
    "synchronous": "NORMAL",  # a power failure can lose the last commits, which reconciliation finds; never the file
    "secure_delete": "ON",  # what is deleted is overwritten
    "journal_size_limit": 64 * 1024 * 1024,
    "cache_size": -16 * 1024,
    "temp_store": "MEMORY",
}

_WRITES = "ledger_writes"


def parse_ledger_url(text: str) -> URL:
    """Raises LedgerUnusable for anything but a file of SQLite or a database of PostgreSQL."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise LedgerUnusable(f"{LEDGER_URL} is no URL of a database. It looks like {URL_EXAMPLES}") from None
    match url.get_backend_name():
        case "sqlite":
            if url.database in (None, "", ":memory:"):
                raise LedgerUnusable(f"{LEDGER_URL} names no file. It looks like `sqlite:///path/of/file`")
            return url.set(drivername="sqlite+pysqlite")
        case "postgresql" | "postgres":
            if not url.database:
                raise LedgerUnusable(f"{LEDGER_URL} names no database. It looks like {URL_EXAMPLES}")
            return url.set(drivername="postgresql+psycopg")
        case other:
            raise LedgerUnusable(f"{LEDGER_URL} names a database of `{other}`. The ledger runs on {URL_EXAMPLES}")


def is_sqlite(engine: Engine | Connection) -> bool:
    return engine.dialect.name == "sqlite"


def describe_location(url: URL) -> str:
    """`SQLite file /data/ledger.sqlite`, `PostgreSQL database ledger on db:5432`."""
    if url.get_backend_name() == "sqlite":
        return f"SQLite file {Path(url.database or '').absolute()}"
    host = url.host or url.query.get("host") or "this machine"
    return f"PostgreSQL database {url.database} on {host}{f':{url.port}' if url.port else ''}"


def open_ledger(url: str | URL, *, connections: int = 5, application: str = "ordo", create: bool = False) -> Engine:
    """An engine for at most `connections` at once. It connects when it is first used. `application` is the name that
    PostgreSQL shows. `create`: whether the first connection may make the file of SQLite.

    Raises LedgerUnusable if the URL is wrong, or the folder of an SQLite file is not there.
    """
    parsed = parse_ledger_url(url) if isinstance(url, str) else url
    common: dict[str, Any] = {
        "pool_size": connections,
        "max_overflow": 0,
        "pool_timeout": POOL_TIMEOUT,
        "hide_parameters": True,  # an error never shows data of orders
        "json_serializer": dump_json,
        "json_deserializer": from_json,
    }
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(parsed, common, create=create)
    settings = {
        "connect_timeout": CONNECT_TIMEOUT,
        "tcp_user_timeout": SILENCE_TIMEOUT,
        "keepalives_idle": 10,
        "application_name": application,
    }
    arguments = {name: value for name, value in settings.items() if name not in parsed.query}
    # A connection that the server has ended since, in a restart for instance, is replaced before it is used.
    engine = _create_engine(parsed, arguments, common | {"pool_pre_ping": True})
    event.listen(engine, "connect", _use_utc)
    return engine


def _use_utc(connection: Any, _record: object) -> None:
    """The driver cannot read a time whose year is 10,000 in the zone of the session, and orders without a date often
    have the last second of 9999."""
    connection.execute("SET TIME ZONE 'UTC'")
    connection.commit()


def _create_engine(url: URL, connect_args: dict[str, Any], common: dict[str, Any]) -> Engine:
    """Raises LedgerUnusable if what follows `?` in the URL has a value of the wrong type."""
    try:
        return create_engine(url, connect_args=connect_args, **common)
    except (TypeError, ValueError):
        names = ", ".join(f"`{name}`" for name in sorted(url.query))
        raise LedgerUnusable(f"{LEDGER_URL} has a wrong value among its parameters ({names})") from None


def _open_sqlite(url: URL, common: dict[str, Any], *, create: bool) -> Engine:
    file = Path(url.database or "")
    if not file.parent.is_dir():
        raise LedgerUnusable(
            f"The ledger's file {file.absolute()} cannot be made: there is no folder {file.parent.absolute()}"
        )
    engine = _create_engine(url, {"timeout": BUSY_TIMEOUT}, common)

    watch_file(engine, create=create)

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # `begin` below begins transactions, also those of DDL
        for name, value in _SQLITE_SETTINGS.items():
            connection.execute(f"PRAGMA {name}={value}").close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        mode = " IMMEDIATE" if connection.get_execution_options().get(_WRITES) else ""
        connection.exec_driver_sql(f"BEGIN{mode}")

    return engine


@contextmanager
def write_transaction(engine: Engine) -> Iterator[Connection]:
    """A transaction that will write. On SQLite it takes the lock at once, so that it cannot fail for it later."""
    with engine.connect().execution_options(**{_WRITES: True}) as connection, connection.begin():
        yield connection


@contextmanager
def ledger_errors(engine: Engine) -> Iterator[None]:
    """Raises LedgerUnusable in place of an error of the database."""
    try:
        yield
    except DBAPIError as error:
        raise LedgerUnusable(
            f"The ledger ({describe_location(engine.url)}) cannot be used: {database_error_reason(error)}"
        ) from None
    except PoolTimeout:
        raise LedgerUnusable(
            f"The ledger ({describe_location(engine.url)}) is too busy: all connections of this process have been in "
            f"use for {POOL_TIMEOUT:.0f} s. Try again later"
        ) from None
