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
from workflows.core.state.jeopardy_watch import Outlook
from workflows.core.state.line_tree import from_the_bottom
from workflows.core.state.order_run import OrderRun
from workflows.core.timing.forecast import (
    LOOKS,
    Forecast,
    Latest,
    course_of,
    crossing,
    forecast_of,
    is_settled,
    latest_of,
    promise_of,
    seconds,
)

logger = logging.getLogger(__name__)

MARGIN = 0.001
"""Seconds. At the very moment that was asked for, an order is not late yet."""

SEVERITY = {Jeopardy.ON_TRACK: 0, Jeopardy.AT_RISK: 1, Jeopardy.LATE: 2}


def keep_time(run: OrderRun) -> None:
    """To be called when a run begins, and when its plan has changed. An order without dates and slas costs nothing."""
    if not _has_dates(run.plan):
        run.outlook = None
        return
    known = run.outlook.promise if run.outlook is not None else Jeopardy.ON_TRACK
    run.outlook = outlook = Outlook(promise=known)
    for step in run.steps:
        clock = step.clock
        if clock is not None and clock.is_running and clock.jeopardy is not Jeopardy.ON_TRACK:
            outlook.overdue[step.position] = None
            if clock.escalated_to is not None and not is_receiver(run, clock.escalated_to):
                outlook.escalated[step.position] = None


def _has_dates(plan: Plan) -> bool:
    return (
        plan.order.requested_completion is not None
        or any(line.requested_completion is not None for line in (*plan.order_lines, *plan.lines))
        or any(planned.definition.sla is not None for planned in plan.definitions)
    )


def verdict(promised: float, end: float, now: float, *, open_: bool) -> Jeopardy:
    """`end`: the forecast of what is open, else when it ended."""
    if open_ and now <= promised:
        return Jeopardy.AT_RISK if end > promised else Jeopardy.ON_TRACK
    return Jeopardy.LATE if (now if open_ else end) > promised else Jeopardy.ON_TRACK


def worst(each: Iterable[Jeopardy]) -> Jeopardy:
    return max(each, key=lambda one: SEVERITY[one], default=Jeopardy.ON_TRACK)


def jeopardy_of(run: OrderRun) -> Jeopardy:
    """Of the order, as it was told last: by its promises; a step over its sla puts it at risk."""
    outlook = run.outlook
    if outlook is None:
        return Jeopardy.ON_TRACK
    return worst([outlook.promise, *([Jeopardy.AT_RISK] if outlook.overdue else [])])


@dataclass(slots=True)
class LineForecast:
    """Of an order line: with all lines below it. `end` is when it will be complete, or was; None: no step serves it."""

    end: float | None = None
    last: int | None = None
    """The step that ends last."""
    open: bool = False
    jeopardy: Jeopardy = Jeopardy.ON_TRACK

    def ends_with(self, end: float, step: int | None, *, is_open: bool) -> None:
        if self.end is None or end > self.end:
            self.end, self.last = end, step
        self.open = self.open or is_open


@dataclass(frozen=True, slots=True)
class Prospects:
    """How an order stands at a moment."""

    forecast: Forecast
    order_lines: list[LineForecast]
    lines: list[LineForecast]
    promise: Jeopardy
    """The worst of the order's requested completion and of those of its order lines."""
    held_up_by: int | None
    """The step under way, or next, because of which a promise is not kept, or else on which the order's end hangs."""


def prospects_of(run: OrderRun, now: float, latest: Latest | None = None) -> Prospects:
    """`latest`: where it is known already."""
    forecast = forecast_of(run, now, latest)
    lines = _line_forecasts(run, forecast)
    for line, each in zip((*run.plan.order_lines, *run.plan.lines), lines, strict=True):
        if each.end is not None:
            each.jeopardy = verdict(promise_of(run.plan, line), each.end, now, open_=each.open)
    order_lines = lines[: len(run.plan.order_lines)]
    asked = seconds(run.plan.order.requested_completion)
    order = verdict(asked, forecast.end, now, open_=not run.ended)
    promise = worst([order, *(line.jeopardy for line in order_lines)])
    held_up_by = forecast.held_up_by
    if order is not promise:
        last = next(line.last for line in order_lines if line.jeopardy is promise)
        held_up_by = None if last is None else forecast.holding_up(last)
    return Prospects(forecast, order_lines, lines[len(order_lines) :], promise, held_up_by)


@dataclass(frozen=True, slots=True)
class Shown:
    jeopardy: Jeopardy
    forecast: float | None


