"""Whether the order and its lines will be done by their requested completions, and when to check that again."""

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
"""Seconds. An order is not late at the very moment of its requested completion."""

SEVERITY = {Jeopardy.ON_TRACK: 0, Jeopardy.AT_RISK: 1, Jeopardy.LATE: 2}


def reset_jeopardy_watch(run: OrderRun) -> None:
    """Call when a run begins, and after its plan has changed. Orders without dates and SLAs get no watch."""
    if not _has_dates(run.plan):
        run.jeopardy_watch = None
        return
    reported = run.jeopardy_watch.reported_jeopardy if run.jeopardy_watch is not None else Jeopardy.ON_TRACK
    run.jeopardy_watch = watch = JeopardyWatch(reported_jeopardy=reported)
    for step in run.steps:
        clock = step.sla_clock
        if clock is not None and clock.is_running and clock.jeopardy is not Jeopardy.ON_TRACK:
            watch.sla_at_risk[step.position] = None
            if clock.escalated_to is not None and not is_receiver(run, clock.escalated_to):
                watch.escalated_steps[step.position] = None


def _has_dates(plan: Plan) -> bool:
    return (
        plan.order.requested_completion is not None
        or any(line.requested_completion is not None for line in (*plan.order_lines, *plan.fulfilment_lines))
        or any(planned.definition.sla is not None for planned in plan.definitions)
    )


def due_time_jeopardy(due: float, end: float, now: float, *, is_open: bool) -> Jeopardy:
    """`end` is the forecast while the order or line is open, and the time of its end after that."""
    if is_open and now <= due:
        return Jeopardy.AT_RISK if end > due else Jeopardy.ON_TRACK
    return Jeopardy.LATE if (now if is_open else end) > due else Jeopardy.ON_TRACK


def worst(each: Iterable[Jeopardy]) -> Jeopardy:
    return max(each, key=lambda one: SEVERITY[one], default=Jeopardy.ON_TRACK)


def order_jeopardy(run: OrderRun) -> Jeopardy:
    """The order's jeopardy as last reported. If a step is at risk or late by its SLA, the order is at risk."""
    watch = run.jeopardy_watch
    return Jeopardy.ON_TRACK if watch is None else _with_slas(run, watch.reported_jeopardy)


def _with_slas(run: OrderRun, jeopardy: Jeopardy) -> Jeopardy:
    at_risk = run.jeopardy_watch is not None and run.jeopardy_watch.sla_at_risk
    return worst([jeopardy, Jeopardy.AT_RISK]) if at_risk else jeopardy


@dataclass(slots=True)
class LineForecast:
    """The forecast of a line. For an order line it includes all lines below it."""

    end: float | None = None
    """When the line will be complete, or was. None if no step serves it."""
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
    forecast: Forecast
    lines: list[LineForecast]
    """The order lines come first, then the fulfilment lines."""
    jeopardy: Jeopardy
    """The worst jeopardy, by the order's requested completion and by those of its order lines."""
    critical_step: int | None
    """The running or next step that makes the order or a line late. If nothing will be late, the step on which the
    order's end depends."""

    def shown_jeopardy(self, run: OrderRun) -> Jeopardy:
        """The jeopardy that people see. A cancelled order has no forecast, so it keeps the jeopardy reported last."""
        return order_jeopardy(run) if run.compensation.order_cancelled else _with_slas(run, self.jeopardy)

    def shown_end(self, run: OrderRun) -> float | None:
        """The forecast that people see. An order that has ended, or is being cancelled, has none."""
        return None if run.ended or run.compensation.order_cancelled else self.forecast.end


def order_forecast(run: OrderRun, now: float, latest: LatestTimes | None = None) -> OrderForecast:
    """`latest`: the latest times, if the caller already knows them."""
    forecast = make_forecast(run, now, latest)
    lines = _line_forecasts(run, forecast)
    for line, each in zip((*run.plan.order_lines, *run.plan.fulfilment_lines), lines, strict=True):
        if each.end is not None:
            each.jeopardy = due_time_jeopardy(line_due_time(run.plan, line), each.end, now, is_open=each.is_open)
    order_lines = lines[: len(run.plan.order_lines)]
    due = epoch_seconds(run.plan.order.requested_completion)
    of_order = due_time_jeopardy(due, forecast.end, now, is_open=not run.ended)
    jeopardy = worst([of_order, *(line.jeopardy for line in order_lines)])
    critical_step = forecast.critical_step
    if of_order is not jeopardy:
        last = next(line.last_step for line in order_lines if line.jeopardy is jeopardy)
        critical_step = None if last is None else forecast.critical_step_for(last)
    return OrderForecast(forecast, lines, jeopardy, critical_step)


