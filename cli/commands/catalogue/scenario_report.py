"""The results of scenarios, for people: a line for each file, then each failure on its order's timeline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.console import RenderableType
from rich.text import Text

from compiler.source.findings import Finding
from scenarios.expectations.checklist import show_time
from scenarios.record import Record
from scenarios.verdict import Failure, ScenarioResult
from views.shared.findings import finding_lines
from views.shared.table import PlainTable

MAX_TIMELINE = 40
"""Lines of the timeline of one scenario; what comes before and after the failures is left out first."""


MAX_SHORT = 90
"""Characters of a failure on the timeline; its whole message is above."""


def file_lines(results: Sequence[ScenarioResult], verbose: bool) -> Iterator[RenderableType]:
    """`definitions/scenarios/home_security.yaml ..F`, or with `verbose` a line for each scenario."""
    for file, grouped in groupby(results, key=lambda result: result.location.file):
        of_file = list(grouped)
        if not verbose:
            marks = [(".", "green") if result.passed else ("F", "bold red") for result in of_file]
            yield Text.assemble(f"{file} ", *marks)
            continue
        for result in of_file:
            word = ("passed", "green") if result.passed else ("FAILED", "bold red")
            yield Text.assemble(f"{file} {result.id} ", word, f"  {result.seconds:.2f}s")


def failure_parts(result: ScenarioResult) -> Iterator[RenderableType]:
    """A failed scenario: its failures, each with its place, and the timeline of its order."""
    location = result.location
    title = f" {result.entry.model.name}" if result.entry.model.name else ""
    yield Text.assemble("\n", ("FAILED ", "bold red"), (result.id, "bold"), title, f"  {location}")
    for failure in result.failures:
        yield Text.assemble(f"{failure.location}: ", (failure.message, "red"))
        if failure.expected and failure.actual and len(failure.expected) + len(failure.actual) > 30:
            yield Text.assemble("    expected  ", (failure.expected, "green"))
            yield Text.assemble("    actual    ", (failure.actual, "red"))
    lines = list(_timeline(result.record, result.failures))
    if lines:
        yield Text("")
        yield PlainTable(["after", "", "step", "what happened"], _shorten(lines))


def _timeline(record: Record, failures: Sequence[Failure]) -> Iterator[tuple[float, str, str, Text]]:
    """(time, mark, step, what happened), in the order of time."""
    rows = [(entry.at, 0, "", entry.step or "", Text(entry.what)) for entry in record.timeline]
    for failure in failures:
        if failure.at is not None:
            text = Text(f"line {failure.location.line}: {_short(failure.message)}", "red")
            rows.append((failure.at, 1, "✗", failure.step or "", text))
    rows.sort(key=lambda row: (row[0], row[1]))
    for at, _, mark, step, what in rows:
        yield at, mark, step, what


def _short(message: str) -> str:
    return message if len(message) <= MAX_SHORT else f"{message[: MAX_SHORT - 1]}…"


def _shorten(lines: Sequence[tuple[float, str, str, Text]]) -> list[list[str | Text]]:
    """The lines around the failures, and the last ones; what is left out is counted."""
    kept = set(range(len(lines)))
    if len(lines) > MAX_TIMELINE:
        marked = [at for at, line in enumerate(lines) if line[1]] or [len(lines) - 1]
        near = sorted(range(len(lines)), key=lambda at: min(abs(at - mark) for mark in marked))
        kept = set(near[:MAX_TIMELINE])
    rows: list[list[str | Text]] = []
    left_out = 0
    for at, (moment, mark, step, what) in enumerate(lines):
        if at not in kept:
            left_out += 1
            continue
        if left_out:
            rows.append(["", "", "", Text(f"… {left_out} more …", "dim")])
            left_out = 0
        rows.append([show_time(moment), Text(mark, "bold red"), step, what])
    if left_out:
        rows.append(["", "", "", Text(f"… {left_out} more …", "dim")])
    return rows


def summary_line(results: Sequence[ScenarioResult], findings: Sequence[Finding], seconds: float, mode: str) -> Text:
    """`1 failed, 3 passed in 0.12s (on the core, without a server)`."""
    failed = sum(not result.passed for result in results)
    invalid = len({(finding.file, finding.line) for finding in findings})
    counts = [
        (f"{failed} failed", "bold red") if failed else None,
        (f"{invalid} invalid", "bold red") if invalid else None,
        (f"{len(results) - failed} passed", "green") if len(results) > failed or not (failed or invalid) else None,
    ]
    parts: list[str | tuple[str, str]] = []
    for count in counts:
        if count is not None:
            parts += [", " if parts else "", count]
    return Text.assemble(*parts, f" in {seconds:.2f}s ({mode})")


def finding_parts(findings: Sequence[Finding]) -> Sequence[RenderableType]:
    return [*finding_lines(findings)]
