"""How long steps and workstreams took, and which expectations should change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from compiler.language.durations import format_duration
from ledger.reports.expected_suggestions import Suggestion
from ledger.reports.model.duration_report import DurationReport, StepDurations
from views.reports.period_text import period_line, share_text
from views.shared.table import Cell, PlainTable, titled_section
from views.shared.time_format import format_elapsed
from views.shared.value_format import pluralize

MANY_OVER = 0.75


def durations_page(report: DurationReport) -> Iterator[RenderableType]:
    yield period_line("Durations", report, report.product)
    if not report.steps:
        yield Text("No step was completed in this period.")
        return
    yield from titled_section("Steps", _steps_table(report.steps))
    if report.workstreams:
        rows: list[Sequence[Cell]] = [
            [
                row.workstream,
                f"{row.took.count:,}",
                *map(format_elapsed, (row.took.p50, row.took.p90, row.took.longest)),
            ]
            for row in report.workstreams
        ]
        yield from titled_section(
            "Workstreams", PlainTable(["Workstream", "Done", "p50", "p90", "Longest"], rows, right_aligned=(1,))
        )


def _steps_table(steps: Sequence[StepDurations]) -> PlainTable:
    rows: list[Sequence[Cell]] = [
        [
            row.step,
            f"{row.took.count:,}",
            format_elapsed(row.took.p50),
            format_elapsed(row.took.p90),
            "" if row.expected is None else format_elapsed(row.expected),
            _share_over(row),
        ]
        for row in steps
    ]
    headings = ["Step", "Done", "p50", "p90", "Expected", "Longer"]
    return PlainTable(headings, rows, right_aligned=(1, 5), droppable=(3, 4, 1))


def _share_over(row: StepDurations) -> Text:
    if row.over_expected is None:
        return Text("")
    is_bad = row.over_expected > MANY_OVER * row.took.count
    return Text(share_text(row.over_expected, row.took.count), style="bold red" if is_bad else "")


def suggestion_lines(suggestions: Sequence[Suggestion]) -> Iterator[Text]:
    """`FILE:LINE: expected: 6h` with why, one suggestion a line."""
    for each in suggestions:
        took = each.took.took
        present = format_duration(each.expected)
        was = f"instead of {present}" if each.is_written else f"new; forecasts use {present}"
        why = f"{each.step}, {was}: half of {took.count:,} took up to {format_elapsed(took.p50)}"
        place = f"{each.location.file}:{each.location.line}: "
        yield Text.assemble(place, (each.line, "bold"), (f"   # {why}", "bright_black"))


def suggestions_note(suggestions: Sequence[Suggestion], min_samples: int, *, as_diff: bool) -> str:
    """`as_diff`: whether the diff is what was printed."""
    if not suggestions:
        return f"No `expected` should change: no step was done {min_samples:,} times and clearly took another time."
    unchangeable = [each.step for each in suggestions if each.change is None]
    more = f" Change by hand, the diff leaves them out: {', '.join(unchangeable)}." if unchangeable else ""
    how = "`git apply` takes this diff." if as_diff else "`-o diff` prints them for `git apply`."
    return f"{pluralize(len(suggestions), 'line')} to change. {how}{more}"


def suggestion_columns() -> Sequence[str]:
    return ("file", "line", "step", "expected", "suggested", "is_written", "count", "p50_seconds")


def suggestion_rows(suggestions: Sequence[Suggestion]) -> list[dict[str, Any]]:
    """For programs."""
    return [
        {
            "file": each.location.file,
            "line": each.location.line,
            "step": each.step,
            "expected": format_duration(each.expected),
            "suggested": format_duration(each.suggested),
            "is_written": each.is_written,
            "count": each.took.took.count,
            "p50_seconds": each.took.took.p50,
        }
        for each in suggestions
    ]