def _line_forecasts(run: OrderRun, forecast: Forecast) -> list[LineForecast]:
    tree, count = run.line_tree, len(run.plan.order_lines)
    served = [LineForecast() for _ in tree.parents]
    for step, lines in zip(run.steps, tree.lines_by_step, strict=True):
        end, is_open = forecast.ends[step.position], not step.is_over
        for line in lines:
            served[line].include(end, step.position, is_open=is_open)
    total = [replace(each) for each in served]
    for line in tree.bottom_up:
        each = total[line]
        if each.end is not None:
            for parent in tree.parents[line]:
                total[parent].include(each.end, each.last_step, is_open=each.is_open)
    return total[:count] + served[count:]


def refresh(run: OrderRun) -> None:
    """Check the forecast if a check is due. Never raises in production: a forecast must not stop an order."""
    watch = run.jeopardy_watch
    if watch is None or not _is_check_due(run, watch):
        return
    try:
        _check(run, watch)
    except Exception:
        if run.raise_engine_errors:
            raise
        logger.exception("the forecast of order %s failed; it is not watched any more", run.plan.order.id)
        run.changed_steps.update(watch.escalated_steps)
        run.jeopardy_watch = None


def _is_check_due(run: OrderRun, watch: JeopardyWatch) -> bool:
    """Whether a check is due. It is due after 1/50 of the steps have settled, and when a step is certain to be too late
    (`stale`). It is also due at the moment when waiting alone makes the order late."""
    if run.ended or watch.stale or run.now >= watch.next_check_at:
        return True
    return run.counters.settled - watch.settled_count >= max(1, len(run.steps) // MAX_REFRESHES)


def _check(run: OrderRun, watch: JeopardyWatch) -> None:
    watch.stale, watch.settled_count = False, run.counters.settled
    watch.latest_starts = watch.latest_ends = []
    watch.forecast_end = None
    if not forecast_basis(run).has_due_times or run.compensation.order_cancelled:
        watch.next_check_at = inf
        return
    now, latest = run.now, latest_times(run)
    forecast = order_forecast(run, now, latest)
    watch.forecast_end = forecast.shown_end(run)
    if forecast.jeopardy is not watch.reported_jeopardy:
        _report_jeopardy(run, watch, forecast)
    if run.ended or forecast.jeopardy is Jeopardy.LATE:
        watch.next_check_at = inf
    elif forecast.jeopardy is Jeopardy.AT_RISK:
        watch.next_check_at = _next_due_time(run, forecast.lines)
    else:
        watch.latest_starts, watch.latest_ends = latest.starts, latest.ends
        moment = next_risk_time(run, latest, now) + MARGIN
        # If an earlier moment is set, it stays, because moving a timer costs more than one needless check.
        if not now < watch.next_check_at <= moment:
            watch.next_check_at = moment


def _next_due_time(run: OrderRun, lines: list[LineForecast]) -> float:
    plan = run.plan
    due = [epoch_seconds(plan.order.requested_completion)]
    due += [line_due_time(plan, line) for line, each in zip(plan.order_lines, lines, strict=False) if each.is_open]
    return min((moment for moment in due if moment >= run.now), default=inf) + MARGIN


def _report_jeopardy(run: OrderRun, watch: JeopardyWatch, forecast: OrderForecast) -> None:
    """Report a change to the audit log, to clients, and to receivers."""
    jeopardy = watch.reported_jeopardy = forecast.jeopardy
    run.view_changed = True
    step = None if forecast.critical_step is None else run.steps[forecast.critical_step]
    step_id = None if step is None else run.step_id(step)
    reason = "" if step is None else f"forecast {format_moment(forecast.forecast.end)}"
    run.audit_log.record(run.now, JEOPARDY_MESSAGES[jeopardy], step_id, reason=reason)
    end, requested = datetime.fromtimestamp(forecast.forecast.end, UTC), run.plan.order.requested_completion
    order_events.record_event(run, f"order.{jeopardy.value}", step, forecast=end, requested_completion=requested)


JEOPARDY_MESSAGES = {
    Jeopardy.ON_TRACK: "on track again",
    Jeopardy.AT_RISK: "at risk: it will be late unless this step is quicker than expected",
    Jeopardy.LATE: "late: the requested completion has passed",
}


def format_moment(moment: float) -> str:
    if isinf(moment):
        return "never"
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
