"""Exports the orders that fit a filter from one state of the ledger."""

from __future__ import annotations

from pathlib import Path
from typing import IO

from ledger.export.complete_file import complete_file
from ledger.export.export_formats import WRITERS, import_pyarrow
from ledger.export.export_kinds import ExportFormat, ExportTable
from ledger.export.order_batches import flat_rows, nested_orders
from ledger.reading.filters.order_filter import OrderFilter
from ledger.reading.ledger_reader import LedgerReader


def export_to_stream(
    reader: LedgerReader, criteria: OrderFilter, table: ExportTable, output: ExportFormat, stream: IO[bytes]
) -> int:
    """Returns how many rows were written; of JSON lines, how many orders. A line of JSON is a whole order: `table` does
    not count. Raises LedgerUnusable, InvalidSearch, and OSError."""
    with reader.snapshot() as connection:
        is_nested = output is ExportFormat.JSONL
        rows = nested_orders(connection, criteria) if is_nested else flat_rows(connection, criteria, table)
        return WRITERS[output](rows, table, stream)


def export_to_file(
    reader: LedgerReader, criteria: OrderFilter, table: ExportTable, output: ExportFormat, path: Path
) -> int:
    """As `export_to_stream`. The file is a `complete_file`."""
    if output is ExportFormat.PARQUET:
        import_pyarrow()
    with complete_file(path) as file:
        return export_to_stream(reader, criteria, table, output, file)
