"""Events that wait for their order, and orders that wait for events (workflows/event_mailbox.py)."""

from __future__ import annotations

from typing import Any, Literal

from activity_contract.cross_order import StepWatch
from activity_contract.payloads import WireModel

# What the mailbox of an event name and key (workflows/event_mailbox.py) answers to
MAILBOX_DELIVER = "deliver"  # update and signal, MailboxDelivery → MailboxAnswer
MAILBOX_SUBSCRIBE = "subscribe"  # update and signal, MailboxSubscriber → None; may start the mailbox
MAILBOX_UNSUBSCRIBE = "unsubscribe"  # signal, MailboxSubscriber
MAILBOX_ORDER_STARTED = "order_started"  # signal without argument, to the mailbox of an order
MAILBOX_RETURN = "give_back"  # signal, ReturnedEvents; may start the mailbox


class EventSubscription(WireModel):
    """An order begins, or ceases, to wait for events that systems send by name and key, without knowing the order."""

    order_id: str
    names: list[str]
    key: str | None = None


class MailboxSubscriber(WireModel):
    order_id: str
    workflow_id: str
    """Where the mailbox sends what it gets, as the signal `deliver_event`."""


class MailboxInput(WireModel):
    """How a mailbox starts: as an order's (`order_workflow_id`), or as an event name and key's (subscribers come)."""

    order_workflow_id: str | None = None
    retention_days: float = 30.0
    """So long an event is kept that nobody takes."""
    carried: dict[str, Any] | None = None
    """Its state when it continues as new."""


class MailboxDelivery(WireModel):
    event_id: str
    name: str
    key: str | None = None
    payload: Any = None
    step: str | None = None
    watch: StepWatch | None = None
    """No event: another order's step asks to be told of a step of the order that the mailbox is for."""


class ReturnedEvents(WireModel):
    """Signalled to an order that is rejected: they wait for the order that is sent again under its id."""

    order_id: str
    events: list[MailboxDelivery]


class MailboxDeliveryResult(WireModel):
    status: Literal["delivered", "kept", "duplicate", "ambiguous", "full"]
    """delivered to the one order that waits · kept, nobody waits yet · had come before · refused, several orders wait ·
    refused, too much is kept already."""
    orders: list[str] = []
