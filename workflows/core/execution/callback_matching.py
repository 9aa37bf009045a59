"""Callbacks: a system acknowledges a call and reports the result later. The callback may even arrive first."""

from __future__ import annotations

from workflows.contract.order_messages import CallbackDelivery, RefusalCode
from workflows.contract.states import SETTLED, StepState
from workflows.core.execution.delivery_verdict import DeliveryVerdict
from workflows.core.execution.kinds.call import handle_callback
from workflows.core.execution.undo_activities import recover_from_callback
from workflows.core.execution.undo_execution import RECOVERY_PHASES, end_undo
from workflows.core.state.order_run import OrderRun, require
from workflows.core.state.step_keys import idempotency_key, is_undo_key, undo_idempotency_key
from workflows.core.state.step_run import Phase, StepRun, UndoRun
from workflows.core.steps.early_callbacks import keep_early_callback, take_early_callback
from workflows.core.steps.refusal import RequestRefused, find_step


def evaluate_callback(run: OrderRun, delivery: CallbackDelivery) -> DeliveryVerdict:
    """Works out what the callback would do. The verdict always has a step. Changes nothing.

    Raises RequestRefused (not_found, invalid).
    """
    step = find_step(run, delivery.step)
    undo = step.undo if step.undo is not None and step.undo.is_open else None
    if undo is not None and delivery.key == undo_idempotency_key(run, step):
        return _evaluate_for_undo(run, step, undo, delivery)
    seen = run.inbox.has_seen(dedup_id(delivery.key, delivery.event_id))
    if is_undo_key(run, step, delivery.key):  # of an undo that has ended
        return DeliveryVerdict("duplicate" if seen else "late", step)
    call = run.definition(step).definition.call
    if call is None or call.callback is None:
        message = f"Step {run.step_id(step)} waits for no callback"
        raise RequestRefused(RefusalCode.INVALID, message, "callback_not_expected")
    if seen:
        return DeliveryVerdict("duplicate", step)
    if delivery.key != idempotency_key(run, step) or step.state in SETTLED:
        return DeliveryVerdict("late", step)
    if undo is not None:
        # The undo can use the step's output until it has begun.
        useful = undo.phase in (Phase.IDLE, *RECOVERY_PHASES) and not undo.learnt
        return DeliveryVerdict("kept" if useful else "late", step)
    if not step.has_started:
        message = f"Step {run.step_id(step)} has made no call yet"
        raise RequestRefused(RefusalCode.INVALID, message, "callback_not_expected")
    if step.phase is Phase.CALL and step.state in (StepState.READY, StepState.IN_PROGRESS):
        return DeliveryVerdict("duplicate" if step.early_callback is not None else "kept", step)
    return DeliveryVerdict("completed", step)


def _evaluate_for_undo(run: OrderRun, step: StepRun, undo: UndoRun, delivery: CallbackDelivery) -> DeliveryVerdict:
    if run.inbox.has_seen(dedup_id(delivery.key, delivery.event_id)):
        return DeliveryVerdict("duplicate", step)
    if undo.phase is Phase.UNDO_CALL and undo.state is StepState.IN_PROGRESS:
        return DeliveryVerdict("duplicate" if undo.early_callback is not None else "kept", step)
    return DeliveryVerdict("completed", step)


def dedup_id(key: str, event_id: str) -> str:
    """Makes an event id count once per key. If a system sends no id, the id is a digest of the body. Many bodies are
    equal, so two keys could otherwise share an id."""
    return f"{key} {event_id}"


def apply_callback(run: OrderRun, delivery: CallbackDelivery, verdict: DeliveryVerdict) -> None:
    """Do what the verdict says. Raises StepExpressionError."""
    if verdict.status == "duplicate":
        return
    run.inbox.mark_seen(dedup_id(delivery.key, delivery.event_id))
    step = require(verdict.step)
    if step.undo is not None and step.undo.is_open:
        _apply_while_undoing(run, step, step.undo, delivery, verdict)
    elif verdict.status == "kept":
        keep_early_callback(step, delivery.payload)
    elif verdict.status == "completed":
        if step.state is StepState.FATALLY_FAILED:
            run.audit_log.record(run.now, "late callback", run.step_id(step))
        handle_callback(run, step, delivery.payload)


def _apply_while_undoing(
    run: OrderRun, step: StepRun, undo: UndoRun, delivery: CallbackDelivery, verdict: DeliveryVerdict
) -> None:
    if delivery.key == undo_idempotency_key(run, step):
        if verdict.status == "kept":
            keep_early_callback(undo, delivery.payload)
        else:
            end_undo(run, step, StepState.COMPLETED)
    elif verdict.status == "kept":
        run.audit_log.record(run.now, "callback before its undo", run.step_id(step))
        recover_from_callback(run, step, delivery.payload)
    else:
        run.audit_log.record(run.now, "callback during its undo: too late", run.step_id(step))


def use_early_callback(run: OrderRun, step: StepRun) -> None:
    """The call got no response, but its callback has arrived, so the system has done the work."""
    handle_callback(run, step, take_early_callback(step))
