"""`claim`: a person takes a task, or a step in fallout."""

from __future__ import annotations

from workflows.contract import actions
from workflows.contract.order_messages import RefusalCode, StepAction
from workflows.contract.states import StepState
from workflows.core.actions.action import StepActionHandler, holder_possessive
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.refusal import alternative, explain, step_refused


def is_waiting_for_person(step: StepRun) -> bool:
    """Whether somebody can hold it: it is in fallout, or an open task."""
    if step.in_fallout:
        return True
    undo = step.undo
    if undo is not None and undo.is_open:
        return undo.phase is Phase.UNDO_MANUAL and undo.state is StepState.IN_PROGRESS
    return step.phase is Phase.MANUAL


def require_waiting_for_person(run: OrderRun, step: StepRun) -> None:
    """Raises RequestRefused."""
    if not is_waiting_for_person(step):
        predicate = f"does not wait for a person: it is {step.state}"
        raise step_refused(run, step, RefusalCode.NOT_NOW, "not_waiting_for_person", predicate, explain(run, step))


def _check(run: OrderRun, step: StepRun, action: StepAction) -> None:
    require_waiting_for_person(run, step)
    if step.holder is not None:
        take_over = alternative(run, "assign", "takes it over", step=step, data={"to": action.actor.by})
        predicate = f"is {holder_possessive(step)}"
        raise step_refused(run, step, RefusalCode.NOT_NOW, "already_claimed", predicate, take_over, holder=step.holder)


def _apply(run: OrderRun, step: StepRun, action: StepAction) -> None:
    step.holder = action.actor.by
    run.view_changed = True


def _is_done(step: StepRun, action: StepAction) -> bool:
    return is_waiting_for_person(step) and step.holder == action.actor.by


ACTION = StepActionHandler(actions.CLAIM, _check, _apply, _is_done, status_text=holder_possessive)
