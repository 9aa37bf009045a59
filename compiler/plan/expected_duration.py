"""How long a step usually takes, and when it may start (docs/language.md, Time).

The engine's forecasts and the schedule of a plan use this. They differ in how they give expressions a value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from math import inf
from typing import Protocol

from compiler.language.durations import is_template
from compiler.language.steps import StepDefinition

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0

DEFAULT_DURATIONS: Mapping[str, float] = {
    "call": 5.0,
    "activity": 5.0,
    "poll": 10 * MINUTE,
    "callback": 4 * HOUR,
    "manual": DAY,
    "event": DAY,
    "condition": DAY,
    "milestone": 0.0,
}
"""Seconds for a step with neither `expected` nor `sla.duration`. A step never counts as longer than its `within`, and a
`wait` takes the time that it waits for. docs/language.md has the same table."""


@dataclass(frozen=True, slots=True)
class StepTiming:
    """Durations are in seconds, moments in seconds since 1970. An expression that has no value yet counts as absent."""

    duration: float
    delay: float = 0.0
    """`start.delay`: the time between its predecessors' end and its start."""
    not_before: float = -inf
    """`start.at`."""
    until: float = -inf
    """`wait.until`."""
    as_late_as_possible: bool = False
    """`start.latest`."""


class TimeReader(Protocol):
    """Gives durations and times of a definition their values."""

    def duration(self, written: timedelta | str) -> float | None:
        """In seconds; None if the expression has no value (yet)."""

    def moment(self, written: str) -> float | None:
        """In seconds since 1970; None if the expression has no value (yet)."""


def step_timing(definition: StepDefinition, reader: TimeReader) -> StepTiming:
    start, wait = definition.start, definition.wait
    return StepTiming(
        duration=_expected_duration(definition, reader),
        delay=_duration(reader, start.delay if start else None, 0.0),
        not_before=_moment(reader, start.at if start else None),
        until=_moment(reader, wait.until if wait else None),
        as_late_as_possible=start is not None and start.latest is True,
    )


def has_time_templates(definition: StepDefinition) -> bool:
    """Whether its timing depends on the order or on outputs."""
    start, wait, call = definition.start, definition.wait, definition.call
    texts: list[object] = [definition.expected, definition.sla.duration if definition.sla else None]
    texts += [start.delay, start.at] if start else []
    texts += [wait.for_, wait.until, wait.within] if wait else []
    texts += [definition.event.within] if definition.event else []
    texts += [limits.within for limits in (call.poll, call.callback) if limits is not None] if call else []
    return any(is_template(text) for text in texts)


def _expected_duration(definition: StepDefinition, reader: TimeReader) -> float:
    """Takes the first of these that has a value: `expected`, the time of a `wait`, `sla.duration`, the default."""
    wait, sla = definition.wait, definition.sla
    if (expected := _duration(reader, definition.expected, -1.0)) >= 0:
        return expected
    if wait is not None and wait.condition is None:
        return _duration(reader, wait.for_, 0.0)
    if sla is not None and (duration := _duration(reader, sla.duration, -1.0)) >= 0:
        return duration
    kind, within = _default_key(definition)
    return min(DEFAULT_DURATIONS[kind], _duration(reader, within, inf))


def _default_key(definition: StepDefinition) -> tuple[str, timedelta | str | None]:
    """The key in DEFAULT_DURATIONS, and the step's `within`."""
    call = definition.call
    if call is not None and call.poll is not None:
        return "poll", call.poll.within
    if call is not None and call.callback is not None:
        return "callback", call.callback.within
    if definition.event is not None:
        return "event", definition.event.within
    if definition.wait is not None:
        return "condition", definition.wait.within
    return definition.kind.value, None


def _duration(reader: TimeReader, written: timedelta | str | None, default: float) -> float:
    value = None if written is None else reader.duration(written)
    return default if value is None else value


def _moment(reader: TimeReader, written: str | None) -> float:
    value = None if written is None else reader.moment(written)
    return -inf if value is None else value
