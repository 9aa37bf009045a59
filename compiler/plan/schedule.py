"""When the steps of a plan are expected to run, before the order starts: durations, critical path, total.

The engine forecasts running orders in the same way (docs/language.md, Time).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from math import inf, isinf
from typing import Any

from compiler.cel.evaluation import EvaluationError
from compiler.cel.templates import render_template
from compiler.graph import invert_edges, topological_order
from compiler.language.durations import is_template, parse_duration
from compiler.language.steps import StepDefinition
from compiler.plan.bindings import step_bindings
from compiler.plan.expected_duration import StepTiming, has_time_templates, step_timing
from compiler.plan.plan import Plan, PlannedStep
from compiler.values import parse_timestamp


@dataclass(frozen=True, slots=True)
class PlanSchedule:
    """Seconds after the order's start. Lists have an entry for each step of the plan."""

    starts: tuple[float, ...]
    ends: tuple[float, ...]
    slack: tuple[float, ...]
    """How much later each step may end without a later end of the order."""
    critical_path: tuple[int, ...]
    """Positions of the steps on which the end depends, first to last."""
    duration: float
    """From the start of the order to the end of its last step."""
    skipped: frozenset[int] = frozenset()
    """Positions of steps that take no time, because their `when` is known to be false."""
    unknown: frozenset[int] = frozenset()
    """Positions of steps with a time that is not known yet, such as one from another step's output. It counts as if
    it were not written. A `wait.until` is not missed where `expected` says how long the step takes."""


def schedule_plan(plan: Plan, skipped: Collection[int] = ()) -> PlanSchedule:
    """The expected times. An order with a requested start is expected to start then.

    Without a requested start, times such as `start: {at: …}` cannot be placed, and count as unknown.
    """
    timings, unknown = _step_timings(plan, frozenset(skipped))
    predecessors = [step.after for step in plan.steps]
    followers = invert_edges(predecessors)
    order = topological_order(predecessors, followers)
    latest_starts = _latest_starts(plan, timings, order[::-1], followers)
    count = len(plan.steps)
    layers = [0] * count
    """The number of steps before each. Of predecessors that end together, the one with the most counts, so that the
    critical path leaves no step out."""
    starts, ends, via = [0.0] * count, [0.0] * count, [-1] * count
    for position in order:
        timing, ready = timings[position], 0.0
        layers[position] = max((layers[before] + 1 for before in predecessors[position]), default=0)
        for before in predecessors[position]:
            if via[position] < 0 or (ends[before], layers[before]) > (ready, layers[via[position]]):
                ready, via[position] = ends[before], before
        start = max(ready + timing.delay, timing.not_before)
        if timing.as_late_as_possible and not isinf(latest_starts[position]):
            start = max(start, latest_starts[position])
        if start > ready + timing.delay:
            via[position] = -1
        starts[position], ends[position] = start, max(start + timing.duration, timing.until)
    duration = max(ends, default=0.0)
    slack = _slack(timings, starts, ends, order[::-1], followers, duration)
    path = _critical_path(order, ends, via)
    return PlanSchedule(tuple(starts), tuple(ends), slack, path, duration, frozenset(skipped), unknown)


def _critical_path(order: list[int], ends: list[float], via: list[int]) -> tuple[int, ...]:
    """From the step that ends last (if several do, the last of them in `order`) back to the first."""
    if not ends:
        return ()
    end = max(ends)
    path = [next(position for position in reversed(order) if ends[position] == end)]
    while via[path[-1]] >= 0:
        path.append(via[path[-1]])
    return tuple(reversed(path))


def _slack(
    timings: list[StepTiming],
    starts: list[float],
    ends: list[float],
    backwards: list[int],
    followers: list[list[int]],
    duration: float,
) -> tuple[float, ...]:
    latest_ends = [duration] * len(ends)
    for position in backwards:
        for follower in followers[position]:
            latest = latest_ends[follower] - (ends[follower] - starts[follower]) - timings[follower].delay
            latest_ends[position] = min(latest_ends[position], latest)
    return tuple(max(latest - end, 0.0) for latest, end in zip(latest_ends, ends, strict=True))


def _latest_starts(
    plan: Plan, timings: list[StepTiming], backwards: list[int], followers: list[list[int]]
) -> list[float]:
    """For each step, the latest start with which nothing is later than requested; `inf` if nothing is requested."""
    begin = plan.order.requested_start
    starts = [inf] * len(plan.steps)
    if begin is None or not any(timing.as_late_as_possible for timing in timings):
        return starts
    for position in backwards:
        lines = plan.step_lines(plan.steps[position])
        due = [line.requested_completion for line in lines] + [plan.order.requested_completion]
        end = min(((moment - begin).total_seconds() for moment in due if moment is not None), default=inf)
        for follower in followers[position]:
            end = min(end, starts[follower] - timings[follower].delay)
        starts[position] = end - timings[position].duration
    return starts


def _step_timings(plan: Plan, skipped: frozenset[int]) -> tuple[list[StepTiming], frozenset[int]]:
    """The timing of each step, moments as seconds after the order's start; and the steps with unknown times."""
    begin = plan.order.requested_start
    origin = begin.timestamp() if begin is not None else None
    constant: dict[int, tuple[StepTiming, bool]] = {}
    timings: list[StepTiming] = []
    unknown: set[int] = set()
    for position, step in enumerate(plan.steps):
        if position in skipped:
            timings.append(StepTiming(0.0))
            continue
        at = step.definition_position
        found = constant.get(at)
        if found is None:
            definition = plan.definitions[at].definition
            reader = _PlanReader(plan, step, origin)
            found = step_timing(definition, reader), reader.is_uncounted(definition)
            if not has_time_templates(definition):
                constant[at] = found
        timings.append(found[0])
        if found[1]:
            unknown.add(position)
    return timings, frozenset(unknown)


@dataclass(slots=True)
class _PlanReader:
    """Reads times with what is known of a step when its plan is made."""

    plan: Plan
    step: PlannedStep
    origin: float | None
    """The order's start, in seconds since 1970; None if it is not known."""
    unknown: list[str] = field(default_factory=list)
    """The durations and moments, as written, that have no value yet."""
    _bindings: Mapping[str, Any] = field(default_factory=dict)

    def is_uncounted(self, definition: StepDefinition) -> bool:
        """Whether a time is missing in the schedule. For a `wait.until` that is not known yet, `expected` counts."""
        missing = list(self.unknown)
        until = definition.wait.until if definition.wait else None
        if definition.expected is not None and str(definition.expected) not in missing and until in missing:
            missing.remove(until)
        return bool(missing)

    def duration(self, written: timedelta | str) -> float | None:
        try:
            return parse_duration(self._render(written)).total_seconds()
        except (EvaluationError, ValueError):
            self.unknown.append(str(written))
            return None

    def moment(self, written: str) -> float | None:
        """In seconds after the order's start."""
        try:
            moment = parse_timestamp(self._render(written)).timestamp()
        except (EvaluationError, ValueError, OverflowError):
            self.unknown.append(written)
            return None
        if self.origin is None:
            self.unknown.append(written)
            return None
        return moment - self.origin

    def _render(self, written: timedelta | str) -> Any:
        if is_template(written) and not self._bindings:
            self._bindings = step_bindings(self.plan, self.step)
        return render_template(written, self._bindings)
