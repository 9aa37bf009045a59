"""What is signalled: nobody can be told of a refusal, and no mistake may block the order."""

from __future__ import annotations

import logging

from activities.contract import StepStanding, StepWatch
from workflows import callbacks, events, fulfilment, order_acts, watchers
from workflows.inbox import kept_event
from workflows.messages import Actor, CallbackDelivery, EventDelivery, OrderAct, Refusal
from workflows.progress import OrderRun
from workflows.refusals import Refused

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
            watchers.watch(run, delivery)
        else:
            fulfilment.order_heard(run, delivery)
    except Exception:
        if run.strict:
            raise
        logger.exception("a delivery for order %s could not be taken in", run.plan.order.id)


def cancel(run: OrderRun) -> None:
    """With Temporal's own tools, whose request takes no answer: as the update would, with a refusal in the journal."""
    act = OrderAct(actor=Actor(by="Temporal", reason="cancelled with Temporal's own tools"))
    try:
        if order_acts.judged(run, "cancel", act) is None:
            order_acts.done(run, "cancel", act)
    except Refused as refused:
        run.journal.note(run.now, "not cancelled", by=act.actor.by, reason=str(refused))


def _take_event(run: OrderRun, delivery: EventDelivery) -> None:
    event = kept_event(delivery, run.now)
    try:
        fulfilment.take_event(run, event, events.verdict_on(run, event))
    except Refused as refused:
        keep = refused.code is Refusal.AMBIGUOUS and run.inbox.has_room_for(event.size)
        if keep:
            events.take_in(run, event, events.Verdict("kept"))
        run.journal.note(run.now, f"event {event.name} {'kept' if keep else 'dropped'}", reason=str(refused))


def _take_callback(run: OrderRun, delivery: CallbackDelivery) -> None:
    try:
        verdict = callbacks.verdict_on(run, delivery.step, delivery.key, delivery.event_id)
        fulfilment.take_callback(run, delivery.key, delivery.event_id, delivery.payload, verdict)
    except Refused as refused:
        run.journal.note(run.now, "callback dropped", reason=str(refused))
