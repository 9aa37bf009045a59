"""Callbacks: a system that acknowledged a call says later that it is done, perhaps even before its answer is here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from workflows.contract.order_messages import RefusalCode
from workflows.contract.states import SETTLED, StepState
from workflows.core.execution.kinds.call import handle_callback
from workflows.core.execution.kinds.undo import recover_from_callback
from workflows.core.execution.undo_execution import RECOVERY_PHASES, end_undo
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import Phase, StepRun, UndoRun
from workflows.core.steps.refusal import RequestRefused, find_step


@dataclass(frozen=True, slots=True)
class CallbackVerdict:
    status: Literal["completed", "kept", "duplicate", "late"]
    step: StepRun


def evaluate_callback(run: OrderRun, step_id: str, key: str, event_id: str) -> CallbackVerdict:
    """`key`: the idempotency key that the call was made with. Raises Refused (not_found, invalid)."""
    step = find_step(run, step_id)
    undo = step.undo if step.undo is not None and step.undo.is_open else None
    if undo is not None and key == run.undo_idempotency_key(step):
        return _evaluate_for_undo(run, step, undo, key, event_id)
    if key.startswith(f"{run.plan.order.id}/{run.step_id(step)}/undo/"):  # of an undo that is over
        return CallbackVerdict("duplicate" if run.inbox.has_seen(_dedup_id(key, event_id)) else "late", step)
    call = run.definition(step).definition.call
    if call is None or call.callback is None:
        raise RequestRefused(RefusalCode.INVALID, f"Step {run.step_id(step)} waits for no callback")
    if run.inbox.has_seen(_dedup_id(key, event_id)):
        return CallbackVerdict("duplicate", step)
    if key != run.idempotency_key(step) or step.state in SETTLED:
        return CallbackVerdict("late", step)
    if undo is not None:
        # what the step did is of use as long as its undo has not begun
        learns = undo.phase in (Phase.IDLE, *RECOVERY_PHASES) and not undo.learnt
        return CallbackVerdict("kept" if learns else "late", step)
    if not step.has_started:
        raise RequestRefused(RefusalCode.INVALID, f"Step {run.step_id(step)} has made no call yet")
    if step.phase is Phase.CALL and step.state in (StepState.READY, StepState.IN_PROGRESS):
        return CallbackVerdict("duplicate" if step.early_callback is not None else "kept", step)
    return CallbackVerdict("completed", step)


def _evaluate_for_undo(run: OrderRun, step: StepRun, undo: UndoRun, key: str, event_id: str) -> CallbackVerdict:
    if run.inbox.has_seen(_dedup_id(key, event_id)):
        return CallbackVerdict("duplicate", step)
    if undo.phase is Phase.UNDO_CALL and undo.state is StepState.IN_PROGRESS:
        return CallbackVerdict("duplicate" if undo.early_callback is not None else "kept", step)
    return CallbackVerdict("completed", step)


def _dedup_id(key: str, event_id: str) -> str:
    """An id counts once for an effect: systems that give none send a digest, and many bodies are alike."""
    return f"{key} {event_id}"


def apply_callback(run: OrderRun, key: str, event_id: str, payload: Any, verdict: CallbackVerdict) -> None:
    """Does what the verdict says. The step's boundary is the caller's."""
    if verdict.status == "duplicate":
        return
    run.inbox.mark_seen(_dedup_id(key, event_id))
    step = verdict.step
    if step.undo is not None and step.undo.is_open:
        _apply_while_undoing(run, step, step.undo, key, payload, verdict)
    elif verdict.status == "kept":
        step.early_callback = (payload,)
    elif verdict.status == "completed":
        if step.state is StepState.FATALLY_FAILED:
            run.audit_log.record(run.now, "called back after all", run.step_id(step))
        handle_callback(run, step, payload)


def _apply_while_undoing(
    run: OrderRun, step: StepRun, undo: UndoRun, key: str, payload: Any, verdict: CallbackVerdict
) -> None:
    if key == run.undo_idempotency_key(step):
        if verdict.status == "kept":
            undo.early_callback = (payload,)
        else:
            end_undo(run, step, StepState.COMPLETED)
    elif verdict.status == "kept":
        run.audit_log.record(run.now, "called back while it was to be undone", run.step_id(step))
        recover_from_callback(run, step, payload)
    else:
        run.audit_log.record(run.now, "called back while it was being undone: too late", run.step_id(step))


def use_early_callback(run: OrderRun, step: StepRun) -> None:
    """The call was not answered, but the system has called back: so it has done the work."""
    callback, step.early_callback = step.early_callback, None
    handle_callback(run, step, callback[0] if callback else None)
