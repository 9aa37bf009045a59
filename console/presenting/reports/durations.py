"""How long steps took against what is expected, and which lines of the definitions should change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from compiler.language.durations import format_duration
from console.presenting.catalogue.places import PlaceNames
from console.presenting.charts.scales import DurationScale, Tick
from ledger.reports.expected_suggestions import Suggestion
from ledger.reports.model.duration_report import DurationReport
from ledger.reports.model.report import Spread
from views.reports.durations import MANY_OVER
from views.reports.period_text import share_text
from views.shared.time_format import format_elapsed

MAX_ROWS = 200
"""Steps on a page. The files for programs have all."""


@dataclass(frozen=True)
class SpanMark:
    """A span on the scale: half of the times are shorter than its middle, nine of ten end in it."""

    p50: float
    p90: float
    longest: float
    expected: float | None
    """Percent of the scale."""
    label: str


@dataclass(frozen=True)
class DurationRow:
    step: str
    name: str
    workstream: str
    count: int
    p50: str
    p90: str
    longest: str
    expected: str
    over: str
    """`38 %` took longer than expected; empty if nothing is expected."""
    is_over: bool
    span: SpanMark


@dataclass(frozen=True)
class SuggestionText:
    line: str
    """To copy: `expected: 6h`."""
    place: str
    step: str
    why: str
    by_hand: bool
    """It is not written in a way that a program can change line by line."""


@dataclass(frozen=True)
class DurationsPage:
    steps: tuple[DurationRow, ...]
    left_out: int
    workstreams: tuple[DurationRow, ...]
    ticks: tuple[Tick, ...]
    completed: int
    over_count: int
    """Steps of which many took longer than expected."""


def durations_page(report: DurationReport) -> DurationsPage:
    spreads = [row.took for row in report.steps] + [row.took for row in report.workstreams]
    expected = [row.expected for row in report.steps if row.expected]
    scale = DurationScale.of([value for took in spreads for value in (took.p50, took.longest)] + expected)
    rows = tuple(_step_rows(report, scale))
    return DurationsPage(
        steps=rows[:MAX_ROWS],
        left_out=max(len(rows) - MAX_ROWS, 0),
        workstreams=tuple(
            _row(row.workstream, row.name, row.workstream, row.took, None, None, scale) for row in report.workstreams
        )[:MAX_ROWS],
        ticks=tuple(scale.ticks()),
        completed=sum(row.took.count for row in report.steps),
        over_count=sum(row.is_over for row in rows),
    )


def _step_rows(report: DurationReport, scale: DurationScale) -> Iterator[DurationRow]:
    for row in report.steps:
        yield _row(row.step, row.name, row.workstream, row.took, row.expected, row.over_expected, scale)


def _row(
    id_: str,
    name: str,
    workstream: str,
    took: Spread,
    expected: float | None,
    over: int | None,
    scale: DurationScale,
) -> DurationRow:
    p50, p90, longest = map(format_elapsed, (took.p50, took.p90, took.longest))
    told = "" if expected is None else format_elapsed(expected)
    label = f"half took at most {p50}, nine of ten {p90}, the longest {longest}"
    return DurationRow(
        step=id_,
        name=name,
        workstream=workstream,
        count=took.count,
        p50=p50,
        p90=p90,
        longest=longest,
        expected=told,
        over="" if over is None else share_text(over, took.count),
        is_over=over is not None and over > MANY_OVER * took.count,
        span=SpanMark(
            p50=scale.position(took.p50),
            p90=scale.position(took.p90),
            longest=scale.position(took.longest),
            expected=None if expected is None else scale.position(expected),
            label=label + (f"; expected {told}" if told else ""),
        ),
    )


def suggestion_texts(suggestions: Sequence[Suggestion], places: PlaceNames) -> list[SuggestionText]:
    return [
        SuggestionText(
            line=each.line,
            place=places.place(each.location),
            step=each.step,
            why=(
                f"{_instead_of(each)}; half of {each.took.took.count:,} took up to {format_elapsed(each.took.took.p50)}"
            ),
            by_hand=each.change is None,
        )
        for each in suggestions
    ]


def _instead_of(suggestion: Suggestion) -> str:
    present = format_duration(suggestion.expected)
    return f"instead of {present}" if suggestion.is_written else f"new; forecasts use {present}"
