"""Notifications: events of an order on their way through its outbox to receivers (workflows/order_outbox.py)."""

from __future__ import annotations

from typing import Any

from activity_contract.payloads import WireModel

OUTBOX_ADD_EVENTS = "tell"  # signal of an order's outbox, NotificationBatch


def notifications_task_queue(task_queue: str) -> str:
    """The queue of deliveries to receivers. It is separate, so that a slow receiver delays no order."""
    return f"{task_queue}/notifications"


class NotificationFilter(WireModel):
    """Which events of an order are notified, according to the receivers of the catalogue when the order starts."""

    events: list[str]
    """Event types and patterns of them (compiler.language.event_types)."""
    receivers: list[str]
    """Ids of the receivers that a step may escalate to."""


class NotificationOrder(WireModel):
    """What a receiver's `when` can see of an order."""

    id: str
    revision: int = 1
    customer: dict[str, Any] = {}
    """id, name, tier."""
    priority: int = 3
    products: list[str] = []
    """Ids of the commercial products."""


class NotificationEvent(WireModel):
    id: str
    """`<order id>/<number>`, or `<order id>/r<revision>/<number>` for a later revision."""
    number: int
    """From 1, without gaps, per revision; 0 for the one event of a rejected order."""
    type: str
    """One of compiler.language.event_types."""
    at: float
    """Seconds since 1970."""
    data: dict[str, Any] = {}
    """Without the fields that are the same for the whole order."""


class NotificationBatch(WireModel):
    """Events that an order hands over to its outbox. The outbox recognises repeated ones by their numbers."""

    order: NotificationOrder
    events: list[NotificationEvent]
    ended: bool = False
    """This run of the order will hand over no more events."""


class MatchedEvents(WireModel):
    receivers: dict[str, list[str]] = {}
    """Event id → ids of its receivers. Events without a receiver are omitted."""


class ReceiverDelivery(WireModel):
    receiver: str
    order: NotificationOrder
    events: list[NotificationEvent]
    """In order. The first that fails ends the delivery."""
    attempts: int = 0
    """Earlier attempts at the first event."""


class DeliveryOutcome(WireModel):
    delivered: int
    """How many of the events, from the first."""
    code: str | None = None
    """Why the next event was not delivered. None: nothing failed."""
    message: str = ""
    pause: float | None = None
    """Seconds until the next attempt. None: it is given up."""
    counts: bool = True
    """False if nothing was sent, so that this does not count as an attempt."""
    gone: bool = False
    """The receiver wants no more events, or no longer exists."""
    exhausted: bool = False
    """It was the last attempt of the receiver's policy."""
