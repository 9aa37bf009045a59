"""A ledger with many generated orders, for measurements: made anew, or kept by an earlier one."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import URL, Engine, func, select, text

from benchmarks.ledger.order_generator import OrderGenerator
from benchmarks.reporting import print_line
from ledger.database import is_sqlite, open_ledger, write_transaction
from ledger.migrations.schema_version import upgrade
from ledger.schema.tables import orders
from ledger.writing.apply_changes import apply_changes
from ledger.writing.memory import WriterMemory

BATCH = 200
LOG_LINES = 10
READ_AT_ONCE = 16 * 1024 * 1024


@dataclass(frozen=True)
class Site:
    """A database that can be made warm and cold."""

    url: URL
    folder: Path
    restart: Callable[[], None]

    def warm_up(self) -> None:
        """Lets the operating system keep as much of the database in memory as it can."""
        for file in self.folder.rglob("*"):
            if file.is_file():
                with file.open("rb") as content:
                    while content.read(READ_AT_ONCE):
                        pass

    def cool_down(self, engine: Engine) -> None:
        """Drops what the database and the operating system keep in memory of it."""
        engine.dispose()
        self.restart()
        for file in self.folder.rglob("*"):
            if file.is_file():
                handle = os.open(file, os.O_RDONLY)
                os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
                os.close(handle)


@contextmanager
def filled_ledger(generator: OrderGenerator, database: str, keep: Path | None = None) -> Iterator[tuple[Site, Engine]]:
    """With the orders of the generator. `database`: `sqlite` or `postgresql`. `keep`: a folder in which the database
    stays, for the next measurement. Raises SystemExit if the kept database has another number of orders."""
    with {"sqlite": _sqlite_site, "postgresql": _postgresql_site}[database](keep) as site:
        engine = open_ledger(site.url, create=True)
        try:
            upgrade(engine)
            _fill(engine, generator, keep)
            yield site, engine
        finally:
            engine.dispose()


def _fill(engine: Engine, generator: OrderGenerator, keep: Path | None) -> None:
    with engine.connect() as connection:
        known = connection.execute(select(func.count()).select_from(orders)).scalar_one()
    if known not in (0, generator.count):
        raise SystemExit(f"{keep} has a ledger of {known:,} orders. Name another folder, or delete it.")
    if known == 0:
        empty = _size(engine)
        _load(engine, generator)
        _settle(engine)
        used = _size(engine) - empty
        print_line(f"  {used / 1e6:,.0f} MB, {used / generator.count:,.0f} bytes an order")


def _load(engine: Engine, generator: OrderGenerator) -> None:
    written, seconds, processor, memory = 0, 0.0, 0.0, WriterMemory()
    changes = generator.changes()
    began = time.monotonic()
    while batch := list(islice(changes, BATCH)):
        started, used = time.perf_counter(), time.process_time()
        with write_transaction(engine) as connection:
            apply_changes(connection, batch, memory)
        seconds += time.perf_counter() - started
        processor += time.process_time() - used
        written += len(batch)
        if written % max(generator.count // LOG_LINES, BATCH) < BATCH:
            print_line(f"  {written:,} orders after {time.monotonic() - began:,.0f} s")
    rate = f"{written / seconds:,.0f} orders a second, {written / processor:,.0f} a second of its processor"
    print_line(f"{engine.dialect.name}: {written:,} orders written by one writer: {rate}")


def _size(engine: Engine) -> int:
    """Bytes of the database, without its log."""
    with engine.connect() as connection:
        if not is_sqlite(engine):
            return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        return int(pages) * int(connection.exec_driver_sql("PRAGMA page_size").scalar_one())


def _settle(engine: Engine) -> None:
    """As databases are after a while: statistics are gathered, and the log is written back."""
    if is_sqlite(engine):
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
        connection.execute(text("CHECKPOINT"))


@contextmanager
def _sqlite_site(keep: Path | None) -> Iterator[Site]:
    with TemporaryDirectory(prefix="ordo-ledger-") if keep is None else nullcontext(keep) as name:
        folder = Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        yield Site(URL.create("sqlite+pysqlite", database=str(folder / "ledger.sqlite")), folder, lambda: None)


@contextmanager
def _postgresql_site(keep: Path | None) -> Iterator[Site]:
    from tests.support.servers.postgres import PostgresServer

    settings = {"shared_buffers": "1GB", "fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
    server = PostgresServer(keep, **settings, max_wal_size="4GB", maintenance_work_mem="256MB")
    server.start()

    def restart() -> None:
        server.stop()
        server.start()

    try:
        yield Site(server.url(), _data_folder(server.url()), restart)
    finally:
        server.close()


def _data_folder(url: URL) -> Path:
    engine = open_ledger(url)
    with engine.connect() as connection:
        folder = Path(connection.execute(text("SHOW data_directory")).scalar_one())
    engine.dispose()
    return folder
