"""When the order and its steps will probably end, from where they are now; and when they must, at the latest.

Both go through the plan once: forwards from now along the expected durations, backwards from what was requested.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import inf, isinf
from weakref import WeakKeyDictionary

from compiler.graph import topological_order
from compiler.plan.plan import Plan, PlannedLine
from workflows.contract.states import SETTLED, StepState
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.timing.expected_duration import END_OF_TIME, StepTiming, StepTimings

MAX_REFRESHES = 50
"""What is to be found anew as steps end is found after this part of them has (after each one, where there are fewer):
all together costs so many times as much as once, however large the order is."""


class ForecastBasis:
    """What forecasts need to know of a plan, found once: in which order to go through it, and what was promised."""

    def __init__(self, plan: Plan, followers: Sequence[Sequence[int]]) -> None:
        self.plan = plan
        self.timings = StepTimings(plan)
        self.topological_order = topological_order([step.after for step in plan.steps], followers)
        self.due_times = _due_times(plan)
        """Of each step: the earliest requested completion of the order and of the lines that it serves; else inf."""
        self.has_due_times = any(not isinf(limit) for limit in self.due_times)
        self.latest_times: LatestTimes | None = None
        """As `latest_start` has found it."""
        self.latest_inputs: tuple[object, int] = (None, 0)

    def is_out_of_date(self, run: OrderRun) -> bool:
        if not any(self.timings.has_templates):
            return False
        characteristics, settled = self.latest_inputs
        return (
            characteristics is not run.characteristics
            or abs(run.counters.settled - settled) > len(run.steps) // MAX_REFRESHES
        )


def forecast_basis(run: OrderRun) -> ForecastBasis:
    course = _courses.get(run)
    if course is None or course.plan is not run.plan:
        course = _courses[run] = ForecastBasis(run.plan, run.followers)
    return course


_courses: WeakKeyDictionary[OrderRun, ForecastBasis] = WeakKeyDictionary()
"""One for each running order; gone with it."""


def epoch_seconds(moment: datetime | None) -> float:
    """Since 1970; `inf` for no moment."""
    return inf if moment is None else moment.timestamp()


def line_due_time(plan: Plan, line: PlannedLine) -> float:
    """When the line is to be complete: by its own requested completion, else the order's."""
    return epoch_seconds(line.requested_completion or plan.order.requested_completion)


def _due_times(plan: Plan) -> list[float]:
    order = epoch_seconds(plan.order.requested_completion)
    return [
        min(order, *(epoch_seconds(line.requested_completion) for line in plan.step_lines(step)))
        if step.line_positions
        else order
        for step in plan.steps
    ]


@dataclass(frozen=True, slots=True)
class LatestTimes:
    """Of each step the latest start and end with which every promise can still be kept; `inf` where none was made."""

    starts: list[float]
    ends: list[float]


def latest_times(run: OrderRun, *, include_settled: bool = False) -> LatestTimes:
    """`of_all`: also what has ended is reckoned with, so that the answer is the same all along the order."""
    course = forecast_basis(run)
    starts, ends = [inf] * len(run.steps), list(course.due_times)
    for position in reversed(course.topological_order):
        step = run.steps[position]
        if not include_settled and step.is_over:
            continue
        end = ends[position]
        for follower in run.followers[position]:
            if include_settled or not run.steps[follower].is_over:
                delay = course.timings.timing(run, run.steps[follower]).delay
                end = min(end, starts[follower] - delay)
        ends[position] = end
        starts[position] = end - course.timings.timing(run, step).duration
    return LatestTimes(starts, ends)


def latest_start(run: OrderRun, step: StepRun) -> float:
    """When the step must start, at the latest, for every promise to be kept; `inf` where none was made.

    Found once for all steps, and again where durations that are worked out may have changed. For the order's own
    decisions only, not for queries: what it remembers depends on when it was asked.
    """
    course = forecast_basis(run)
    if course.latest_times is None or course.is_out_of_date(run):
        course.latest_times = latest_times(run, include_settled=True)
        course.latest_inputs = run.characteristics, run.counters.settled
    return course.latest_times.starts[step.position]


