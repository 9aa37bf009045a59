"""Callbacks: a system that acknowledged a call says later that it is done, perhaps even before its answer is here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from workflows.contract.order_messages import Refusal
from workflows.contract.states import SETTLED, StepState
from workflows.core.execution.kinds.call import called_back
from workflows.core.execution.kinds.undo import learn_from_callback
from workflows.core.execution.undo_execution import LEARNING, end_undo
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import Phase, StepRun, UndoRun
from workflows.core.steps.refusal import Refused, step_named


@dataclass(frozen=True, slots=True)
class CallbackVerdict:
    status: Literal["completed", "kept", "duplicate", "late"]
    step: StepRun


def verdict_on(run: OrderRun, step_id: str, key: str, event_id: str) -> CallbackVerdict:
    """`key`: the idempotency key that the call was made with. Raises Refused (not_found, invalid)."""
    step = step_named(run, step_id)
    undo = step.undo if step.undo is not None and step.undo.open else None
    if undo is not None and key == run.undo_key_of(step):
        return _verdict_on_undo(run, step, undo, key, event_id)
    if key.startswith(f"{run.plan.order.id}/{run.id_of(step)}/undo/"):  # of an undo that is over
        return CallbackVerdict("duplicate" if run.inbox.has_seen(_once(key, event_id)) else "late", step)
    call = run.definition(step).definition.call
    if call is None or call.callback is None:
        raise Refused(Refusal.INVALID, f"Step {run.id_of(step)} waits for no callback")
    if run.inbox.has_seen(_once(key, event_id)):
        return CallbackVerdict("duplicate", step)
    if key != run.key_of(step) or step.state in SETTLED:
        return CallbackVerdict("late", step)
    if undo is not None:
        # what the step did is of use as long as its undo has not begun
        learns = undo.phase in (Phase.AHEAD, *LEARNING) and not undo.learnt
        return CallbackVerdict("kept" if learns else "late", step)
    if not step.begun:
        raise Refused(Refusal.INVALID, f"Step {run.id_of(step)} has made no call yet")
    if step.phase is Phase.CALL and step.state in (StepState.READY, StepState.IN_PROGRESS):
        return CallbackVerdict("duplicate" if step.callback is not None else "kept", step)
    return CallbackVerdict("completed", step)


def _verdict_on_undo(run: OrderRun, step: StepRun, undo: UndoRun, key: str, event_id: str) -> CallbackVerdict:
    if run.inbox.has_seen(_once(key, event_id)):
        return CallbackVerdict("duplicate", step)
    if undo.phase is Phase.UNDO_CALL and undo.state is StepState.IN_PROGRESS:
        return CallbackVerdict("duplicate" if undo.callback is not None else "kept", step)
    return CallbackVerdict("completed", step)


def _once(key: str, event_id: str) -> str:
    """An id counts once for an effect: systems that give none send a digest, and many bodies are alike."""
    return f"{key} {event_id}"


def take_in(run: OrderRun, key: str, event_id: str, payload: Any, verdict: CallbackVerdict) -> None:
    """Does what the verdict says. The step's boundary is the caller's."""
    if verdict.status == "duplicate":
        return
    run.inbox.remember(_once(key, event_id))
    step = verdict.step
    if step.undo is not None and step.undo.open:
        _take_in_undoing(run, step, step.undo, key, payload, verdict)
    elif verdict.status == "kept":
        step.callback = (payload,)
    elif verdict.status == "completed":
        if step.state is StepState.FATALLY_FAILED:
            run.journal.note(run.now, "called back after all", run.id_of(step))
        called_back(run, step, payload)


def _take_in_undoing(
    run: OrderRun, step: StepRun, undo: UndoRun, key: str, payload: Any, verdict: CallbackVerdict
) -> None:
    if key == run.undo_key_of(step):
        if verdict.status == "kept":
            undo.callback = (payload,)
        else:
            end_undo(run, step, StepState.COMPLETED)
    elif verdict.status == "kept":
        run.journal.note(run.now, "called back while it was to be undone", run.id_of(step))
        learn_from_callback(run, step, payload)
    else:
        run.journal.note(run.now, "called back while it was being undone: too late", run.id_of(step))


def answer_by_callback(run: OrderRun, step: StepRun) -> None:
    """The call was not answered, but the system has called back: so it has done the work."""
    callback, step.callback = step.callback, None
    called_back(run, step, callback[0] if callback else None)
