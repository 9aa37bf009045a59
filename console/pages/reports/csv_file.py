"""Reports as CSV for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from views.reports.csv_rows import CsvRow, csv_cells

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def csv_text(columns: Sequence[str], rows: Sequence[CsvRow]) -> str:
    """A text that a spreadsheet would take for a formula gets an apostrophe: a person may have written it."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(columns)
    writer.writerows([_harmless(cell) for cell in csv_cells(columns, row)] for row in rows)
    return written.getvalue()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) and not _is_number(cell) else cell


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
