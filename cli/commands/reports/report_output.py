"""Prints a report: tables, JSON, or CSV."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

from rich.console import RenderableType

from cli.framework.freshness import note_source
from cli.framework.options import value_option
from cli.framework.session import Session
from cli.user_input.value_parsing import parse_since

if TYPE_CHECKING:
    from operations.reading.provenance import Provenance
    from operations.reading.reports import ReportCriteria

PANEL = "Reports"


class ReportFormat(StrEnum):
    TEXT = "text"
    JSON = "json"
    CSV = "csv"


ProductOption = Annotated[str | None, value_option("ID", "Only orders with this commercial product.")]
SinceOption = Annotated[
    str | None, value_option("WHEN", "From then on: 2026-12-01, 2h, 3d. Default: the last 30 days.")
]
UntilOption = Annotated[str | None, value_option("WHEN", "Until before then. Default: now.")]


def read_criteria(since: str | None, until: str | None, product: str | None = None) -> ReportCriteria:
    from operations.reading.reports import ReportCriteria

    now = datetime.now(UTC)
    return ReportCriteria(parse_since(since, now), parse_since(until, now, "--until"), product)


def print_report(
    session: Session,
    provenance: Provenance,
    document: Any,
    page: Iterable[RenderableType],
    rows: tuple[Sequence[str], Sequence[Mapping[str, Any]]],
) -> None:
    """`document` is for JSON, `page` for people, and `rows` for CSV."""
    if session.output.value == ReportFormat.CSV.value:
        write_csv(*rows)
    elif session.is_json:
        session.print_json(document)
    else:
        session.print(*page)
        note_source(session, provenance)


def write_csv(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    from views.reports.csv_rows import csv_cells

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(csv_cells(columns, row) for row in rows)
    sys.stdout.flush()
