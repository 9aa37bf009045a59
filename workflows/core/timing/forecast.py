"""When the order and its steps will probably end, and when they must end at the latest.

Each takes one pass over the plan. The forecast goes forwards from now along the expected durations. The latest times
go backwards from the due times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import inf, isinf
from weakref import WeakKeyDictionary

from compiler.graph import topological_order
from compiler.plan.expected_duration import StepTiming
from compiler.plan.plan import Plan, PlannedLine
from workflows.contract.states import SETTLED, StepState
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.timing.expected_duration import END_OF_TIME, StepTimings

MAX_REFRESHES = 50
"""Recompute each time 1/50 of the steps has settled, so that an order of any size recomputes about 50 times at most.
The number of settled steps between two computations is at least one."""


class ForecastBasis:
    """What forecasts need of a plan, computed once."""

    def __init__(self, plan: Plan, followers: Sequence[Sequence[int]]) -> None:
        self.plan = plan
        self.timings = StepTimings(plan)
        self.topological_order = topological_order([step.after for step in plan.steps], followers)
        self.due_times = _due_times(plan)
        """For each step: the earliest requested completion of the order and of the lines that it serves, or inf."""
        self.has_due_times = any(not isinf(limit) for limit in self.due_times)
        self.latest_times: LatestTimes | None = None
        """Cache of `latest_start`."""
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
    basis = _bases.get(run)
    if basis is None or basis.plan is not run.plan:
        basis = _bases[run] = ForecastBasis(run.plan, run.followers)
    return basis


_bases: WeakKeyDictionary[OrderRun, ForecastBasis] = WeakKeyDictionary()
"""By running order."""


def epoch_seconds(moment: datetime | None) -> float:
    """Seconds since 1970; `inf` for None."""
    return inf if moment is None else moment.timestamp()


def line_due_time(plan: Plan, line: PlannedLine) -> float:
    """The line's requested completion, else the order's, else `inf`."""
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
    """For each step, the latest start and end with which nothing is late. `inf` if nothing has a due time."""

    starts: list[float]
    ends: list[float]


def latest_times(run: OrderRun, *, include_settled: bool = False) -> LatestTimes:
    """Compute the latest times. `include_settled`: include settled steps, so that the result does not depend on
    progress."""
    basis = forecast_basis(run)
    starts, ends = [inf] * len(run.steps), list(basis.due_times)
    if not basis.has_due_times:
        return LatestTimes(starts, ends)
    for position in reversed(basis.topological_order):
        step = run.steps[position]
        if not include_settled and step.is_over:
            continue
        end = ends[position]
        for follower in run.followers[position]:
            if include_settled or not run.steps[follower].is_over:
                delay = basis.timings.timing(run, run.steps[follower]).delay
                end = min(end, starts[follower] - delay)
        ends[position] = end
        starts[position] = end - basis.timings.timing(run, step).duration
    return LatestTimes(starts, ends)


def latest_start(run: OrderRun, step: StepRun) -> float:
    """The latest start of the step with which nothing is late. `inf` if nothing has a due time.

    Cached for all steps, and recomputed when durations given by expressions may have changed. Not for queries: the
    cache depends on when it was filled, and a query must not change what the order does.
    """
    basis = forecast_basis(run)
    if basis.latest_times is None or basis.is_out_of_date(run):
        basis.latest_times = latest_times(run, include_settled=True)
        basis.latest_inputs = run.characteristics, run.counters.settled
    return basis.latest_times.starts[step.position]


@dataclass(frozen=True, slots=True)
class Forecast:
    """Moments are seconds since 1970. For settled steps they are what happened. For others they are now or later."""

    starts: list[float]
    ends: list[float]
    end: float
    critical_step: int | None
    """The running or next step on which the order's end depends. None if all steps have settled."""
    _critical_predecessor: list[int]

    def critical_step_for(self, position: int) -> int:
        """The running or next step on which this step's end depends: the step itself, or one that it waits for."""
        while self._critical_predecessor[position] >= 0:
            position = self._critical_predecessor[position]
        return position


def make_forecast(run: OrderRun, now: float, latest: LatestTimes | None = None) -> Forecast:
    """`latest`: the latest times, if the caller already knows them."""
    basis = forecast_basis(run)
    latest = latest or latest_times(run)
    count = len(run.steps)
    starts, ends, via = [now] * count, [now] * count, [-1] * count
    last = -1
    for position in basis.topological_order:
        step = run.steps[position]
        if step.is_over:
            ends[position] = step.ended_at if step.ended_at is not None else now
            starts[position] = step.started_at if step.started_at is not None else ends[position]
            continue
        timing = basis.timings.timing(run, step)
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
        if not run.ended:  # undos are still open
            end = max(end, now)
        return Forecast(starts, ends, end, None, via)
    forecast = Forecast(starts, ends, ends[last], last, via)
    return replace(forecast, critical_step=forecast.critical_step_for(last))


def _start_time(timing: StepTiming, ready: float, latest: float) -> float:
    start = max(ready + timing.delay, timing.not_before)
    return max(start, latest) if timing.as_late_as_possible and not isinf(latest) else start


def _times_of_started(step: StepRun, timing: StepTiming, now: float) -> tuple[float, float]:
    """Start and end of a step that is not pending.

    Only a running or failed step has used part of its duration. Others need all of it: from now on, or from the moment
    when they start or are retried.
    """
    if step.state not in (StepState.IN_PROGRESS, StepState.FAILED):
        start = max(now, step.again_at or now)
        return start, max(start + timing.duration, timing.until)
    start = now if step.started_at is None else step.started_at
    if step.phase is Phase.TIMER and step.deadline is not None:
        return start, max(now, step.deadline)
    end = max(now, start + timing.duration, step.again_at or now)
    return start, end if step.deadline is None else min(end, max(now, step.deadline))


def next_risk_time(run: OrderRun, latest: LatestTimes, now: float) -> float:
    """When something that is on track now becomes at risk, if no step settles before. `inf` means never."""
    moments = [inf]
    for step in run.steps:
        position = step.position
        if step.is_over or isinf(latest.ends[position]):
            continue
        if step.state in (StepState.IN_PROGRESS, StepState.FAILED):
            limit = latest.ends[position]
            ends_in_time = step.deadline is not None and step.deadline <= limit
            if step.phase is not Phase.TIMER and not ends_in_time:
                moments.append(limit)
        elif step.state not in (StepState.PENDING, StepState.SCHEDULED) or not step.open_predecessors:
            moments.append(latest.starts[position])
    return min(moment for moment in moments if moment >= now)
