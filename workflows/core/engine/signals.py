"""Signals: their senders cannot receive a refusal, and no error may block the order."""

from __future__ import annotations

import logging

from activity_contract.cross_order import CrossOrderStepStatus, StepWatch
from workflows.contract.order_messages import Actor, CallbackDelivery, EventDelivery, OrderAction, RefusalCode
from workflows.core.actions import cancel
from workflows.core.engine import advance
from workflows.core.engine.perform_action import perform_action
from workflows.core.events.event_inbox import ReceivedEvent
from workflows.core.execution import callback_matching, event_matching
from workflows.core.execution.delivery_verdict import DeliveryVerdict
from workflows.core.execution.event_matching import received_event
from workflows.core.state.order_run import OrderRun
from workflows.core.steps.refusal import RequestRefused

logger = logging.getLogger(__name__)

UNEXPECTED_EVENT_KEPT = "unexpected-event-kept"
"""Patch: as an ambiguous one. Before, it was dropped."""


SignalPayload = EventDelivery | CallbackDelivery | StepWatch | CrossOrderStepStatus


def handle_signal(run: OrderRun, payload: SignalPayload) -> None:
    """Does what the update does. A refusal goes into the history. An event that no step takes is kept: its sender has
    been told that the order has it."""
    try:
        if isinstance(payload, EventDelivery):
            _handle_event(run, payload)
        elif isinstance(payload, CallbackDelivery):
            _handle_callback(run, payload)
        elif isinstance(payload, StepWatch):
            run.order_links.add_watch(payload)
        else:
            advance.receive_step_status(run, payload)
    except Exception:
        if run.raise_engine_errors:
            raise
        logger.exception("a signal for order %s failed", run.plan.order.id)


def handle_workflow_cancel(run: OrderRun) -> None:
    """A cancellation with Temporal's own tools, which wait for no answer. A refusal goes into the history."""
    request = OrderAction(actor=Actor(by="Temporal", reason="cancelled with Temporal's own tools"))
    try:
        perform_action(run, cancel.ACTION, request)
    except RequestRefused as refused:
        run.audit_log.record(run.now, "not cancelled", by=request.actor.signature, reason=str(refused))


def _handle_event(run: OrderRun, delivery: EventDelivery) -> None:
    event = received_event(delivery, run.now)
    try:
        verdict = event_matching.evaluate_event(run, event)
        advance.handle_event(run, event, verdict)
        if verdict.status == "late":
            run.audit_log.record(run.now, f"event {event.name} came too late", delivery.step)
    except RequestRefused as refused:
        keep = _is_kept(run, event, refused) and run.inbox.has_room_for(event.size)
        if keep:
            event_matching.apply_event(run, event, DeliveryVerdict("kept"))
        run.audit_log.record(run.now, f"event {event.name} {'kept' if keep else 'dropped'}", reason=str(refused))


def _is_kept(run: OrderRun, event: ReceivedEvent, refused: RequestRefused) -> bool:
    if refused.code is RefusalCode.AMBIGUOUS:
        return True
    return refused.code is RefusalCode.NOT_FOUND and event.step is None and run.is_patched(UNEXPECTED_EVENT_KEPT)


def _handle_callback(run: OrderRun, delivery: CallbackDelivery) -> None:
    try:
        verdict = callback_matching.evaluate_callback(run, delivery)
        advance.handle_callback(run, delivery, verdict)
    except RequestRefused as refused:
        run.audit_log.record(run.now, "callback dropped", reason=str(refused))
