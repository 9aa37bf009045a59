"""Whether what was promised will be kept: of the order, of its lines, and when to look at that again."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import inf, isinf

from compiler.plan.plan import Plan
from workflows.contract.states import Jeopardy
from workflows.core.notifications import order_events
from workflows.core.notifications.order_events import is_receiver
from workflows.core.state.jeopardy_watch import JeopardyWatch
from workflows.core.state.line_tree import bottom_up, line_parents, lines_served
from workflows.core.state.order_run import OrderRun
from workflows.core.timing.forecast import (
    MAX_REFRESHES,
    Forecast,
    LatestTimes,
    epoch_seconds,
    forecast_basis,
    latest_times,
    line_due_time,
    make_forecast,
    next_risk_time,
)

logger = logging.getLogger(__name__)

MARGIN = 0.001
"""Seconds. At the very moment that was asked for, an order is not late yet."""

SEVERITY = {Jeopardy.ON_TRACK: 0, Jeopardy.AT_RISK: 1, Jeopardy.LATE: 2}


def reset_jeopardy_watch(run: OrderRun) -> None:
    """To be called when a run begins, and when its plan has changed. An order without dates and slas costs nothing."""
    if not _has_dates(run.plan):
        run.jeopardy_watch = None
        return
    known = run.jeopardy_watch.reported_jeopardy if run.jeopardy_watch is not None else Jeopardy.ON_TRACK
    run.jeopardy_watch = outlook = JeopardyWatch(reported_jeopardy=known)
    for step in run.steps:
        clock = step.sla_clock
        if clock is not None and clock.is_running and clock.jeopardy is not Jeopardy.ON_TRACK:
            outlook.sla_at_risk[step.position] = None
            if clock.escalated_to is not None and not is_receiver(run, clock.escalated_to):
                outlook.escalated_steps[step.position] = None


def _has_dates(plan: Plan) -> bool:
    return (
        plan.order.requested_completion is not None
        or any(line.requested_completion is not None for line in (*plan.order_lines, *plan.fulfilment_lines))
        or any(planned.definition.sla is not None for planned in plan.definitions)
    )


def promise_jeopardy(promised: float, end: float, now: float, *, is_open: bool) -> Jeopardy:
    """`end`: the forecast of what is open, else when it ended."""
    if is_open and now <= promised:
        return Jeopardy.AT_RISK if end > promised else Jeopardy.ON_TRACK
    return Jeopardy.LATE if (now if is_open else end) > promised else Jeopardy.ON_TRACK


def worst(each: Iterable[Jeopardy]) -> Jeopardy:
    return max(each, key=lambda one: SEVERITY[one], default=Jeopardy.ON_TRACK)


def order_jeopardy(run: OrderRun) -> Jeopardy:
    """Of the order, as it was told last: by its promises; a step over its sla puts it at risk."""
    outlook = run.jeopardy_watch
    if outlook is None:
        return Jeopardy.ON_TRACK
    return worst([outlook.reported_jeopardy, *([Jeopardy.AT_RISK] if outlook.sla_at_risk else [])])


@dataclass(slots=True)
class LineForecast:
    """Of an order line: with all lines below it. `end` is when it will be complete, or was; None: no step serves it."""

    end: float | None = None
    last_step: int | None = None
    """The step that ends last."""
    is_open: bool = False
    jeopardy: Jeopardy = Jeopardy.ON_TRACK

    def include(self, end: float, step: int | None, *, is_open: bool) -> None:
        if self.end is None or end > self.end:
            self.end, self.last_step = end, step
        self.is_open = self.is_open or is_open


@dataclass(frozen=True, slots=True)
class OrderForecast:
    """How an order stands at a moment."""

    forecast: Forecast
    order_lines: list[LineForecast]
    lines: list[LineForecast]
    jeopardy: Jeopardy
    """The worst of the order's requested completion and of those of its order lines."""
    critical_step: int | None
    """The step under way, or next, because of which a promise is not kept, or else on which the order's end hangs."""


def order_forecast(run: OrderRun, now: float, latest: LatestTimes | None = None) -> OrderForecast:
    """`latest`: where it is known already."""
    forecast = make_forecast(run, now, latest)
    lines = _line_forecasts(run, forecast)
    for line, each in zip((*run.plan.order_lines, *run.plan.fulfilment_lines), lines, strict=True):
        if each.end is not None:
            each.jeopardy = promise_jeopardy(line_due_time(run.plan, line), each.end, now, is_open=each.is_open)
    order_lines = lines[: len(run.plan.order_lines)]
    asked = epoch_seconds(run.plan.order.requested_completion)
    order = promise_jeopardy(asked, forecast.end, now, is_open=not run.ended)
    promise = worst([order, *(line.jeopardy for line in order_lines)])
    held_up_by = forecast.critical_step
    if order is not promise:
        last = next(line.last_step for line in order_lines if line.jeopardy is promise)
        held_up_by = None if last is None else forecast.critical_step_for(last)
    return OrderForecast(forecast, order_lines, lines[len(order_lines) :], promise, held_up_by)


