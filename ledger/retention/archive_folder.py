"""The archive: a folder of files that are written once and replaced as a whole, each with its SHA-256 beside it."""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from ledger.retention.archive_formats import FORMATS, ArchiveUnusable, format_of
from ledger.retention.order_rows import DocumentUnreadable, OrderRows

ARCHIVE_SETTING = "ORDO_LEDGER_ARCHIVE"
CHECKSUM_SUFFIX = ".sha256"
LOCK_FILE = ".lock"


class ArchiveFolder:
    """Its methods raise ArchiveUnusable."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()

    def require(self) -> None:
        if not self.path.is_dir():
            raise ArchiveUnusable(
                f"There is no folder {self.path} with the archive. If it was moved, {ARCHIVE_SETTING} names where it is"
            )

    def create(self) -> None:
        with _file_errors(self.path):
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Only one process at a time writes into the folder."""
        with _file_errors(self.path / LOCK_FILE):
            handle = os.open(self.path / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise ArchiveUnusable(f"Another process writes into the archive {self.path}; try again later") from None
        try:
            yield
        finally:
            os.close(handle)

    def write(self, file: str, documents: Sequence[OrderRows]) -> None:
        """Once it returns, the file and its checksum are on disk."""
        part = self.path / f".{file}.part"
        with _file_errors(self.path / file):
            os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
            format_of(file).write(part, documents)
            _sync(part)
            checksum = self.path / f"{file}{CHECKSUM_SUFFIX}"
            checksum.write_text(f"{_digest(part)}  {file}\n", encoding="ascii")
            checksum.chmod(0o600)
            _sync(checksum)
            part.rename(self.path / file)
            _sync(self.path)

    def read(self, file: str) -> Iterator[OrderRows]:
        """Every order of a file. Also raises ArchiveUnusable if the file is not what was written."""
        self.require()
        path = self.path / file
        with _file_errors(path):
            checksum = self.path / f"{file}{CHECKSUM_SUFFIX}"
            if path.exists() and not checksum.exists():
                raise ArchiveUnusable(
                    f"{path} cannot be used: its checksum {checksum.name} is missing, which is beside each file of an "
                    "archive"
                )
            expected = checksum.read_text(encoding="ascii").split(" ", 1)[0]
            if _digest(path) != expected:
                raise ArchiveUnusable(f"{path} is damaged: its SHA-256 is not that of {path.name}{CHECKSUM_SUFFIX}")
            yield from format_of(file).read(path)

    def read_one(self, file: str, record: int) -> OrderRows:
        for number, document in enumerate(self.read(file)):
            if number == record:
                return document
        raise ArchiveUnusable(f"{self.path / file} has no record {record}")

    def files(self) -> list[str]:
        """The names of all archive files, the oldest first."""
        with _file_errors(self.path):
            names = [path.name for path in self.path.iterdir() if not path.name.startswith(".")]
        return sorted(name for name in names if any(name.endswith(each.suffix) for each in FORMATS.values()))

    def remove(self, file: str) -> None:
        """Removes the file, what is left of an unfinished one, and its checksum."""
        with _file_errors(self.path / file):
            for name in (f".{file}.part", file, f"{file}{CHECKSUM_SUFFIX}"):
                with suppress(FileNotFoundError):
                    (self.path / name).unlink()
            _sync(self.path)


def new_file_name(now: datetime, archive_format: str) -> str:
    return f"orders-{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}{FORMATS[archive_format].suffix}"


@contextmanager
def _file_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except DocumentUnreadable as error:
        raise ArchiveUnusable(f"{path} cannot be read: {error}") from None
    except (OSError, EOFError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ArchiveUnusable(f"{getattr(error, 'filename', None) or path} cannot be used: {reason}") from None


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
