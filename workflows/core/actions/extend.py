"""`extend`: a person gives a step more time, for what it waits for or by its sla."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from workflows.contract import actions
from workflows.contract.order_messages import RefusalCode, StepAction
from workflows.contract.states import StepState
from workflows.core.actions import time_change
from workflows.core.actions.action import StepActionHandler
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.refusal import alternative, step_reference, step_refused
from workflows.core.timing import step_sla
from workflows.core.timing.expected_duration import END_OF_TIME
from workflows.core.timing.order_jeopardy import format_moment

LIMIT_LABELS: Mapping[time_change.TimeLimit, str] = {"within": "what it waits for", "sla": "its sla"}
PHASES_WITH_WITHIN = frozenset({Phase.EVENT, Phase.CALLBACK, Phase.POLL, Phase.CONDITION, Phase.OTHER_ORDERS})
WAITING_STATES = frozenset({StepState.IN_PROGRESS, StepState.FAILED, StepState.ON_HOLD, StepState.PENDING})


def _check(run: OrderRun, step: StepRun, action: StepAction) -> None:
    change = time_change.parse_time_change(run, step, action)
    if (change.to is None) == (change.by is None):
        time_change.refuse_data(f"Give either how much longer {step_reference(run, step)} may take, or until when")
    limit = _requested_limit(run, step, change)
    at = running_limits(step)[limit]
    time_change.refuse_if_moved(run, step, change, at, LIMIT_LABELS[limit])
    if limit == "within" and _extended_time(change, at) <= run.now:
        moment = format_moment(_extended_time(change, at))
        time_change.refuse_data(f"{moment} has already passed: {step_reference(run, step)} would fail at once")


def _apply(run: OrderRun, step: StepRun, action: StepAction) -> None:
    change = time_change.parse_or_default(action)
    limit = _requested_limit(run, step, change)
    at = _extended_time(change, running_limits(step)[limit])
    if limit == "sla":
        step_sla.move_sla_deadline(run, step, at)
        time_change.mark_forecast_stale(run)
        return
    for awaited in run.order_links.awaited_by_step.get(step.position, ()):  # each other order has its own limit
        if awaited.deadline is not None and (awaited.deadline == step.deadline or awaited.deadline < at):
            awaited.deadline = at
    time_change.set_deadline(run, step, at)


def _is_done(step: StepRun, action: StepAction) -> bool:
    """Only if the request names a time: one more day, twice, is two days."""
    change, limits = time_change.parse_or_default(action), running_limits(step)
    if change.to is None or (change.limit is None and len(limits) != 1):
        return False
    limit = next(iter(limits)) if change.limit is None else change.limit
    return limits.get(limit) == time_change.to_timestamp(change.to)


def running_limits(step: StepRun) -> dict[time_change.TimeLimit, float]:
    """The limits that run now, and when they end."""
    if step.undoing:
        return {}
    limits: dict[time_change.TimeLimit, float] = {}
    if step.state in WAITING_STATES and step.phase in PHASES_WITH_WITHIN and step.deadline is not None:
        limits["within"] = step.deadline
    if step.sla_clock is not None and step.sla_clock.is_running:
        limits["sla"] = step.sla_clock.late_at
    return limits


def _requested_limit(run: OrderRun, step: StepRun, change: time_change.TimeChange) -> time_change.TimeLimit:
    """Raises RequestRefused."""
    limits = running_limits(step)
    choices = [alternative(run, "extend", step=step, limit=limit, required=["by"]) for limit in limits]
    if change.limit is not None and change.limit in limits:
        return change.limit
    if change.limit is None and len(limits) == 1:
        return next(iter(limits))
    if change.limit is None and limits:
        predicate = "has a `within` and an `sla`: name one of them"
        raise step_refused(run, step, RefusalCode.AMBIGUOUS, "several_limits", predicate, *choices)
    limit = f"`{change.limit}`" if change.limit else "`within` or `sla`"
    predicate = f"is {step.state}, and no {limit} of it is running"
    raise step_refused(run, step, RefusalCode.NOT_NOW, "no_running_limit", predicate, *choices)


def _extended_time(change: time_change.TimeChange, at: float) -> float:
    return (
        time_change.to_timestamp(change.to) if change.by is None else min(at + change.by.total_seconds(), END_OF_TIME)
    )


ACTION = StepActionHandler(
    actions.EXTEND,
    _check,
    _apply,
    _is_done,
    partial(time_change.past_text, actions.EXTEND),
    entered=time_change.entered_time,
)
