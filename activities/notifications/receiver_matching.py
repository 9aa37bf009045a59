"""MATCH_EVENTS: which receivers get an event (docs/notifications.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import structlog
from temporalio import activity

from activities.notifications.resolved_receiver import ResolvedReceiver
from activity_contract.activity_names import MATCH_EVENTS
from activity_contract.notifications import MatchedEvents, NotificationBatch, NotificationEvent, NotificationOrder
from compiler.cel.evaluation import EvaluationError, evaluate
from compiler.language.event_types import matches_any
from compiler.language.systems import Receiver
from compiler.typecheck.scopes import EVENT_TEXT_FIELDS
from compiler.values import as_text

logger = structlog.get_logger("activities")


class ReceiverLookup(Protocol):
    """Receivers are looked up for each event, so an edited definition takes effect at once."""

    @property
    def receivers(self) -> Mapping[str, ResolvedReceiver]: ...


class ReceiverMatching:
    def __init__(self, receivers: ReceiverLookup) -> None:
        self._receivers = receivers

    @activity.defn(name=MATCH_EVENTS)
    async def match(self, batch: NotificationBatch) -> MatchedEvents:
        """Uses the current receivers."""
        return matched_events((each.receiver for each in self._receivers.receivers.values()), batch)


def matched_events(receivers: Iterable[Receiver], batch: NotificationBatch) -> MatchedEvents:
    by_id = sorted(receivers, key=lambda each: each.id)
    matched = {
        event.id: [each.id for each in by_id if accepts_event(each, batch.order, event)] for event in batch.events
    }
    return MatchedEvents(receivers={event: names for event, names in matched.items() if names})


def accepts_event(receiver: Receiver, order: NotificationOrder, event: NotificationEvent) -> bool:
    """A condition without a value accepts the event: an unneeded notification is better than a missing one."""
    if event.type == "step.escalated" and event.data.get("receiver") == receiver.id:
        return True
    if not matches_any(receiver.events, event.type):
        return False
    if receiver.when is None:
        return True
    try:
        return evaluate(receiver.when, event_bindings(order, event)) is not False
    except EvaluationError as error:
        logger.warning("receiver condition has no value", receiver=receiver.id, event_id=event.id, error=str(error))
        return True


def event_bindings(order: NotificationOrder, event: NotificationEvent) -> dict[str, Any]:
    """The variables of a receiver's `when`; missing texts are empty."""
    fields = {"type": event.type, **event.data}
    customer = {name: as_text(order.customer.get(name) or "") for name in ("id", "name", "tier")}
    return {
        "event": {name: as_text(fields.get(name) or "") for name in EVENT_TEXT_FIELDS},
        "order": {"id": order.id, "customer": customer, "priority": order.priority, "products": order.products},
    }
