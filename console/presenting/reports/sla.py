"""Promises kept and missed, by group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from console.presenting.charts.bars import Bar, bar, longest_of
from ledger.reports.model.sla_report import SlaReport, SlaRow
from views.reports.period_text import NONE, share_text
from views.reports.sla import TITLES
from views.shared.time_format import format_elapsed

PROMISES = {"order": "Requested completion of orders", "step": "Slas of steps"}


@dataclass(frozen=True)
class PromiseRow:
    name: str
    kept: int
    missed: int
    still_open: int
    kept_share: str
    late_p50: str
    latest: str
    bar: Bar


@dataclass(frozen=True)
class PromiseTable:
    title: str
    heading: str
    rows: tuple[PromiseRow, ...]


@dataclass(frozen=True)
class SlaPage:
    totals: tuple[PromiseRow, ...]
    tables: tuple[PromiseTable, ...]


def sla_page(report: SlaReport) -> SlaPage:
    totals = [row for row in report.rows if row.by == "all"]
    return SlaPage(
        totals=tuple(_rows([(PROMISES[row.promise], row) for row in totals])),
        tables=tuple(_tables(report)),
    )


def _tables(report: SlaReport) -> Iterator[PromiseTable]:
    for (promise, grouping), (title, heading) in TITLES.items():
        rows = [row for row in report.rows if (row.promise, row.by) == (promise, grouping)]
        if any(row.group is not None for row in rows):
            yield PromiseTable(title, heading, tuple(_rows([(row.group or NONE, row) for row in rows])))


def _rows(named: Sequence[tuple[str, SlaRow]]) -> Iterator[PromiseRow]:
    longest = longest_of([row.kept + row.missed for _, row in named])
    for name, row in named:
        done_late = row.missed - row.still_open
        parts = ((row.kept, "good", "kept"), (done_late, "warn", "done late"), (row.still_open, "bad", "still open"))
        yield PromiseRow(
            name=name,
            kept=row.kept,
            missed=row.missed,
            still_open=row.still_open,
            kept_share=share_text(row.kept, row.kept + row.missed),
            late_p50="" if row.late_by is None else format_elapsed(row.late_by.p50),
            latest="" if row.late_by is None else format_elapsed(row.late_by.longest),
            bar=bar(parts, longest),
        )
