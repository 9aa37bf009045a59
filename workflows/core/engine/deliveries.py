"""Events and callbacks whose sender waits for an answer."""

from __future__ import annotations

from dataclasses import replace

from workflows.contract.order_messages import (
    CallbackDelivery,
    EventDelivery,
    OrderDeliveryResult,
    ReceivedRequest,
    RefusalCode,
)
from workflows.contract.states import StepState
from workflows.core.engine import advance
from workflows.core.events.event_inbox import ReceivedEvent
from workflows.core.execution import callback_matching, event_matching
from workflows.core.execution.delivery_verdict import DeliveryVerdict
from workflows.core.execution.event_matching import received_event
from workflows.core.execution.kinds.call import callback_scope
from workflows.core.execution.kinds.event import event_scope
from workflows.core.state.audit_log import MAX_REASON_LENGTH
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import StepRun
from workflows.core.steps.expression_scope import StepExpressionError
from workflows.core.steps.outcome import misfit
from workflows.core.steps.refusal import RequestRefused, step_reference

UNFIT_REFUSED = "unfit-delivery-refused"
"""Patch: its sender is told. Before, the answer was `completed`, and the step went to fallout."""


def check(run: OrderRun, delivery: EventDelivery | CallbackDelivery, now: float) -> None:
    """Changes nothing, and asks for no patch. Raises RequestRefused for what `receive` refuses.

    An unfit delivery passes the first time, so that its refusal gets into the history.
    """
    with run.as_if_patched():
        if isinstance(delivery, EventDelivery):
            event = received_event(delivery, now)
            verdict = event_matching.evaluate_event(run, event)
            refused = _unfit_event(run, event, verdict) if _has_refused(verdict) else None
        else:
            verdict = callback_matching.evaluate_callback(run, delivery)
            refused = _unfit_callback(run, delivery, verdict) if _has_refused(verdict) else None
    if refused is not None and _is_recorded(run, refused):
        raise refused


def receive(run: OrderRun, delivery: EventDelivery | CallbackDelivery) -> OrderDeliveryResult:
    """Raises RequestRefused."""
    if isinstance(delivery, EventDelivery):
        event = received_event(delivery, run.now)
        verdict = event_matching.evaluate_event(run, event)
        _refuse_unfit(run, _unfit_event(run, event, verdict))
        advance.handle_event(run, event, verdict)
    else:
        verdict = callback_matching.evaluate_callback(run, delivery)
        _refuse_unfit(run, _unfit_callback(run, delivery, verdict))
        advance.handle_callback(run, delivery, verdict)
    return OrderDeliveryResult(status=verdict.status, step=run.step_id(verdict.step) if verdict.step else None)


def has_received(run: OrderRun, request: ReceivedRequest) -> bool:
    if request.callback_key is None:
        return run.inbox.has_seen(request.event_id)
    return run.inbox.has_seen(callback_matching.dedup_id(request.callback_key, request.event_id))


class _Unfit(RequestRefused):
    """The message is for the system that has sent it, and names no file of the definitions."""

    def __init__(self, run: OrderRun, step: StepRun, what: str, error: StepExpressionError, recorded_as: str) -> None:
        state = "still waits" if step.state is not StepState.FATALLY_FAILED else "is still in fallout"
        super().__init__(
            RefusalCode.INVALID,
            f"{what} does not fit. {step_reference(run, step)} {state}: {error.cause}",
            "unfit_payload",
            step=run.step_id(step),
        )
        self.step, self.recorded_as = step, recorded_as
        self.why = str(error)[:MAX_REASON_LENGTH]


def _unfit_event(run: OrderRun, event: ReceivedEvent, verdict: DeliveryVerdict) -> _Unfit | None:
    step = verdict.step
    if verdict.status != "completed" or step is None:
        return None
    if verdict.kept is not None:
        event = replace(verdict.kept, step=event.step)
    error = misfit(run, step, event_scope(run, step, event), event.payload)
    return None if error is None else _Unfit(run, step, f"Event {event.name}", error, f"event {event.name} refused")


def _unfit_callback(run: OrderRun, delivery: CallbackDelivery, verdict: DeliveryVerdict) -> _Unfit | None:
    step = verdict.step
    if verdict.status != "completed" or step is None or step.undoing:
        return None
    error = misfit(run, step, callback_scope(run, step, delivery.payload), delivery.payload)
    return None if error is None else _Unfit(run, step, "The callback", error, "callback refused")


def _has_refused(verdict: DeliveryVerdict) -> bool:
    """The step's note tells of an unfit delivery."""
    return verdict.step is not None and verdict.step.note is not None


def _is_recorded(run: OrderRun, refused: _Unfit) -> bool:
    """A sender that repeats itself adds nothing to the history."""
    return any(
        (entry.message, entry.step, entry.reason) == (refused.recorded_as, run.step_id(refused.step), refused.why)
        for entry in run.audit_log.entries
    )


def _refuse_unfit(run: OrderRun, refused: _Unfit | None) -> None:
    if refused is not None and run.is_patched(UNFIT_REFUSED):
        run.audit_log.record(run.now, refused.recorded_as, run.step_id(refused.step), reason=refused.why)
        refused.step.note = f"the last one did not fit: {refused.why}"
        run.changed_steps.add(refused.step.position)
        run.view_changed = True
        raise refused
