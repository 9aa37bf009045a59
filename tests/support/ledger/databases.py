"""Ledgers for tests, each on a database of its own: SQLite and PostgreSQL."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL

from ledger.database import open_ledger
from ledger.migrations.schema_version import upgrade
from tests.support.servers.postgres import PostgresServer

TEMPLATE = "ledger_template"
BACKENDS = ("sqlite", "postgresql")

_numbers = itertools.count(1)


def make_template(server: PostgresServer) -> None:
    """A database with the newest schema, which is copied for each test: faster than to migrate each."""
    server.execute(f"CREATE DATABASE {TEMPLATE}")
    migrate(server.url(TEMPLATE))


def migrate(url: URL) -> None:
    engine = open_ledger(url, create=True)
    upgrade(engine)
    engine.dispose()


@contextmanager
def new_postgresql_ledger(server: PostgresServer, template: str = TEMPLATE) -> Iterator[URL]:
    with server.new_database(f"ledger_{next(_numbers)}", template) as url:
        yield url


def sqlite_url(folder: Path) -> URL:
    return URL.create("sqlite+pysqlite", database=str(folder / "ledger.sqlite"))
