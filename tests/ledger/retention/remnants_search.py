"""Looks for texts in the bytes of a ledger and of its archive."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from pathlib import Path

import psycopg
from pyarrow import parquet
from sqlalchemy import URL

from tests.support.servers.postgres import PostgresServer


def sqlite_files(url: URL) -> list[Path]:
    """The database, its write-ahead log and its index."""
    database = Path(str(url.database))
    return [path for path in database.parent.iterdir() if path.name.startswith(database.name)]


def postgresql_files(server: PostgresServer, url: URL) -> list[Path]:
    """The files of the tables, the indexes and the catalogue of the database. The server's write-ahead log is not among
    them."""
    server.execute("CHECKPOINT")
    with psycopg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False)) as connection:
        row = connection.execute("SELECT oid FROM pg_database WHERE datname = current_database()").fetchone()
    assert row is not None
    return [path for path in (server.data_folder / "base" / str(row[0])).iterdir() if path.is_file()]


def archive_contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in folder.iterdir():
        yield f"{path.name} (as it is)", path.read_bytes()
        if path.name.endswith(".gz"):
            yield path.name, gzip.decompress(path.read_bytes())
        elif path.suffix == ".parquet":
            yield path.name, str(parquet.read_table(path).to_pylist()).encode()


def contents(paths: Iterable[Path]) -> Iterator[tuple[str, bytes]]:
    for path in paths:
        yield path.name, path.read_bytes()


def found(texts: Iterable[str], places: Iterable[tuple[str, bytes]]) -> list[str]:
    """`place: text`, for each text that is in a place."""
    wanted = list(texts)
    return [f"{name}: {text}" for name, data in places for text in wanted if text.encode() in data]