@dataclass(frozen=True, slots=True)
class JeopardySummary:
    jeopardy: Jeopardy
    forecast: float | None


def jeopardy_summary(run: OrderRun, forecast: OrderForecast) -> JeopardySummary:
    """What people see of them. An order that has ended, or is taken back, has no forecast."""
    if run.compensation.order_cancelled:
        return JeopardySummary(order_jeopardy(run), None)
    overdue = run.jeopardy_watch is not None and run.jeopardy_watch.sla_at_risk
    jeopardy = worst([forecast.jeopardy, Jeopardy.AT_RISK if overdue else Jeopardy.ON_TRACK])
    return JeopardySummary(jeopardy, None if run.ended else forecast.forecast.end)


def _line_forecasts(run: OrderRun, forecast: Forecast) -> list[LineForecast]:
    plan, count, parents = run.plan, len(run.plan.order_lines), line_parents(run.plan)
    served = [LineForecast() for _ in parents]
    for step in run.steps:
        for line in lines_served(plan, step.position):
            served[line].include(forecast.ends[step.position], step.position, is_open=not step.is_over)
    total = [replace(each) for each in served]
    for line in bottom_up(parents):
        each = total[line]
        if each.end is not None:
            for parent in parents[line]:
                total[parent].include(each.end, each.last_step, is_open=each.is_open)
    return total[:count] + served[count:]


def refresh(run: OrderRun) -> None:
    """Looks again if it is time to. Never raises in production: an order is not held up by its forecast."""
    outlook = run.jeopardy_watch
    if outlook is None or not _is_check_due(run, outlook):
        return
    try:
        _check(run, outlook)
    except Exception:
        if run.raise_engine_errors:
            raise
        logger.exception("the prospects of order %s cannot be told", run.plan.order.id)
        run.jeopardy_watch = None


def _is_check_due(run: OrderRun, watch: JeopardyWatch) -> bool:
    """When a part of the steps has ended since; when what is certain to come later than it may makes it necessary
    (`Outlook.stale`); and at the moment at which the order would be late by waiting alone."""
    if run.ended or watch.stale or run.now >= watch.next_check_at:
        return True
    return run.counters.settled - watch.settled_count >= max(1, len(run.steps) // MAX_REFRESHES)


def _check(run: OrderRun, watch: JeopardyWatch) -> None:
    watch.stale, watch.settled_count = False, run.counters.settled
    watch.latest_starts = watch.latest_ends = []
    if not forecast_basis(run).has_due_times or run.compensation.order_cancelled:
        watch.next_check_at = inf
        return
    now = run.now
    latest = latest_times(run)
    prospects = order_forecast(run, now, latest)
    promise = prospects.jeopardy
    if promise is not watch.reported_jeopardy:
        _report_jeopardy(run, watch, prospects)
    if run.ended or promise is Jeopardy.LATE:
        watch.next_check_at = inf
    elif promise is Jeopardy.AT_RISK:
        watch.next_check_at = _next_due_time(run, prospects.order_lines)
    else:
        watch.latest_starts, watch.latest_ends = latest.starts, latest.ends
        _check_no_later_than(watch, next_risk_time(run, latest, now) + MARGIN, now)


def _check_no_later_than(watch: JeopardyWatch, moment: float, now: float) -> None:
    """A moment that is set already and comes sooner is left: to move a timer costs more than to look once too often."""
    if not now < watch.next_check_at <= moment:
        watch.next_check_at = moment


def _next_due_time(run: OrderRun, lines: list[LineForecast]) -> float:
    plan = run.plan
    asked = [epoch_seconds(plan.order.requested_completion)]
    asked += [line_due_time(plan, line) for line, each in zip(plan.order_lines, lines, strict=True) if each.is_open]
    return min((moment for moment in asked if moment >= run.now), default=inf) + MARGIN


def _report_jeopardy(run: OrderRun, watch: JeopardyWatch, forecast: OrderForecast) -> None:
    """It is journaled and shown, and told to whoever wants to know."""
    promise = watch.reported_jeopardy = forecast.jeopardy
    run.view_changed = True
    step = None if forecast.critical_step is None else run.steps[forecast.critical_step]
    said = "" if step is None else f"forecast {format_moment(forecast.forecast.end)}"
    run.audit_log.record(run.now, JEOPARDY_MESSAGES[promise], None if step is None else run.step_id(step), reason=said)
    end = datetime.fromtimestamp(forecast.forecast.end, UTC)
    asked = run.plan.order.requested_completion
    order_events.record_event(run, f"order.{promise.value}", step, forecast=end, requested_completion=asked)


JEOPARDY_MESSAGES = {
    Jeopardy.ON_TRACK: "on track again",
    Jeopardy.AT_RISK: "at risk: it will be late unless this step is quicker than expected",
    Jeopardy.LATE: "late: the requested completion has passed",
}


def format_moment(moment: float) -> str:
    if isinf(moment):
        return "never"
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
