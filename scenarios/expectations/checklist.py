"""Collects what does not hold, with its place in the scenario."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from compiler.language.durations import format_duration
from compiler.language.scenario_expectations import DurationRange
from compiler.source.document import KeyPath
from compiler.source.findings import SourceLocation, did_you_mean
from compiler.values import as_text
from scenarios.expectations.partial_match import mismatches
from scenarios.scenario_order import ScenarioEntry
from scenarios.verdict import Failure


class Checklist:
    def __init__(self, entry: ScenarioEntry) -> None:
        self._document = entry.document
        self.failures: list[Failure] = []

    def fail(
        self,
        path: KeyPath,
        message: str,
        expected: Any = "",
        actual: Any = "",
        *,
        key: bool = False,
        at: float | None = None,
        step: str | None = None,
        location: SourceLocation | None = None,
    ) -> None:
        """`location`: the place, if it is not that of `path`."""
        location = location or self._document.location(path, key=key)
        self.failures.append(Failure(location, message, show(expected), show(actual), at, step))

    def is_mapping(self, path: KeyPath) -> bool:
        """Whether a mapping is written there."""
        return isinstance(self._document.value(path), dict)

    def equal(
        self,
        path: KeyPath,
        subject: str,
        expected: Any,
        actual: Any,
        *,
        at: float | None = None,
        step: str | None = None,
    ) -> None:
        """Nothing is checked if nothing is expected (None)."""
        if expected is not None and expected != actual:
            message = f"{subject} is {show(actual)}, not {show(expected)}"
            self.fail(path, message, expected, actual, at=at, step=step)

    def partial(
        self,
        path: KeyPath,
        subject: str,
        expected: Any,
        actual: Any,
        *,
        at: float | None = None,
        step: str | None = None,
    ) -> None:
        for each in mismatches(expected, actual):
            name = ".".join(str(part) for part in each.path)
            what = f"{subject}{f'.{name}' if name else ''}"
            if each.missing:
                message = f"{what} is missing, and {show(each.expected)} is expected"
            else:
                message = f"{what} is {show(each.actual)}, not {show(each.expected)}"
            self.fail((*path, *each.path), message, each.expected, each.actual, at=at, step=step)

    def in_range(
        self,
        path: KeyPath,
        subject: str,
        limits: DurationRange | None,
        seconds: float | None,
        *,
        at: float | None = None,
        step: str | None = None,
    ) -> None:
        """`seconds`: since the start; None if it has not happened. `at`: when it showed; at that time if omitted."""
        if limits is None:
            return
        if seconds is None:
            self.fail(path, f"{subject}: it has not", show_range(limits), "never", step=step)
            return
        actual = timedelta(seconds=seconds)
        if limits.at_least is not None and actual < limits.at_least - TOLERANCE:
            self.fail(
                (*path, "at_least"),
                _compared(subject, actual, "earlier", limits.at_least),
                limits.at_least,
                actual,
                at=seconds if at is None else at,
                step=step,
            )
        if limits.at_most is not None and actual > limits.at_most + TOLERANCE:
            self.fail(
                (*path, "at_most"),
                _compared(subject, actual, "later", limits.at_most),
                limits.at_most,
                actual,
                at=seconds if at is None else at,
                step=step,
            )


TOLERANCE = timedelta(seconds=1)
"""On a server, whatever happens takes a moment."""
UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
"""Seconds of each."""


def show(value: Any) -> str:
    """A value for people."""
    if isinstance(value, timedelta):
        return show_time(value.total_seconds())
    if value is None:
        return "nothing"
    return as_text(value)


def show_time(seconds: float, units: int = 2) -> str:
    """`2d 4h`, `3s`: at most so many of the largest units."""
    left, parts = round(seconds), []
    for unit, size in UNITS.items():
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
        if len(parts) == units:
            break
    return " ".join(parts) or "0s"


def _compared(subject: str, actual: timedelta, word: str, limit: timedelta) -> str:
    """Both times have the unit in which they differ."""
    for units in range(2, len(UNITS) + 1):
        shown = [show_time(each.total_seconds(), units) for each in (actual, limit)]
        if shown[0] != shown[1]:
            break
    return f"{subject} after {shown[0]}, {word} than {shown[1]}"


def show_range(limits: DurationRange) -> str:
    given = [
        f"{word} {format_duration(limit)}"
        for word, limit in (("at least", limits.at_least), ("at most", limits.at_most))
        if limit is not None
    ]
    return " and ".join(given)


def near(name: str, known: Iterable[str]) -> str:
    return did_you_mean(name, sorted(set(known)))
