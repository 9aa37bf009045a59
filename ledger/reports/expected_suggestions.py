"""Which `expected` of the definitions should change, by how long steps really took. Nothing is written here."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from compiler.catalogue.catalogue import Catalogue, Step
from compiler.language.durations import format_duration
from compiler.source.document import Document
from compiler.source.findings import SourceLocation
from ledger.reports.expected_durations import comparable_steps
from ledger.reports.model.duration_report import DurationReport, StepDurations

MIN_SAMPLES = 20
MIN_FACTOR = 1.25
"""A forecast is not better for a smaller difference."""
MIN_DIFFERENCE = timedelta(minutes=1)
"""For a step without `expected`: seconds are not worth a line."""
CERTAINTY = 2.576
"""Standard deviations: a difference this large is chance in one case of a hundred."""
_SECOND, _MINUTE, _HOUR, _DAY = (timedelta(seconds=seconds) for seconds in (1, 60, 3600, 86400))
_STEPS = (
    (10 * _SECOND, _SECOND),
    (_MINUTE, 5 * _SECOND),
    (10 * _MINUTE, _MINUTE),
    (_HOUR, 5 * _MINUTE),
    (4 * _HOUR, 15 * _MINUTE),
    (_DAY, _HOUR),
    (3 * _DAY, 12 * _HOUR),
    (timedelta.max, _DAY),
)
"""Durations below the first are rounded to the second."""


@dataclass(frozen=True)
class LineChange:
    """Line `number` (from 1) of the file: replaced by `new`, or with `is_insertion` preceded by it."""

    file: str
    number: int
    new: str
    is_insertion: bool


@dataclass(frozen=True)
class Suggestion:
    step: str
    location: SourceLocation
    """Of the present value; without one, of the step."""
    took: StepDurations
    expected: timedelta
    """As forecasts expect it now."""
    is_written: bool
    """Whether the step has an `expected`."""
    suggested: timedelta
    change: LineChange | None
    """None: it is not written in a way that can be changed line by line."""

    @property
    def line(self) -> str:
        """As YAML."""
        return f"expected: {format_duration(self.suggested)}"


def suggest(report: DurationReport, catalogue: Catalogue, min_samples: int = MIN_SAMPLES) -> list[Suggestion]:
    """By file and line. `report` was compared with this catalogue."""
    took = {row.step: row for row in report.steps}
    found = [
        suggestion
        for step in comparable_steps(catalogue)
        if (row := took.get(step.reference)) is not None
        and (suggestion := _suggestion(step, row, min_samples)) is not None
    ]
    return sorted(found, key=lambda each: (each.location.file or "", each.location.line or 0))


def round_duration(duration: timedelta) -> timedelta:
    """To a value that people would write. At least a second."""
    unit = next(unit for below, unit in _STEPS if duration < below)
    return max(timedelta(seconds=math.floor(duration / unit + 0.5) * unit.total_seconds()), _SECOND)


def _suggestion(step: Step, row: StepDurations, min_samples: int) -> Suggestion | None:
    if row.expected is None or row.over_expected is None or row.took.count < min_samples:
        return None
    expected, suggested = timedelta(seconds=row.expected), round_duration(timedelta(seconds=row.took.p50))
    document, path = step.place.document, (*step.place.path, "expected")
    is_written = document.value(path) is not None
    if not _differs(row.over_expected, row.took.count) or not _is_much(expected, suggested):
        return None
    if not is_written and abs(suggested - expected) < MIN_DIFFERENCE:
        return None
    return Suggestion(
        step=step.reference,
        location=document.location(path) if is_written else step.location,
        took=row,
        expected=expected,
        is_written=is_written,
        suggested=suggested,
        change=(_replacement if is_written else _insertion)(step, f"{format_duration(suggested)}"),
    )


def _differs(over: int, count: int) -> bool:
    """Whether the middle of the durations is surely not the expected one: then half of them, give or take what chance
    does, would take longer."""
    return abs(over / count - 0.5) > CERTAINTY * 0.5 / math.sqrt(count)


def _is_much(expected: timedelta, suggested: timedelta) -> bool:
    shorter, longer = sorted((expected, suggested))
    return longer >= shorter * MIN_FACTOR and longer > shorter


def _replacement(step: Step, value: str) -> LineChange | None:
    document = step.place.document
    path = (*step.place.path, "expected")
    location = document.location(path)
    line = _line(document, location.line)
    if line is None or location.column is None:
        return None
    before, rest = line[: location.column - 1], line[location.column - 1 :]
    written = re.escape(str(document.value(path)))
    match = re.match(rf"(?:{written}|\"{written}\"|'{written}')", rest)
    if match is None:
        return None
    return LineChange(document.file, location.line or 0, before + value + rest[match.end() :], is_insertion=False)


def _insertion(step: Step, value: str) -> LineChange | None:
    """Before the first key of the step, or after its name. A step in braces is left alone."""
    document, path = step.place.document, step.place.path
    content = document.value(path)
    if not isinstance(content, dict) or not content:
        return None
    keys = list(content)
    places = [document.location((*path, key), key=True) for key in keys[:2]]
    first = places[0]
    line = _line(document, first.line)
    if line is None or first.column is None or line[: first.column - 1].strip():
        return None
    is_named = keys[0] == "name" and len(places) > 1 and places[1].line == (first.line or 0) + 1
    number = (first.line or 0) + is_named
    return LineChange(document.file, number, f"{' ' * (first.column - 1)}expected: {value}", is_insertion=True)


def _line(document: Document, number: int | None) -> str | None:
    lines = document.text.split("\n")
    return lines[number - 1] if number is not None and 0 < number <= len(lines) else None


def unified_diff(suggestions: Sequence[Suggestion], catalogue: Catalogue) -> Iterator[str]:
    """Lines with their ends, for `git apply` and `patch -p1` in the folder from which the definitions were read."""
    texts = {step.place.document.file: step.place.document.text for step in comparable_steps(catalogue)}
    changes: dict[str, list[LineChange]] = {}
    for suggestion in suggestions:
        if suggestion.change is not None:
            changes.setdefault(suggestion.change.file, []).append(suggestion.change)
    for file, of_file in sorted(changes.items()):
        before = texts[file].splitlines(keepends=True)
        after = [*before]
        for change in sorted(of_file, key=lambda each: each.number, reverse=True):
            end = "\r\n" if before[change.number - 1].endswith("\r\n") else "\n"
            at = slice(change.number - 1, change.number - 1 if change.is_insertion else change.number)
            after[at] = [change.new.removesuffix("\r") + end]
        yield from difflib.unified_diff(before, after, f"a/{file}", f"b/{file}")
