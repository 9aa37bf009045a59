"""How long a step usually takes, and when it may start. Forecasts and `start: {latest: true}` use this."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from math import inf
from typing import Any

from compiler.language.durations import is_template
from compiler.language.steps import StepDefinition
from compiler.plan.plan import Plan
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import StepRun
from workflows.core.steps.expression_scope import StepExpressionError, StepScope

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
END_OF_TIME = 253_402_300_799.0
"""The last moment that a datetime can represent. Later moments count as this one."""

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


class StepTimings:
    """The timing of each step of a plan, cached until something that it reads changes.

    Results depend only on the order's state, never on earlier calls, so queries may use it.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.has_templates = [_has_templates(planned.definition) for planned in plan.definitions]
        self._fixed: list[StepTiming | None] = [None] * len(plan.definitions)
        self._rendered: dict[int, tuple[list[Any], StepTiming]] = {}

    def timing(self, run: OrderRun, step: StepRun) -> StepTiming:
        planned = self.plan.steps[step.position]
        if not self.has_templates[planned.definition_position]:
            timing = self._fixed[planned.definition_position]
            if timing is None:
                timing = self._fixed[planned.definition_position] = _timing(run, step)
            return timing
        inputs = [run.characteristics, *(run.steps[at].output for read in planned.reads for at in read)]
        cached = self._rendered.get(step.position)
        if cached is not None and all(before is now for before, now in zip(cached[0], inputs, strict=True)):
            return cached[1]
        timing = _timing(run, step)
        self._rendered[step.position] = inputs, timing
        return timing


def _has_templates(definition: StepDefinition) -> bool:
    texts: list[object] = [definition.expected]
    if definition.sla is not None:
        texts.append(definition.sla.duration)
    if definition.start is not None:
        texts += [definition.start.delay, definition.start.at]
    if definition.wait is not None:
        texts += [definition.wait.for_, definition.wait.until, definition.wait.within]
    if definition.event is not None:
        texts.append(definition.event.within)
    call = definition.call
    if call is not None:
        texts += [limits.within for limits in (call.poll, call.callback) if limits is not None]
    return any(is_template(text) for text in texts)


def _timing(run: OrderRun, step: StepRun) -> StepTiming:
    definition, scope = run.definition(step).definition, StepScope(run, step)
    start, wait = definition.start, definition.wait
    return StepTiming(
        duration=_expected_duration(definition, scope),
        delay=_value_or(scope.render_duration, start.delay, 0.0) if start is not None else 0.0,
        not_before=_value_or(scope.render_time, start.at, -inf) if start is not None else -inf,
        until=_value_or(scope.render_time, wait.until, -inf) if wait is not None else -inf,
        as_late_as_possible=start is not None and start.latest is True,
    )


def _expected_duration(definition: StepDefinition, scope: StepScope) -> float:
    """Takes the first of these that has a value: `expected`, the time of a `wait`, `sla.duration`, the default."""
    wait, sla = definition.wait, definition.sla
    if (expected := _value_or(scope.render_duration, definition.expected, -1.0)) >= 0:
        return expected
    if wait is not None and wait.condition is None:
        return _value_or(scope.render_duration, wait.for_, 0.0)
    if sla is not None and (duration := _value_or(scope.render_duration, sla.duration, -1.0)) >= 0:
        return duration
    kind, within = _default_key(definition)
    return min(DEFAULT_DURATIONS[kind], _value_or(scope.render_duration, within, inf))


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


def _value_or(read: Callable[[Any], float], text: timedelta | str | None, default: float) -> float:
    """Returns `default` if the value is absent, or if it is an expression that has no value (yet)."""
    if text is None:
        return default
    try:
        return read(text)
    except StepExpressionError:
        return default
