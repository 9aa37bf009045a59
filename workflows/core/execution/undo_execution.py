"""The undo of one step: when it starts, its attempts, its fallout. An undo is never dropped."""

from __future__ import annotations

from dataclasses import replace

from activity_contract.calls import TIMEOUT
from workflows.contract.states import DONE, StepState
from workflows.core.compensation.undo_order import enqueue_undo, last_attempt_ended, mark_undone
from workflows.core.execution.hold import hold_if_held
from workflows.core.execution.undo_activities import (
    begin_undo,
    has_acknowledgement,
    recover_output,
    take_acknowledged_output,
)
from workflows.core.failures.failure_handling import fallout_queue
from workflows.core.state.order_run import OrderRun, require
from workflows.core.state.step_run import Phase, StepFailure, StepRun
from workflows.core.steps.settlement import cancel_activity, enqueue_activity

S = StepState
RECOVERY_PHASES = (Phase.RECOVER_OUTPUT, Phase.RECOVER_OUTPUT_POLL)
UNDO_FROM_ACKNOWLEDGEMENT = "undo-from-acknowledgement"
"""Patch. Before, a call that was acknowledged was repeated to learn the output that its undo reads."""
POLL_PHASES = (Phase.RECOVER_OUTPUT_POLL, Phase.UNDO_POLL)


def try_start_undo(run: OrderRun, step: StepRun) -> None:
    """Start the undo. Everything that depends on the step has been undone. Raises StepExpressionError."""
    undo = step.undo
    if undo is None or undo.state is not S.PENDING or step.in_flight or step.queued:
        return
    if run.definition(step).definition.undo is None or not may_have_effect(run, step):
        mark_undone(run, step)
        return
    if hold_if_held(run, step):
        return
    run.transition_undo(step, S.READY)
    output_known = step.state in DONE or step.changing_in_place or undo.learnt
    if output_known or not run.profile(step).undo_reads_output:
        begin_undo(run, step)
    elif has_acknowledgement(run, step) and run.is_patched(UNDO_FROM_ACKNOWLEDGEMENT):
        take_acknowledged_output(run, step)
        begin_undo(run, step)
    else:
        recover_output(run, step)


def may_have_effect(run: OrderRun, step: StepRun) -> bool:
    """Whether the step did its work, or may have done it. If its call got no response, or was only acknowledged, nobody
    knows."""
    return step.state in DONE or step.changing_in_place or (step.uncertain and run.profile(step).uses_activity)


def handle_undo_failure(run: OrderRun, step: StepRun, failure: StepFailure) -> None:
    """An attempt has failed. It was part of the undo, of recovering the output, or of the step's own work before."""
    undo = require(step.undo)
    if undo.phase is Phase.IDLE:
        step.failure = replace(failure, at=run.now)
        step.attempts = max(step.attempts, failure.attempts)
        step.uncertain = not failure.outcome_known
        last_attempt_ended(run, step)
    elif undo.early_callback is not None:
        mark_undone(run, step)  # the call got no response, but its callback has arrived
    elif failure.retry_after is not None:
        _schedule_undo_retry(run, step, failure)
    elif _had_no_effect(run, step, failure):
        step.uncertain = False
        run.audit_log.record(run.now, "nothing to undo", run.step_id(step), reason=failure.message)
        mark_undone(run, step)
    else:
        undo.uncertain = undo.phase not in RECOVERY_PHASES and not failure.outcome_known
        move_undo_to_fallout(run, step, failure)


def _had_no_effect(run: OrderRun, step: StepRun, failure: StepFailure) -> bool:
    """The system has certainly refused the repeated work, so there is nothing to undo."""
    phase = require(step.undo).phase
    if phase is Phase.RECOVER_OUTPUT_POLL:
        return run.profile(step).is_business_code(failure.code)
    return phase is Phase.RECOVER_OUTPUT and failure.outcome_known


def _schedule_undo_retry(run: OrderRun, step: StepRun, failure: StepFailure) -> None:
    undo = require(step.undo)
    if undo.phase not in POLL_PHASES:
        run.transition_undo(step, S.FAILED)
        undo.failure = replace(failure, at=run.now)
        undo.attempts = failure.attempts
        undo.uncertain = undo.phase not in RECOVERY_PHASES and not failure.outcome_known
    undo.again_at = run.now + (failure.retry_after or 0.0)
    run.wake_at(step, undo.again_at)


def handle_undo_due(run: OrderRun, step: StepRun, moment: float) -> None:
    undo = require(step.undo)
    if undo.again_at == moment:
        undo.again_at = None
        if undo.state is not S.FAILED or not hold_if_held(run, step):
            enqueue_activity(run, step)
    elif undo.deadline == moment:
        undo.deadline = None
        undo.uncertain = True
        message = "the undo was not done in time (`within` has passed)"
        move_undo_to_fallout(run, step, StepFailure(TIMEOUT, message, outcome_known=False))


def move_undo_to_fallout(run: OrderRun, step: StepRun, failure: StepFailure, *, force: bool = False) -> None:
    """Move the undo to fallout. With `force`, its state does not matter: after an engine error it may be any."""
    undo = require(step.undo)
    _stop_undo(run, step)
    undo.failure = replace(failure, at=run.now)
    undo.attempts = max(undo.attempts, failure.attempts)
    step.queue = fallout_queue(run, step, failure.code)
    if force:
        run.set_undo_state(step, undo, S.FATALLY_FAILED)
    else:
        run.transition_undo(step, S.FATALLY_FAILED)
    run.audit_log.record(run.now, f"its undo in fallout: {failure.code}", run.step_id(step), reason=failure.message)


def _stop_undo(run: OrderRun, step: StepRun) -> None:
    cancel_activity(run, step)
    require(step.undo).again_at = require(step.undo).deadline = None


def retry_undo(run: OrderRun, step: StepRun) -> None:
    """A person retries the undo. If the last attempt was certainly refused or the input changes, it is a new effect."""
    undo = require(step.undo)
    if undo.phase not in RECOVERY_PHASES and undo.phase is not Phase.IDLE and (undo.changes or not undo.uncertain):
        undo.number += 1
        undo.uncertain = False
    undo.attempts = 0
    undo.failure = undo.answer = undo.early_callback = None
    undo.phase = Phase.IDLE
    step.queue = None
    run.transition_undo(step, S.PENDING)
    enqueue_undo(run, step)


def end_undo(run: OrderRun, step: StepRun, final_state: StepState) -> None:
    """End the undo. completed: a person or a callback reports that the step is undone. skipped: its effect may stay."""
    _stop_undo(run, step)
    step.queue = None
    mark_undone(run, step, final_state)
