"""Who holds a task, or a step in fallout, and what that means for others."""

from __future__ import annotations

from workflows.contract.actions import ActionSpec
from workflows.contract.order_messages import OrderAction, RefusalCode, StepAction
from workflows.contract.states import StepState
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.refusal import alternative, step_refused

CLAIMS_PROTECT = "claims-protect"


def is_waiting_for_person(step: StepRun) -> bool:
    """Whether somebody can hold it: it is in fallout, or an open task."""
    if step.in_fallout:
        return True
    undo = step.undo
    if undo is not None and undo.is_open:
        return undo.phase is Phase.UNDO_MANUAL and undo.state is StepState.IN_PROGRESS
    return step.phase is Phase.MANUAL


def holder_possessive(step: StepRun) -> str:
    """`kim's`, `nobody's`."""
    return f"{step.holder}'s" if step.holder else "nobody's"


def check_holder(run: OrderRun, step: StepRun, spec: ActionSpec, request: StepAction | OrderAction) -> None:
    """Raises RequestRefused if somebody else holds the step, and the actor does not take it over."""
    if request.take_over or not _is_held_by_another(step, request) or not run.is_patched(CLAIMS_PROTECT):
        return
    required = ["data"] if isinstance(request, StepAction) and request.data else []
    raise step_refused(
        run,
        step,
        RefusalCode.NOT_NOW,
        "already_claimed",
        f"is {holder_possessive(step)}",
        alternative(run, spec.name, "takes it over", step=step, required=required, take_over=True),
        holder=step.holder,
    )


def take_over(run: OrderRun, step: StepRun, request: StepAction | OrderAction) -> None:
    """The step becomes the actor's, if somebody else holds it."""
    if not _is_held_by_another(step, request):
        return
    run.audit_log.record(
        run.now, f"taken over from {step.holder}", run.step_id(step), request.actor.signature, request.actor.reason
    )
    step.holder = request.actor.holder
    run.view_changed = True


def _is_held_by_another(step: StepRun, request: StepAction | OrderAction) -> bool:
    return step.holder not in (None, request.actor.holder) and is_waiting_for_person(step)
