"""`reschedule`: a person moves a step's start, the end of a wait, or the next attempt."""

from __future__ import annotations

from functools import partial

from workflows.contract import actions
from workflows.contract.order_messages import RefusalCode, StepAction
from workflows.contract.states import StepState
from workflows.core.actions.action import StepActionHandler
from workflows.core.actions.extend import LIMIT_LABELS, running_limits
from workflows.core.actions.time_change import (
    parse_or_default,
    parse_time_change,
    past_text,
    refuse_data,
    refuse_if_moved,
    schedule_wake,
    set_deadline,
    to_timestamp,
)
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.refusal import RequestRefused, alternative, step_reference


def _check(run: OrderRun, step: StepRun, action: StepAction) -> None:
    change = parse_time_change(run, step, action)
    if change.to is None or change.by is not None or change.limit is not None:
        refuse_data(f"Give the time to which {step_reference(run, step)} is to be moved, and nothing else")
    at, label = _movable_time(run, step)
    refuse_if_moved(run, step, change, at, label)


def _apply(run: OrderRun, step: StepRun, action: StepAction) -> None:
    """A time in the past means now."""
    at = to_timestamp(parse_or_default(action).to)
    if step.again_at is None:
        set_deadline(run, step, at)
    else:
        step.again_at = at
        schedule_wake(run, step, at)


def _is_done(step: StepRun, action: StepAction) -> bool:
    to = parse_or_default(action).to
    at = step.again_at if step.again_at is not None else step.deadline if step.phase is Phase.TIMER else None
    return to is not None and at is not None and at == to_timestamp(to)


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
    raise RequestRefused(
        RefusalCode.NOT_NOW,
        f"{step_reference(run, step)} is {step.state} and has no time that could be moved. Only a scheduled start, the "
        "end of a wait and an automatic next attempt can be moved",
        "no_movable_time",
        extensions,
        state=step.state.value,
    )


ACTION = StepActionHandler(actions.RESCHEDULE, _check, _apply, _is_done, partial(past_text, actions.RESCHEDULE))
