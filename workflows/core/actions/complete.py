"""`complete`: a task, or a step in fallout, ends with the data that a person supplies."""

from __future__ import annotations

from workflows.contract import actions
from workflows.contract.order_messages import RefusalCode, StepAction
from workflows.contract.states import DONE, StepState
from workflows.core.actions.action import StepActionHandler, require_fallout
from workflows.core.actions.hand_entry import hand_failure, hand_output, require_needed_output
from workflows.core.execution.kinds.manual import complete_manual
from workflows.core.execution.undo_activities import undo_definition
from workflows.core.execution.undo_execution import end_undo
from workflows.core.failures.failure_handling import FAILED_WITH, IN_FALLOUT, handle_failure
from workflows.core.state.order_run import OrderRun, require
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps import form_validation
from workflows.core.steps.refusal import RequestRefused, alternative, step_reference
from workflows.core.steps.settlement import settle

FAILURE_ENTRIES = (FAILED_WITH, IN_FALLOUT)


def _check(run: OrderRun, step: StepRun, action: StepAction) -> None:
    if step.undoing:
        manual = undo_definition(run, step).manual if run.definition(step).definition.undo else None
        is_task = step.active_phase is Phase.UNDO_MANUAL and require(step.undo).state is StepState.IN_PROGRESS
    else:
        manual = run.definition(step).definition.manual
        is_task = step.phase is Phase.MANUAL
    if manual is None or not (step.in_fallout or is_task):
        require_fallout(run, step, actions.COMPLETE.past_tense)
        if not (step.undoing or step.changing_in_place):
            require_needed_output(run, step, action.data or {})
        return
    payload, problems = form_validation.validate_form(manual.form, action.data or {})
    if problems:
        expected = f"; the form asks for {form_validation.describe_form(manual.form)}" if manual.form else ""
        raise RequestRefused(
            RefusalCode.INVALID,
            f"{step_reference(run, step)} is not completed: {'; '.join(problems)}{expected}",
            "form_mismatch",
            [alternative(run, "complete", step=step, required=["data"])] if manual.form else [],
            problems=problems,
        )
    if not step.undoing:
        require_needed_output(run, step, payload)


def _apply(run: OrderRun, step: StepRun, action: StepAction) -> None:
    if step.undoing:
        end_undo(run, step, StepState.COMPLETED)
        return
    if step.changing_in_place and action.data:
        step.output = action.data
        settle(run, step, StepState.COMPLETED)
        return
    manual = run.definition(step).definition.manual
    if manual is None:
        if not step.changing_in_place and (failure := hand_failure(run, step, action.data or {})) is not None:
            handle_failure(run, step, failure)
        else:
            settle(run, step, StepState.COMPLETED, hand_output(run, step, action.data or {}))
        return
    payload, _ = form_validation.validate_form(manual.form, action.data or {})
    complete_manual(run, step, payload)


def _is_done(step: StepRun, action: StepAction) -> bool:
    return step.state in DONE and not step.undoing and step.output == (action.data or {})


def _failure_text(run: OrderRun, step: StepRun) -> str | None:
    """What became of the step if its `fail_when` found a failure in the data. None if the data completed the step."""
    for entry in reversed(run.audit_log.entries):
        if entry.step == run.step_id(step):
            if entry.by is not None:  # the action itself
                return None
            if entry.message.startswith(FAILURE_ENTRIES):
                verb = "is " if entry.message.startswith(IN_FALLOUT) else ""
                return f"{verb}{entry.message}" + (f": {entry.reason}" if entry.reason else "")
    return None


ACTION = StepActionHandler(actions.COMPLETE, _check, _apply, _is_done, failure_text=_failure_text)
