"""Writes files of the archive together with the rows that name them, so that a kill at any moment loses nothing.

Before a file is written, its name is noted in the ledger. The transaction that moves the orders removes the note. So a
note that is still there names a file whose orders are all in the ledger, and the file can go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, and_, delete, event, update

from ledger.database import is_sqlite, ledger_errors, open_ledger, write_transaction
from ledger.retention.archive_folder import ArchiveFolder, new_file_name
from ledger.retention.archive_formats import FORMATS, format_of
from ledger.retention.archive_places import forget_leftovers, read_leftovers, remember_leftovers
from ledger.retention.holds import lock_data_life
from ledger.retention.order_rows import OrderRows
from ledger.retention.stale_documents import forget_stale, move_stale
from ledger.schema.tables import archived_orders

ChangeDocument = Callable[[OrderRows], OrderRows | None]
"""Returns the document as it shall be, or None to take it out of the file."""


@contextmanager
def archive_writer(engine: Engine, folder: ArchiveFolder) -> Iterator[Engine]:
    """An engine whose commits survive a power failure. Nobody else writes into the folder meanwhile. What an
    interrupted run has left is removed first."""
    with folder.lock(), ledger_errors(engine), _durable(engine) as durable:
        _remove_leftovers(durable, folder)
        yield durable


@contextmanager
def _durable(engine: Engine) -> Iterator[Engine]:
    durable = open_ledger(engine.url, connections=1, application="ordo archive")
    if is_sqlite(durable):

        @event.listens_for(durable, "connect")
        def sync_commits(connection: Any, _record: object) -> None:
            connection.execute("PRAGMA synchronous=FULL").close()

    try:
        yield durable
    finally:
        durable.dispose()


def _remove_leftovers(engine: Engine, folder: ArchiveFolder) -> None:
    with engine.connect() as connection:
        files = read_leftovers(connection, folder)
    for file in files:
        folder.remove(file)
    if files:
        with write_transaction(engine) as connection:
            forget_leftovers(connection, folder)


@contextmanager
def new_archive_file(
    engine: Engine, folder: ArchiveFolder, file: str, replaced: str | None = None
) -> Iterator[Connection]:
    """The transaction in which `file` is written, and the rows of its orders change. `replaced` is removed after it."""
    with write_transaction(engine) as connection:
        remember_leftovers(connection, folder, [file])
    with write_transaction(engine) as connection:
        lock_data_life(connection)
        yield connection
        if replaced is None:
            forget_leftovers(connection, folder)
        else:
            remember_leftovers(connection, folder, [replaced])
    if replaced is not None:
        _remove_leftovers(engine, folder)


@dataclass
class Rewritten:
    file: str
    """The new file, as in `archived_orders`."""
    changed: int = 0
    removed: list[OrderRows] = field(default_factory=list)
    """Each with the submissions that were archived in it. Others have left the archive."""


AlongWith = Callable[[Connection, Rewritten], None]
"""What else the transaction does."""


def rewrite_file(
    engine: Engine,
    folder: ArchiveFolder,
    file: str,
    change: ChangeDocument,
    now: datetime,
    along_with: AlongWith | None = None,
) -> Rewritten:
    """Replaces an archive file. `engine` is that of `archive_writer`; `file` is as in `archived_orders`.

    Raises ArchiveUnusable; then all is as before.
    """
    old = Path(file).name
    new = new_file_name(now, next(key for key, each in FORMATS.items() if each is format_of(old)))
    done = Rewritten(str(folder.path / new))
    with new_archive_file(engine, folder, new, replaced=old) as connection:
        kept: list[OrderRows] = []
        for number, document in enumerate(folder.read(old)):
            after = change(document)
            is_here = and_(archived_orders.c.file == file, archived_orders.c.record == number)
            if after is None:
                left = connection.execute(
                    delete(archived_orders).where(is_here).returning(archived_orders.c.submission)
                )
                done.removed.append(document.only(set(left.scalars())))
                forget_stale(connection, file, document.order_id)
            else:
                done.changed += after is not document
                place = {"file": done.file, "record": len(kept)}
                connection.execute(update(archived_orders).where(is_here).values(place))
                kept.append(after)
        if kept:
            folder.write(new, kept)
        move_stale(connection, file, done.file)
        if along_with is not None:
            along_with(connection, done)
    return done
