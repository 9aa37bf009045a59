"""What is signalled: nobody can be told of a refusal, and no mistake may block the order."""

from __future__ import annotations

import logging

from activity_contract.cross_order import StepStanding, StepWatch
from workflows.contract.order_messages import Actor, CallbackDelivery, EventDelivery, OrderAct, Refusal
from workflows.core.actions import order_actions
from workflows.core.engine import advance
from workflows.core.execution import callback_matching, cross_order_notify, event_matching
from workflows.core.execution.event_matching import kept_event
from workflows.core.state.order_run import OrderRun
from workflows.core.steps.refusal import Refused

logger = logging.getLogger(__name__)


Delivery = EventDelivery | CallbackDelivery | StepWatch | StepStanding


def take(run: OrderRun, delivery: Delivery) -> None:
    """As the update would, with every refusal in the journal; an event that is ambiguous is kept until it is not."""
    try:
        if isinstance(delivery, EventDelivery):
            _take_event(run, delivery)
        elif isinstance(delivery, CallbackDelivery):
            _take_callback(run, delivery)
        elif isinstance(delivery, StepWatch):
            cross_order_notify.watch(run, delivery)
        else:
            advance.order_heard(run, delivery)
    except Exception:
        if run.strict:
            raise
        logger.exception("a delivery for order %s could not be taken in", run.plan.order.id)


def cancel(run: OrderRun) -> None:
    """With Temporal's own tools, whose request takes no answer: as the update would, with a refusal in the journal."""
    act = OrderAct(actor=Actor(by="Temporal", reason="cancelled with Temporal's own tools"))
    try:
        if order_actions.judged(run, "cancel", act) is None:
            order_actions.done(run, "cancel", act)
    except Refused as refused:
        run.journal.note(run.now, "not cancelled", by=act.actor.by, reason=str(refused))


def _take_event(run: OrderRun, delivery: EventDelivery) -> None:
    event = kept_event(delivery, run.now)
    try:
        advance.take_event(run, event, event_matching.verdict_on(run, event))
    except Refused as refused:
        keep = refused.code is Refusal.AMBIGUOUS and run.inbox.has_room_for(event.size)
        if keep:
            event_matching.take_in(run, event, event_matching.Verdict("kept"))
        run.journal.note(run.now, f"event {event.name} {'kept' if keep else 'dropped'}", reason=str(refused))


def _take_callback(run: OrderRun, delivery: CallbackDelivery) -> None:
    try:
        verdict = callback_matching.verdict_on(run, delivery.step, delivery.key, delivery.event_id)
        advance.take_callback(run, delivery.key, delivery.event_id, delivery.payload, verdict)
    except Refused as refused:
        run.journal.note(run.now, "callback dropped", reason=str(refused))
