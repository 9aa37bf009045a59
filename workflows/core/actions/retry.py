"""`retry`: a step in fallout, or its undo, is tried again, possibly with changed input."""

from __future__ import annotations

from compiler.language.steps import StepKind
from compiler.values import as_text
from workflows.contract import actions
from workflows.contract.order_messages import RefusalCode, StepAction
from workflows.contract.states import StepState
from workflows.core.actions.action import StepActionHandler, require_fallout
from workflows.core.execution.undo_activities import undo_definition
from workflows.core.execution.undo_execution import retry_undo
from workflows.core.failures.failure_handling import FALLOUT_ROUNDS
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import StepRun
from workflows.core.steps.corrections import correct_input, require_known_names
from workflows.core.steps.refusal import RequestRefused, step_reference

MAX_SHOWN_VALUE = 100
"""Characters of a value in the history."""


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
        require_known_names(run, step, undo, action.data)
    elif run.profile(step).kind not in (StepKind.CALL, StepKind.ACTIVITY):
        raise RequestRefused(
            RefusalCode.INVALID,
            f"{step_reference(run, step)} sends nothing out, so a retry takes no other input",
            "takes_no_input",
        )
    else:
        require_known_names(run, step, run.definition(step).definition, action.data)


def _apply(run: OrderRun, step: StepRun, action: StepAction) -> None:
    if step.undo is not None and step.undo.is_open:
        if action.data:
            step.undo.changes = {**(step.undo.changes or {}), **action.data}
        retry_undo(run, step)
        return
    outcome_known = not step.uncertain
    if action.data:
        correct_input(run, step, action.data)
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


def _past_text(action: StepAction) -> str:
    """With the new input, shortened."""
    given = ", ".join(f"{name}={as_text(value)[:MAX_SHOWN_VALUE]}" for name, value in (action.data or {}).items())
    return f"{actions.RETRY.past_tense} with {given}" if given else actions.RETRY.past_tense


ACTION = StepActionHandler(actions.RETRY, _check, _apply, past_text=_past_text)
