"""The formats of archive files. Each keeps an order's document as one line of JSON."""

from __future__ import annotations

import gzip
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ledger.retention.order_rows import OrderRows, parse_rows
from ledger.settings import LedgerUnusable


class ArchiveUnusable(LedgerUnusable):
    """The archive cannot be used. The message says why and what to do."""


class ArchiveFormat(ABC):
    suffix: str

    @abstractmethod
    def write(self, path: Path, documents: Sequence[OrderRows]) -> None:
        """Raises OSError."""

    @abstractmethod
    def read(self, path: Path) -> Iterator[OrderRows]:
        """Raises OSError and DocumentUnreadable."""


class JsonLines(ArchiveFormat):
    """One order on each line, compressed."""

    suffix = ".jsonl.gz"

    def write(self, path: Path, documents: Sequence[OrderRows]) -> None:
        with gzip.open(path, "wb") as file:
            for document in documents:
                file.write(document.dump() + b"\n")

    def read(self, path: Path) -> Iterator[OrderRows]:
        with gzip.open(path, "rb") as file:
            yield from (parse_rows(line) for line in file)


class Parquet(ArchiveFormat):
    """One order in each row: columns to select by, and the whole document in `document`."""

    suffix = ".parquet"
    TEXTS = ("order_id", "state", "customer_id", "catalogue_version")
    TIMES = ("started_at", "ended_at", "requested_completion")

    def write(self, path: Path, documents: Sequence[OrderRows]) -> None:
        pyarrow, parquet = _import_pyarrow()
        time = pyarrow.timestamp("us", tz="UTC")
        types = dict.fromkeys(self.TEXTS, pyarrow.string()) | dict.fromkeys(self.TIMES, time)
        schema = pyarrow.schema([*types.items(), ("document", pyarrow.string())])
        rows = [
            {name: document.current.get(name) for name in types} | {"document": document.dump().decode()}
            for document in documents
        ]
        parquet.write_table(pyarrow.Table.from_pylist(rows, schema=schema), path, compression="zstd")

    def read(self, path: Path) -> Iterator[OrderRows]:
        _, parquet = _import_pyarrow()
        for text in parquet.read_table(path, columns=["document"]).column("document"):
            yield parse_rows(text.as_py().encode())


def _import_pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise ArchiveUnusable("Parquet needs the package pyarrow: install `ordo[parquet]`, or use JSON lines") from None
    return pyarrow, parquet


FORMATS: dict[str, ArchiveFormat] = {"jsonl": JsonLines(), "parquet": Parquet()}
"""By the names that settings and options use."""


def format_of(file: str) -> ArchiveFormat:
    """Raises ArchiveUnusable."""
    for each in FORMATS.values():
        if file.endswith(each.suffix):
            return each
    raise ArchiveUnusable(f"{file} is no file of the archive: its name ends with neither .jsonl.gz nor .parquet")
