"""`assign`: a task, or a step in fallout, is handed to a person, or back to its queue."""

from __future__ import annotations

from workflows.contract import actions
from workflows.contract.order_messages import RefusalCode, StepAction
from workflows.core.actions.action import StepActionHandler
from workflows.core.actions.claim import require_waiting_for_person
from workflows.core.actions.holder import holder_possessive, is_waiting_for_person
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import StepRun
from workflows.core.steps.refusal import RequestRefused

MAX_NAME_LENGTH = 200


def _assignee(action: StepAction) -> str:
    """An empty name returns the step to its queue."""
    return str((action.data or {}).get("to", "")).strip()


def _check(run: OrderRun, step: StepRun, action: StepAction) -> None:
    require_waiting_for_person(run, step)
    if len(_assignee(action)) > MAX_NAME_LENGTH:
        raise RequestRefused(
            RefusalCode.INVALID, f"A person's name has at most {MAX_NAME_LENGTH} characters", "name_too_long"
        )


def _apply(run: OrderRun, step: StepRun, action: StepAction) -> None:
    step.holder = _assignee(action) or None
    run.view_changed = True


def _is_done(step: StepRun, action: StepAction) -> bool:
    return is_waiting_for_person(step) and (step.holder or "") == _assignee(action)


def _past_text(action: StepAction) -> str:
    return f"assigned to {_assignee(action)}" if _assignee(action) else "returned to its queue"


ACTION = StepActionHandler(actions.ASSIGN, _check, _apply, _is_done, _past_text, holder_possessive)
