"""Promises kept and missed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from ledger.reports.model.sla_report import Grouping, Promise, SlaReport, SlaRow
from views.reports.period_text import NONE, period_line, share_text
from views.shared.table import Cell, PlainTable, titled_section
from views.shared.time_format import format_elapsed

TITLES: dict[tuple[Promise, Grouping], tuple[str, str]] = {
    ("step", "step"): ("Slas of steps", "Step"),
    ("step", "product"): ("Slas of steps, by product", "Product"),
    ("step", "tier"): ("Slas of steps, by the customer's tier", "Tier"),
    ("order", "product"): ("Requested completion of orders, by product", "Product"),
    ("order", "tier"): ("Requested completion of orders, by the customer's tier", "Tier"),
}
"""In this order. The totals come first."""


def sla_page(report: SlaReport) -> Iterator[RenderableType]:
    yield period_line("Promises", report, report.product)
    totals = [row for row in report.rows if row.by == "all"]
    if not totals:
        yield Text("In this period no requested completion and no sla was kept or missed.")
        return
    names = {"order": "requested completion", "step": "slas of steps"}
    yield from titled_section("All", _table("Promise", [(names[row.promise], row) for row in totals]))
    for (promise, grouping), (title, heading) in TITLES.items():
        rows = [row for row in report.rows if (row.promise, row.by) == (promise, grouping)]
        if any(row.group is not None for row in rows):
            yield from titled_section(title, _table(heading, [(row.group or NONE, row) for row in rows]))


def _table(heading: str, rows: Sequence[tuple[str, SlaRow]]) -> PlainTable:
    cells: list[Sequence[Cell]] = [
        [
            name,
            f"{row.kept:,}",
            Text(f"{row.missed:,}" if row.missed else "", style="bold red"),
            f"{row.still_open:,}" if row.still_open else "",
            share_text(row.kept, row.kept + row.missed),
            "" if row.late_by is None else format_elapsed(row.late_by.p50),
            "" if row.late_by is None else format_elapsed(row.late_by.longest),
        ]
        for name, row in rows
    ]
    headings = [heading, "Kept", "Missed", "Open", "Kept %", "Late p50", "Latest"]
    return PlainTable(headings, cells, right_aligned=(1, 2, 3, 4), droppable=(5, 3))