@dataclass(frozen=True, slots=True)
class Forecast:
    """Moments, in seconds since 1970. Of what has ended, when it did; of what has not, never before now."""

    starts: list[float]
    ends: list[float]
    end: float
    critical_step: int | None
    """The step under way, or next, on which the order's end depends; None where all is done."""
    _critical_predecessor: list[int]

    def critical_step_for(self, position: int) -> int:
        """The step under way, or next, on which this step's end depends: itself, or one that it waits for."""
        while self._critical_predecessor[position] >= 0:
            position = self._critical_predecessor[position]
        return position


def make_forecast(run: OrderRun, now: float, latest: LatestTimes | None = None) -> Forecast:
    """`latest`: where it is known already."""
    course = forecast_basis(run)
    latest = latest or latest_times(run)
    count = len(run.steps)
    starts, ends, via = [now] * count, [now] * count, [-1] * count
    last = -1
    for position in course.topological_order:
        step = run.steps[position]
        if step.is_over:
            ends[position] = step.ended_at if step.ended_at is not None else now
            starts[position] = step.started_at if step.started_at is not None else ends[position]
            continue
        timing = course.timings.timing(run, step)
        if step.state in (StepState.PENDING, *SETTLED):
            ready = now
            for before in run.plan.steps[position].after:
                if ends[before] >= ready and not run.steps[before].is_over:
                    ready, via[position] = ends[before], before
            start = _start_time(timing, ready, latest.starts[position])
            if start > ready + timing.delay:
                via[position] = -1
            end = max(start + timing.duration, timing.until)
        else:
            start, end = _times_of_started(step, timing, now)
        starts[position], ends[position] = min(start, END_OF_TIME), min(end, END_OF_TIME)
        if last < 0 or ends[position] > ends[last]:
            last = position
    if last < 0:
        end = run.ended_at if run.ended_at is not None else max(ends, default=now)
        if not run.ended:  # what is being taken back is not over before now
            end = max(end, now)
        return Forecast(starts, ends, end, None, via)
    return Forecast(starts, ends, ends[last], _path_start(via, last), via)


def _path_start(via: Sequence[int], position: int) -> int:
    while via[position] >= 0:
        position = via[position]
    return position


def _start_time(timing: StepTiming, ready: float, latest: float) -> float:
    start = max(ready + timing.delay, timing.not_before)
    return max(start, latest) if timing.as_late_as_possible and not isinf(latest) else start


def _times_of_started(step: StepRun, timing: StepTiming, now: float) -> tuple[float, float]:
    """Start and end of a step whose turn has come."""
    say = STARTED_AT.get(step.state)
    start = _scheduled(step, now) if say is None else say(step, now)
    if say is _scheduled or say is None:
        return start, max(start + timing.duration, timing.until)
    if step.phase is Phase.TIMER and step.deadline is not None:
        return start, max(now, step.deadline)
    end = max(now, start + timing.duration, step.again_at or now)
    return start, end if step.deadline is None else min(end, max(now, step.deadline))


def _scheduled(step: StepRun, now: float) -> float:
    return max(now, step.again_at or now)


def _running_since(step: StepRun, now: float) -> float:
    return now if step.started_at is None else step.started_at


STARTED_AT: Mapping[StepState, Callable[[StepRun, float], float]] = {
    StepState.SCHEDULED: _scheduled,
    StepState.IN_PROGRESS: _running_since,
    StepState.FAILED: _running_since,
}
"""Since when it takes its time. What is ready, in fallout or on hold takes all of it from now on; what is to be tried
again by itself, from then on."""


def next_risk_time(run: OrderRun, latest: LatestTimes, now: float) -> float:
    """The moment from which on, if nothing ends, a promise that can be kept now could not be kept; `inf`: never."""
    moments = [inf]
    for step in run.steps:
        position = step.position
        if step.is_over or isinf(latest.ends[position]):
            continue
        if step.state in (StepState.IN_PROGRESS, StepState.FAILED):
            limit = latest.ends[position]
            known = step.phase is Phase.TIMER or (step.deadline is not None and step.deadline <= limit)
            if not known:
                moments.append(limit)
        elif step.state not in (StepState.PENDING, StepState.SCHEDULED) or not step.open_predecessors:
            moments.append(latest.starts[position])
    return min(moment for moment in moments if moment >= now)
