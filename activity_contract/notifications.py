"""What happens to orders, on its way to the receivers who want to know (workflows/order_outbox.py)."""

from __future__ import annotations

from typing import Any

from activity_contract.payloads import WireModel

OUTBOX_ADD_EVENTS = "tell"  # signal of an order's outbox (workflows/order_outbox.py), HandOver


def notifications_task_queue(task_queue: str) -> str:
    """The queue on which deliveries to receivers wait, so that a slow receiver holds no order up."""
    return f"{task_queue}/notifications"


class NotificationFilter(WireModel):
    """What is told of an order, as the receivers of the worker's catalogue want it when the order starts."""

    events: list[str]
    """Types and patterns (compiler.language.event_types)."""
    receivers: list[str]
    """Ids: those whom a step may escalate to."""


class NotificationOrder(WireModel):
    """Of an order what receivers may choose by."""

    id: str
    revision: int = 1
    customer: dict[str, Any] = {}
    """id, name, tier."""
    priority: int = 3
    products: list[str] = []
    """Ids of the commercial ones."""


class NotificationEvent(WireModel):
    id: str
    """`<order id>/<number>`; of a later revision `<order id>/r<revision>/<number>`."""
    number: int
    """From 1, without gaps, per revision; 0 for the one event of a rejected order."""
    type: str
    """Of compiler.language.event_types."""
    at: float
    """Seconds since 1970."""
    data: dict[str, Any] = {}
    """Without what is the same for the whole order."""


class NotificationBatch(WireModel):
    """Events on their way out of an order. Handing over twice does no harm: numbers tell."""

    order: NotificationOrder
    events: list[NotificationEvent]
    ended: bool = False
    """Nothing more will come from this run of the order."""


class MatchedEvents(WireModel):
    receivers: dict[str, list[str]] = {}
    """Event id → ids of the receivers that want it; those that nobody wants are left out."""


class ReceiverDelivery(WireModel):
    receiver: str
    order: NotificationOrder
    events: list[NotificationEvent]
    """In order; the first that fails ends the delivery."""
    attempts: int = 0
    """Of the first event, made before."""


class DeliveryOutcome(WireModel):
    delivered: int
    """So many of the events, from the first."""
    code: str | None = None
    """Why the next one was not; None: nothing failed."""
    message: str = ""
    pause: float | None = None
    """Seconds until it is tried again; None: it is given up."""
    counts: bool = True
    """False where nothing was tried, so that it is no attempt."""
    gone: bool = False
    """The receiver wants nothing more, or is none any more."""
    exhausted: bool = False
    """It was the last attempt of the receiver's policy."""
