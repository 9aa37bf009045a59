"""How long a step usually takes, and when it may start: what forecasts and start times count with."""

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
"""The last moment that a date can tell: what takes longer than that is not told apart."""

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
"""Seconds, of a step that says neither `expected` nor `sla.duration`; where it has a `within`, no longer than that.
A `wait` takes what it says. docs/language.md has the same table."""


@dataclass(frozen=True, slots=True)
class StepTiming:
    """Seconds and moments (seconds since 1970) of one step. What has no value yet is as if it had not been written."""

    duration: float
    delay: float = 0.0
    """Between its predecessors' end and its start."""
    not_before: float = -inf
    """`start.at`."""
    until: float = -inf
    """The moment that a `wait` waits for."""
    as_late_as_possible: bool = False
    """It starts as late as the requested completion allows."""


class StepTimings:
    """The timing of each step of a plan, kept as long as nothing that it is made of changes.

    What it answers depends on the order's state alone, whatever was asked before and by whom.
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
        seen = [run.characteristics, *(run.steps[at].output for read in planned.reads for at in read)]
        known = self._rendered.get(step.position)
        if known is not None and all(before is now for before, now in zip(known[0], seen, strict=True)):
            return known[1]
        timing = _timing(run, step)
        self._rendered[step.position] = seen, timing
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
    """The first of these that has a value: `expected`, a wait's own time, `sla.duration`, what is usual."""
    wait, sla = definition.wait, definition.sla
    if definition.expected is not None and (said := _value_or(scope.render_duration, definition.expected, -1.0)) >= 0:
        return said
    if wait is not None and wait.condition is None:
        return _value_or(scope.render_duration, wait.for_, 0.0)
    if sla is not None and (said := _value_or(scope.render_duration, sla.duration, -1.0)) >= 0:
        return said
    kind, within = _default_key(definition)
    return min(DEFAULT_DURATIONS[kind], _value_or(scope.render_duration, within, inf))


def _default_key(definition: StepDefinition) -> tuple[str, timedelta | str | None]:
    """The row of USUALLY, and what limits it."""
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
    """`otherwise` where nothing is written, or it has no value (yet)."""
    if text is None:
        return default
    try:
        return read(text)
    except StepExpressionError:
        return default
