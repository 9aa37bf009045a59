"""The results of scenarios, for people: a line for each file, then each failure on its order's timeline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.console import RenderableType
from rich.text import Text

from cli.commands.scenario_runs.scenario_outcome import Outcome
from scenarios.coverage.items import ItemKind
from scenarios.coverage.report import CoverageReport
from scenarios.expectations.checklist import show_time
from scenarios.record import Record
from scenarios.verdict import Failure, ScenarioResult
from views.shared.findings import finding_lines
from views.shared.table import PlainTable

MODE_TEXTS = {"fast": "on the core, without a server", "server": "on a Temporal server that skips time"}
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
    yield from _timeline_table(result, MAX_TIMELINE)


def _timeline_table(result: ScenarioResult, limit: int) -> Iterator[RenderableType]:
    lines = list(_timeline(result.record, result.failures))
    if lines:
        yield Text("")
        yield PlainTable(["after", "", "step", "what happened"], _shorten(lines, limit))


def _timeline(record: Record, failures: Sequence[Failure]) -> Iterator[tuple[float, str, str, Text]]:
    """(time, mark, step, what happened), in the order of time."""
    rows = [(at, 0, "", step or "", Text(what)) for at, step, what in _without_repeats(record)]
    for failure in failures:
        if failure.at is not None:
            text = Text(f"line {failure.location.line}: {_short(failure.message)}", "red")
            rows.append((failure.at, 1, "✗", failure.step or "", text))
    rows.sort(key=lambda row: (row[0], row[1]))
    for at, _, mark, step, what in rows:
        yield at, mark, step, what


def _without_repeats(record: Record) -> Iterator[tuple[float, str | None, str]]:
    """(time, step, what happened). The same again and again, such as a poll, is one entry with its number."""
    for (step, what), repeated in groupby(record.timeline, key=lambda entry: (entry.step, entry.what)):
        entries = list(repeated)
        times = f" ({len(entries)} times)" if len(entries) > 1 else ""
        yield entries[0].at, step, what + times


def _short(message: str) -> str:
    return message if len(message) <= MAX_SHORT else f"{message[: MAX_SHORT - 1]}…"


def _shorten(lines: Sequence[tuple[float, str, str, Text]], limit: int) -> list[list[str | Text]]:
    """The lines around the failures, and the last ones; what is left out is counted."""
    kept = set(range(len(lines)))
    if len(lines) > limit:
        marked = [at for at, line in enumerate(lines) if line[1]] or [len(lines) - 1]
        near = sorted(range(len(lines)), key=lambda at: min(abs(at - mark) for mark in marked))
        kept = set(near[:limit])
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


def outcome_parts(outcome: Outcome, timeline: bool) -> Iterator[RenderableType]:
    """Failures, findings, coverage, and the summary. `timeline`: also what happened in scenarios that pass."""
    for result in outcome.results:
        if not result.passed:
            yield from failure_parts(result)
        elif timeline:
            yield Text.assemble("\n", ("passed ", "green"), (result.id, "bold"), f"  {result.location}")
            yield from _timeline_table(result, len(result.record.timeline))
    if outcome.findings:
        yield ""
        yield from finding_lines(outcome.findings)
    if outcome.coverage is not None:
        yield from _coverage_parts(outcome.coverage)
    if outcome.results or outcome.findings:
        yield ""
        yield _summary(outcome)
    else:
        yield "There are no scenarios."


def _summary(outcome: Outcome) -> Text:
    """`1 failed, 3 passed in 0.12s (on the core, without a server)`."""
    failed = sum(not result.passed for result in outcome.results)
    passed = len(outcome.results) - failed
    invalid = max(outcome.invalid, 1) if outcome.findings else 0
    counts = [(failed, "failed", "bold red"), (invalid, "invalid", "bold red"), (passed, "passed", "green")]
    shown = Text(", ").join(Text(f"{count} {word}", style) for count, word, style in counts if count)
    return Text.assemble(shown, f" in {outcome.seconds:.2f}s ({MODE_TEXTS[outcome.mode]})")


def _coverage_parts(report: CoverageReport) -> Iterator[RenderableType]:
    """What no scenario reaches, each with its place; then how much of each offer is reached."""
    yield ""
    for each in report.unreached:
        item = each.item
        yield Text.assemble((f"{item.location}: ", "bold"), f"{item.name}: ", (item.unreached, "yellow"))
    kinds = [kind for kind in ItemKind if any(offer.total[kind] for offer in report.offers)]
    rows: list[list[str | Text]] = []
    for offer in sorted(report.offers, key=lambda each: each.share):
        counts = [f"{offer.reached[kind]}/{offer.total[kind]}" if offer.total[kind] else "" for kind in kinds]
        style = "green" if offer.share == 1 else "yellow"
        rows.append([offer.offer, Text(f"{offer.share:.0%}", style), *counts])
    yield ""
    headings = ["offer", "reached", *(_KIND_HEADINGS[kind] for kind in kinds)]
    yield PlainTable(headings, rows, range(1, len(headings)))
    yield ""
    yield f"{report.reached} of {report.total} are reached"


_KIND_HEADINGS = {
    ItemKind.RULE: "rules",
    ItemKind.CONDITION: "conditions",
    ItemKind.STEP: "steps",
    ItemKind.MILESTONE: "milestones",
    ItemKind.FAILURE: "failures",
    ItemKind.UNDO: "undos",
    ItemKind.CHANGE: "changes",
}
