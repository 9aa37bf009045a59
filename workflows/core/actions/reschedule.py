"""`reschedule`: a person moves a step's start, the end of a wait, or the next attempt."""

from __future__ import annotations

from functools import partial

from workflows.contract import actions
from workflows.contract.order_messages import RefusalCode, StepAction
from workflows.contract.states import StepState
from workflows.core.actions import time_change
from workflows.core.actions.action import StepActionHandler
from workflows.core.actions.extend import LIMIT_LABELS, running_limits
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.refusal import alternative, step_reference, step_refused


def _check(run: OrderRun, step: StepRun, action: StepAction) -> None:
    change = time_change.parse_time_change(run, step, action)
    if change.to is None or change.by is not None or change.limit is not None:
        time_change.refuse_data(f"Give the time to which {step_reference(run, step)} is to be moved, and nothing else")
    at, label = _movable_time(run, step)
    time_change.refuse_if_moved(run, step, change, at, label)


def _apply(run: OrderRun, step: StepRun, action: StepAction) -> None:
    """A time in the past means now."""
    at = time_change.to_timestamp(time_change.parse_or_default(action).to)
    if step.again_at is None:
        time_change.set_deadline(run, step, at)
    else:
        step.again_at = at
        time_change.schedule_wake(run, step, at)


def _is_done(step: StepRun, action: StepAction) -> bool:
    to = time_change.parse_or_default(action).to
    at = step.again_at if step.again_at is not None else step.deadline if step.phase is Phase.TIMER else None
    return to is not None and at is not None and at == time_change.to_timestamp(to)


def _movable_time(run: OrderRun, step: StepRun) -> tuple[float, str]:
    """The time that can be moved, and its name. Raises RequestRefused."""
    if step.state is StepState.SCHEDULED and step.again_at is not None:
        return step.again_at, "its start"
    if step.state in (StepState.FAILED, StepState.FATALLY_FAILED) and step.again_at is not None:
        return step.again_at, "its next attempt"
    if step.phase is Phase.TIMER and step.state is StepState.IN_PROGRESS and step.deadline is not None:
        return step.deadline, "its end"
    extensions = [
        alternative(
            run, "extend", f"gives more time for {LIMIT_LABELS[limit]}", step=step, limit=limit, required=["by"]
        )
        for limit in running_limits(step)
    ]
    predicate = (
        f"is {step.state} and has no time that could be moved. Only a scheduled start, the end of a wait and an "
        "automatic next attempt can be moved"
    )
    raise step_refused(run, step, RefusalCode.NOT_NOW, "no_movable_time", predicate, *extensions)


ACTION = StepActionHandler(
    actions.RESCHEDULE,
    _check,
    _apply,
    _is_done,
    partial(time_change.past_text, actions.RESCHEDULE),
    entered=time_change.entered_time,
)
