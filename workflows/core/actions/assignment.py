"""Who has a task, or a step in fallout: a person takes it, or it is handed to one."""

from __future__ import annotations

from workflows.contract.order_messages import RefusalCode, StepAction
from workflows.contract.states import StepState
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.refusal import RequestRefused

MAX_NAME_LENGTH = 200


def is_waiting_for_person(step: StepRun) -> bool:
    """It can be somebody's: in fallout, or a task to be done."""
    if step.in_fallout:
        return True
    undo = step.undo
    if undo is not None and undo.is_open:
        return undo.phase is Phase.UNDO_MANUAL and undo.state is StepState.IN_PROGRESS
    return step.phase is Phase.MANUAL


def check_holder(run: OrderRun, step: StepRun, action: StepAction) -> None:
    """Raises Refused where it is not, or no longer, with whom the caller saw it."""
    if action.expected_holder is None or action.expected_holder == (step.holder or ""):
        return
    raise RequestRefused(
        RefusalCode.STALE, f"{_step_reference(run, step)} is {holder_possessive(step)} by now; {_conflict_hint(step)}"
    )


def is_claimed(step: StepRun, action: StepAction) -> bool:
    return is_waiting_for_person(step) and step.holder == action.actor.by


def check_claim(run: OrderRun, step: StepRun, action: StepAction) -> None:
    _require_person_task(run, step)
    if step.holder is not None:
        order, number = run.plan.order.id, step.position + 1
        raise RequestRefused(
            RefusalCode.NOT_NOW,
            f"{_step_reference(run, step)} is {holder_possessive(step)}; `assign {order} {number} --to "
            f"{action.actor.by}` takes it over",
        )


def claim(run: OrderRun, step: StepRun, action: StepAction) -> None:
    step.holder = action.actor.by
    run.view_changed = True


def requested_assignee(action: StepAction) -> str:
    """To whom; empty: nobody in particular."""
    return str((action.data or {}).get("to", "")).strip()


def is_assigned(step: StepRun, action: StepAction) -> bool:
    return is_waiting_for_person(step) and (step.holder or "") == requested_assignee(action)


def check_assign(run: OrderRun, step: StepRun, action: StepAction) -> None:
    _require_person_task(run, step)
    if len(requested_assignee(action)) > MAX_NAME_LENGTH:
        raise RequestRefused(RefusalCode.INVALID, f"A person's name has at most {MAX_NAME_LENGTH} characters")


def assign(run: OrderRun, step: StepRun, action: StepAction) -> None:
    step.holder = requested_assignee(action) or None
    run.view_changed = True


def assignment_text(action: StepAction) -> str:
    """`assigned to kim`."""
    return f"assigned to {requested_assignee(action)}" if requested_assignee(action) else "given back to its queue"


def _require_person_task(run: OrderRun, step: StepRun) -> None:
    if not is_waiting_for_person(step):
        order, number = run.plan.order.id, step.position + 1
        raise RequestRefused(
            RefusalCode.NOT_NOW,
            f"{_step_reference(run, step)} does not wait for a person: it is {step.state}; `why {order} "
            f"{number}` tells what it "
            "waits for",
        )


def _step_reference(run: OrderRun, step: StepRun) -> str:
    return f"Step {step.position + 1} ({run.step_id(step)})"


def holder_possessive(step: StepRun) -> str:
    """`kim's`, `nobody's`."""
    return f"{step.holder}'s" if step.holder else "nobody's"


def _conflict_hint(step: StepRun) -> str:
    return f"talk to {step.holder}, or look again" if step.holder else "look again"
