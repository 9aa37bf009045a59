"""`retry`: a step in fallout, or its undo, is tried again, possibly with changed input."""

from __future__ import annotations

from compiler.language.steps import StepKind
from workflows.contract import actions
from workflows.contract.order_messages import RefusalCode, StepAction
from workflows.contract.states import StepState
from workflows.core.actions.action import StepActionHandler, require_fallout
from workflows.core.execution.undo_activities import undo_definition
from workflows.core.execution.undo_execution import retry_undo
from workflows.core.failures.failure_handling import FALLOUT_ROUNDS
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import StepRun
from workflows.core.steps.refusal import RequestRefused, step_reference


def _check(run: OrderRun, step: StepRun, action: StepAction) -> None:
    require_fallout(run, step, actions.RETRY.past_tense)
    if not action.data:
        return
    if step.undoing:
        undo = undo_definition(run, step)
        if undo.call is None and undo.activity is None:
            raise RequestRefused(
                RefusalCode.INVALID,
                f"A person undoes {step_reference(run, step)}, so a retry takes no other input",
                "takes_no_input",
            )
    elif run.profile(step).kind not in (StepKind.CALL, StepKind.ACTIVITY):
        raise RequestRefused(
            RefusalCode.INVALID,
            f"{step_reference(run, step)} sends nothing out, so a retry takes no other input",
            "takes_no_input",
        )


def _apply(run: OrderRun, step: StepRun, action: StepAction) -> None:
    if step.undo is not None and step.undo.is_open:
        if action.data:
            step.undo.changes = {**(step.undo.changes or {}), **action.data}
        retry_undo(run, step)
        return
    outcome_known = not step.uncertain
    if action.data:
        step.changes = {**(step.changes or {}), **action.data}
    if action.data or (outcome_known and step.launch):
        if step.changing_in_place:
            step.in_place_changes += 1
        else:
            step.number += 1
        step.uncertain = False
    step.attempts = 0
    step.failure = None
    step.queue = None
    step.again_at = None
    if step.failure_rounds is not None:
        step.failure_rounds.pop(FALLOUT_ROUNDS, None)
    step.early_callback = step.answer = None
    if step.started_at is None:
        run.transition(step, StepState.PENDING)
        run.queues.start.append(step.position)
    else:
        run.queues.retry.append(step.position)


ACTION = StepActionHandler(actions.RETRY, _check, _apply)