def shown(run: OrderRun, prospects: Prospects) -> Shown:
    """What people see of them. An order that has ended, or is taken back, has no forecast."""
    if run.withdrawals.cancelled:
        return Shown(jeopardy_of(run), None)
    overdue = run.outlook is not None and run.outlook.overdue
    jeopardy = worst([prospects.promise, Jeopardy.AT_RISK if overdue else Jeopardy.ON_TRACK])
    return Shown(jeopardy, None if run.ended else prospects.forecast.end)


def _line_forecasts(run: OrderRun, forecast: Forecast) -> list[LineForecast]:
    plan, count = run.plan, len(run.plan.order_lines)
    own = [LineForecast() for _ in range(count + len(plan.lines))]
    for position, planned in enumerate(plan.steps):
        serves_order_lines = plan.definitions[planned.definition].serves_order_lines
        is_open = not is_settled(run.steps[position])
        for line in planned.lines:
            place = line if serves_order_lines else count + line if line >= 0 else ~line
            own[place].ends_with(forecast.ends[position], position, is_open=is_open)
    below = [replace(each) for each in own]
    for position, sources in from_the_bottom(plan):
        each = below[position]
        if each.end is not None:
            for source in sources:
                below[source].ends_with(each.end, each.last, is_open=each.open)
    return below[:count] + own[count:]


def refresh(run: OrderRun) -> None:
    """Looks again if it is time to. Never raises in production: an order is not held up by its forecast."""
    outlook = run.outlook
    if outlook is None or not _is_time(run, outlook):
        return
    try:
        _look(run, outlook)
    except Exception:
        if run.strict:
            raise
        logger.exception("the prospects of order %s cannot be told", run.plan.order.id)
        run.outlook = None


def _is_time(run: OrderRun, outlook: Outlook) -> bool:
    """When a part of the steps has ended since; when what is certain to come later than it may makes it necessary
    (`Outlook.stale`); and at the moment at which the order would be late by waiting alone."""
    if run.ended or outlook.stale or run.now >= outlook.look_at:
        return True
    return run.settled - outlook.settled >= max(1, len(run.steps) // LOOKS)


def _look(run: OrderRun, outlook: Outlook) -> None:
    outlook.stale, outlook.settled = False, run.settled
    outlook.latest_starts = outlook.latest_ends = []
    if not course_of(run).promised or run.withdrawals.cancelled:
        outlook.look_at = inf
        return
    now = run.now
    latest = latest_of(run)
    prospects = prospects_of(run, now, latest)
    promise = prospects.promise
    if promise is not outlook.promise:
        _tell(run, outlook, prospects)
    if run.ended or promise is Jeopardy.LATE:
        outlook.look_at = inf
    elif promise is Jeopardy.AT_RISK:
        outlook.look_at = _next_promise(run, prospects.order_lines)
    else:
        outlook.latest_starts, outlook.latest_ends = latest.starts, latest.ends
        _look_not_after(outlook, crossing(run, latest, now) + MARGIN, now)


def _look_not_after(outlook: Outlook, moment: float, now: float) -> None:
    """A moment that is set already and comes sooner is left: to move a timer costs more than to look once too often."""
    if not now < outlook.look_at <= moment:
        outlook.look_at = moment


def _next_promise(run: OrderRun, lines: list[LineForecast]) -> float:
    plan = run.plan
    asked = [seconds(plan.order.requested_completion)]
    asked += [promise_of(plan, line) for line, each in zip(plan.order_lines, lines, strict=True) if each.open]
    return min((moment for moment in asked if moment >= run.now), default=inf) + MARGIN


def _tell(run: OrderRun, outlook: Outlook, prospects: Prospects) -> None:
    """It is journaled and shown, and told to whoever wants to know."""
    promise = outlook.promise = prospects.promise
    run.changed = True
    step = None if prospects.held_up_by is None else run.steps[prospects.held_up_by]
    said = "" if step is None else f"forecast {in_words(prospects.forecast.end)}"
    run.journal.note(run.now, SAID[promise], None if step is None else run.id_of(step), reason=said)
    end = datetime.fromtimestamp(prospects.forecast.end, UTC)
    asked = run.plan.order.requested_completion
    order_events.note(run, f"order.{promise.value}", step, forecast=end, requested_completion=asked)


SAID = {
    Jeopardy.ON_TRACK: "on track again",
    Jeopardy.AT_RISK: "at risk: it will be late unless this step is quicker than expected",
    Jeopardy.LATE: "late: the requested completion has passed",
}


def in_words(moment: float) -> str:
    if isinf(moment):
        return "never"
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
