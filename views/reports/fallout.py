"""Fallout by system and error code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from ledger.reports.model.fallout_report import FalloutReport
from views.reports.period_text import NONE, period_line
from views.shared.table import Cell, PlainTable
from views.shared.time_format import format_elapsed, format_short_time
from views.shared.value_format import in_words


def fallout_page(report: FalloutReport) -> Iterator[RenderableType]:
    yield period_line("Fallout", report, report.product)
    if not report.rows:
        yield Text("No step was in fallout in this period.")
        return
    rows: list[Sequence[Cell]] = [
        [
            row.system or NONE,
            Text(row.code, style="red"),
            f"{row.count:,}",
            f"{row.orders:,}",
            f"{row.attempts:,}",
            Text(f"{row.open:,}" if row.open else "", style="bold red"),
            format_short_time(row.oldest_open),
            "" if row.took is None else format_elapsed(row.took.p50),
            "" if row.took is None else format_elapsed(row.took.p90),
            ", ".join(f"{count:,} {in_words(way)}" for way, count in row.resolved.items()),
        ]
        for row in report.rows
    ]
    headings = ["System", "Error", "Steps", "Orders", "Tries", "Open", "Oldest", "p50", "p90", "How it ended"]
    yield Text("")
    yield PlainTable(headings, rows, right_aligned=(2, 3, 4, 5), droppable=(8, 4, 7))
