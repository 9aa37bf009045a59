"""The file of SQLite behind an engine: who may make it, and whether it is still the one that was opened.

A connection goes on using the file that it opened, also after that was renamed or deleted. Nobody else sees what it
writes then. So each connection is compared with the file at the path before it is used, and replaced if that
is another.
"""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL, Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.engine.interfaces import DBAPIConnection, Dialect
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

Identity = tuple[int, int] | None
"""Device and inode. None: there is no such file."""

_FILE, _LOG = "ledger_file", "ledger_log"
_BROKEN_FILE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
"""Primary result codes after which a connection is not used again: its file may have been replaced. SQLITE_IOERR is not
one of them: on a full disk, connections that stay open recover, and new ones in their place may not."""


@dataclass(frozen=True)
class OpenFile:
    """SQLite keeps the log as long as a process has the file open, so neither changes meanwhile."""

    file: Identity = None
    log: Identity = None


def find_file(url: URL) -> OpenFile:
    """What is at the path now. Always the same for a database of another kind."""
    path = _path(url)
    return OpenFile() if path is None else OpenFile(_identity(path), _identity(_log_of(path)))


def watch_file(engine: Engine, *, create: bool) -> None:
    """`create`: whether the first connection may make the file. Later ones never do: a file that is missing then was
    moved, and a new one beside its log (`-wal`) would destroy what that holds."""
    path = _path(engine.url)
    if path is None:
        return
    log = _log_of(path)
    may_create = create

    @event.listens_for(engine, "do_connect")
    def connect(_: Dialect, entry: ConnectionPoolEntry, arguments: list[object], settings: dict[str, object]) -> None:
        nonlocal may_create
        if not path.exists():
            _require_new(log, may_create=may_create)
            # personal data is in it, so only this user may read it
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
        may_create = False
        entry.info[_FILE] = _identity(path)
        arguments[0] = f"file:{quote(str(path))}?mode=rw"  # SQLite makes no file, also if this one is moved just now
        settings["uri"] = True

    @event.listens_for(engine, "checkout")
    def compare(_: DBAPIConnection, entry: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:
        opened_log = entry.info.setdefault(_LOG, _identity(log))
        if entry.info[_FILE] != _identity(path) or opened_log not in (None, _identity(log)):
            error = DisconnectionError("the file was moved or replaced")
            error.invalidate_pool = True
            raise error

    @event.listens_for(engine, "handle_error")
    def replace_broken(context: ExceptionContext) -> None:
        code = getattr(context.original_exception, "sqlite_errorcode", 0) & 0xFF
        if code in _BROKEN_FILE:
            context.is_disconnect = True


def _path(url: URL) -> Path | None:
    """None also for a URL whose file is an SQLite URI, which says itself how it is opened."""
    if url.get_backend_name() != "sqlite" or "uri" in url.query:
        return None
    return Path(url.database or "").absolute()


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _identity(path: Path) -> Identity:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _require_new(log: Path, *, may_create: bool) -> None:
    """Raises OperationalError if no new file may be made."""
    if not may_create:
        raise sqlite3.OperationalError("there is no such file")
    if log.exists():
        raise sqlite3.OperationalError(
            f"there is no such file, but its log {log.name} is there, which may hold the last changes: put the file "
            "back, or remove the log for a new ledger"
        )
