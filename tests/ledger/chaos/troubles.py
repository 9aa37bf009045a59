"""What can happen to a database, done for real.

Full: a tablespace of PostgreSQL is on a small file system of its own (tmpfs), which is filled; where nothing may be
mounted, PostgreSQL has no such trouble. For SQLite, the worker's files may not grow any more (RLIMIT_FSIZE): each write
fails as an error of the disk. Read-only: the SQLite file gets the attribute `immutable`, as root may write whatever
its mode says; PostgreSQL's database gets `default_transaction_read_only`.
"""

from __future__ import annotations

import resource
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tests.support.servers.postgres import PostgresServer

Trouble = Callable[[], AbstractContextManager[None]]
"""It lasts as long as the context."""

SMALL_DISK = "24m"


@contextmanager
def small_disk(folder: Path, owner: str | None = None) -> Iterator[bool]:
    """Whether a file system of its own could be mounted there."""
    folder.mkdir(exist_ok=True)
    mount = ("mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK}", "tmpfs", str(folder))
    mounted = shutil.which("mount") is not None and subprocess.run(mount, capture_output=True).returncode == 0
    if owner is not None:
        shutil.chown(folder, owner)
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(("umount", "--lazy", str(folder)), check=True)


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    """No byte more fits on this file system."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        size = 1024 * 1024
        while size:
            try:
                file.write(b"\0" * size)
            except OSError:
                size //= 2
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def limited_files(process_ids: Callable[[], list[int]]) -> Iterator[None]:
    """These processes write no files beyond 4 kB."""
    before = {pid: resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in process_ids()}
    for pid, (_, hard) in before.items():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, hard))
    try:
        yield
    finally:
        for pid, limits in before.items():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Another process writes, and does not end."""
    connection = sqlite3.connect(file, isolation_level=None, timeout=30, check_same_thread=False)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


def can_make_immutable(folder: Path) -> bool:
    """Whether that stops a process that has the file open, too."""
    file = folder / "immutable"
    with file.open("wb", buffering=0) as opened:
        try:
            with immutable(file):
                opened.write(b"\0")
        except (OSError, subprocess.CalledProcessError):
            return file.stat().st_size == 0 and shutil.which("chattr") is not None
    return False


@contextmanager
def immutable(*files: Path) -> Iterator[None]:
    there = [str(file) for file in files if file.exists()]
    subprocess.run(("chattr", "+i", *there), check=True, capture_output=True)
    try:
        yield
    finally:
        subprocess.run(("chattr", "-i", *there), check=True, capture_output=True)


def database_files(file: Path) -> list[Path]:
    """Without the shared memory (`-shm`): Linux ends a process that writes to a mapped page of an immutable file
    (SIGBUS)."""
    return [file, file.with_name(f"{file.name}-wal")]


@contextmanager
def stopped(server: PostgresServer) -> Iterator[None]:
    server.stop()
    try:
        yield
    finally:
        server.start()


@contextmanager
def killed(server: PostgresServer) -> Iterator[None]:
    server.kill()
    try:
        yield
    finally:
        server.start()


@contextmanager
def read_only(server: PostgresServer, database: str) -> Iterator[None]:
    _set_read_only(server, database, "on")
    try:
        yield
    finally:
        _set_read_only(server, database, "off")


def _set_read_only(server: PostgresServer, database: str, value: str) -> None:
    """It counts for new connections, so that the others have to end."""
    server.execute(f'ALTER DATABASE "{database}" SET default_transaction_read_only = {value}')
    others = f"datname = '{database}' AND pid <> pg_backend_pid()"
    server.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")
