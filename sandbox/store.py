"""The sandbox's data: one SQLite file, changed only in transactions, so a killed server loses and repeats nothing."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

SCHEMA = """
create table if not exists resources (
    system text not null, kind text not null, id text not null, state text not null, data text not null,
    primary key (system, kind, id)) without rowid;
create table if not exists answers (
    system text not null, key text not null, request text not null, status integer not null, body text not null,
    primary key (system, key)) without rowid;
create table if not exists effects (
    sequence integer primary key, key text, system text not null, method text not null, path text not null,
    effect text not null, resource text, at text not null);
create table if not exists requests (
    sequence integer primary key, key text, system text not null, method text not null, path text not null,
    status integer not null, replayed integer not null, at text not null);
create table if not exists moments (
    sequence integer primary key, due real not null, system text not null, name text not null, resource text not null);
create table if not exists deliveries (
    sequence integer primary key, due real not null, state text not null, url text, body text not null,
    attempts integer not null, error text);
create index if not exists deliveries_due on deliveries (state, due);
create table if not exists faults (
    sequence integer primary key, system text not null, method text not null, path text not null,
    times integer not null, data text not null);
create table if not exists notifications (
    sequence integer primary key, id text not null unique, type text not null, subject text not null,
    body text not null, at text not null);
create table if not exists delays (name text primary key, seconds real not null);
"""
HISTORY_TABLES = ("resources", "answers", "effects", "requests", "moments", "deliveries", "faults", "notifications")
"""The tables that a reset clears. `delays` is a setting, so it stays."""


def now() -> float:
    """Seconds since 1970. Wall-clock time, because due times must survive a restart."""
    return datetime.now(UTC).timestamp()


def timestamp(at: float | None = None) -> str:
    """`at` (default: now) in ISO 8601: `2026-12-01T08:00:00.000Z`."""
    moment = datetime.fromtimestamp(at if at is not None else now(), UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


Row = dict[str, Any]


class Store:
    """The only connection to the data. Transactions run one after another."""

    def __init__(self, file: Path) -> None:
        self._connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("pragma journal_mode=wal")
        # This survives SIGKILL; only a power failure could lose the last transactions.
        self._connection.execute("pragma synchronous=normal")
        self._connection.executescript(SCHEMA)
        self._write_lock = asyncio.Lock()

    def close(self) -> None:
        self._connection.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """All writes in it take effect together or not at all."""
        async with self._write_lock:
            self._connection.execute("begin immediate")
            try:
                yield
            except BaseException:
                self._connection.execute("rollback")
                raise
            self._connection.execute("commit")

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """A part of a transaction that is rolled back by itself if it raises."""
        self._connection.execute("savepoint attempt")
        try:
            yield
        except BaseException:
            self._connection.execute("rollback to attempt")
            raise
        finally:
            self._connection.execute("release attempt")

    def execute(self, statement: str, *values: object) -> None:
        self._connection.execute(statement, values)

    def fetch_all(self, query: str, *values: object) -> list[Row]:
        return [dict(row) for row in self._connection.execute(query, values)]

    def fetch_one(self, query: str, *values: object) -> Row | None:
        row = self._connection.execute(query, values).fetchone()
        return None if row is None else dict(row)

    async def clear_history(self) -> None:
        async with self.transaction():
            for table in HISTORY_TABLES:
                self.execute(f"delete from {table}")


def canonical_json(data: Any) -> str:
    """Canonical JSON: equal data gives equal text."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
