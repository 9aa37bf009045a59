"""`claim`: a person takes a task, or a step in fallout."""

from __future__ import annotations

from workflows.contract import actions
from workflows.contract.order_messages import RefusalCode, StepAction
from workflows.core.actions.action import StepActionHandler
from workflows.core.actions.holder import holder_possessive, is_waiting_for_person
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import StepRun
from workflows.core.steps.refusal import explain, step_refused


def require_waiting_for_person(run: OrderRun, step: StepRun) -> None:
    """Raises RequestRefused."""
    if not is_waiting_for_person(step):
        predicate = f"does not wait for a person: it is {step.state}"
        raise step_refused(run, step, RefusalCode.NOT_NOW, "not_waiting_for_person", predicate, explain(run, step))


def _check(run: OrderRun, step: StepRun, action: StepAction) -> None:  # noqa: ARG001
    require_waiting_for_person(run, step)


def _apply(run: OrderRun, step: StepRun, action: StepAction) -> None:
    step.holder = action.actor.holder
    run.view_changed = True


def _is_done(step: StepRun, action: StepAction) -> bool:
    return is_waiting_for_person(step) and step.holder == action.actor.holder


ACTION = StepActionHandler(actions.CLAIM, _check, _apply, _is_done, status_text=holder_possessive)
