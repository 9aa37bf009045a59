"""Writes rows as JSON lines, CSV or Parquet. Each takes any number of rows, and keeps few in memory."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import IO, Any

from sqlalchemy import Boolean, Column, Double, Integer
from sqlalchemy.types import JSON

from ledger.export.export_columns import columns_of
from ledger.export.export_kinds import ExportFormat, ExportTable
from ledger.export.order_batches import ExportRow
from ledger.schema.column_types import UtcTime
from ledger.settings import LedgerUnusable

ROWS_OF_A_GROUP = 20_000
"""Rows that Parquet compresses together."""
Writer = Callable[[Iterable[ExportRow], ExportTable, IO[bytes]], int]
"""Returns how many rows it has written."""


class ParquetMissing(LedgerUnusable):
    """The message says what to install."""


def write_json_lines(rows: Iterable[ExportRow], _table: ExportTable, file: IO[bytes]) -> int:
    count = 0
    for row in rows:
        file.write(json.dumps(row, ensure_ascii=False, default=_time_text, separators=(",", ":")).encode() + b"\n")
        count += 1
    return count


def write_csv(rows: Iterable[ExportRow], table: ExportTable, file: IO[bytes]) -> int:
    """With a heading. Times are ISO 8601, structured values JSON, and what is not there is empty."""
    columns = columns_of(table)
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    count = 0
    try:
        for row in rows:
            writer.writerow([_csv_cell(row[name], column) for name, column in columns.items()])
            count += 1
    finally:
        text.detach()  # the file stays open
    return count


def write_parquet(rows: Iterable[ExportRow], table: ExportTable, file: IO[bytes]) -> int:
    """Structured values are JSON. Raises ParquetMissing."""
    pyarrow, parquet = import_pyarrow()
    columns = columns_of(table)
    schema = pyarrow.schema([(name, _arrow_type(pyarrow, column)) for name, column in columns.items()])
    count = 0
    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        for group in _groups(rows):
            cells = [{name: _parquet_cell(row[name], column) for name, column in columns.items()} for row in group]
            writer.write_table(pyarrow.Table.from_pylist(cells, schema=schema))
            count += len(cells)
    return count


WRITERS: Mapping[ExportFormat, Writer] = {
    ExportFormat.JSONL: write_json_lines,
    ExportFormat.CSV: write_csv,
    ExportFormat.PARQUET: write_parquet,
}


def import_pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise ParquetMissing(
            "Parquet needs the package pyarrow: install `ordo[parquet]`, or export JSON lines or CSV"
        ) from None
    return pyarrow, parquet


def _is_document(column: Column[Any] | None) -> bool:
    return column is not None and isinstance(column.type, JSON)


def _time_text(value: object) -> str:
    assert isinstance(value, datetime)
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _json_text(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _csv_cell(value: Any, column: Column[Any] | None) -> str:
    if value is None:
        return ""
    if _is_document(column):
        return _json_text(value) or ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return _time_text(value) if isinstance(value, datetime) else str(value)


def _parquet_cell(value: Any, column: Column[Any] | None) -> Any:
    return _json_text(value) if _is_document(column) else value


def _arrow_type(pyarrow: Any, column: Column[Any] | None) -> Any:
    kinds: Sequence[tuple[type, Any]] = (
        (UtcTime, pyarrow.timestamp("us", tz="UTC")),
        (Boolean, pyarrow.bool_()),
        (Integer, pyarrow.int64()),
        (Double, pyarrow.float64()),
    )
    if column is None:
        return pyarrow.string()
    return next((found for kind, found in kinds if isinstance(column.type, kind)), pyarrow.string())


def _groups(rows: Iterable[ExportRow]) -> Iterator[list[ExportRow]]:
    iterator = iter(rows)
    while group := list(islice(iterator, ROWS_OF_A_GROUP)):
        yield group
