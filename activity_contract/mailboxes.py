"""Mailboxes: they keep events for orders, and know which orders wait for which events (workflows/event_mailbox.py)."""

from __future__ import annotations

from typing import Any, Literal

from activity_contract.cross_order import StepWatch
from activity_contract.payloads import WireModel

# Signals and updates of a mailbox
MAILBOX_DELIVER = "deliver"  # update and signal, MailboxDelivery → MailboxDeliveryResult
MAILBOX_SUBSCRIBE = "subscribe"  # update and signal, MailboxSubscriber → None; may start the mailbox
MAILBOX_UNSUBSCRIBE = "unsubscribe"  # signal, MailboxSubscriber
MAILBOX_ORDER_STARTED = "order_started"  # signal without argument, to the mailbox of an order
MAILBOX_RETURN = "give_back"  # signal, ReturnedEvents; may start the mailbox


class EventSubscription(WireModel):
    """An order starts or stops waiting for events, which systems send by name and key without knowing the order."""

    order_id: str
    names: list[str]
    key: str | None = None


class MailboxSubscriber(WireModel):
    order_id: str
    workflow_id: str
    """The workflow to which the mailbox sends its events, as the signal `deliver_event`."""


class MailboxInput(WireModel):
    """A mailbox belongs to an order (`order_workflow_id`), or to an event name and key, to which orders subscribe."""

    order_workflow_id: str | None = None
    retention_days: float = 30.0
    """How long an event is kept that nobody takes."""
    carried: dict[str, Any] | None = None
    """Its state after a continue-as-new."""


class MailboxDelivery(WireModel):
    event_id: str
    name: str
    key: str | None = None
    payload: Any = None
    step: str | None = None
    watch: StepWatch | None = None
    """If set, this is not an event: a step of another order waits for a step of the mailbox's order."""


class ReturnedEvents(WireModel):
    """Events that a rejected order had received. They wait for the order submitted again under its id."""

    order_id: str
    events: list[MailboxDelivery]


class MailboxDeliveryResult(WireModel):
    status: Literal["delivered", "kept", "duplicate", "ambiguous", "full"]
    """delivered: to the one waiting order · kept: no order waits yet · duplicate: received before · ambiguous: refused,
    because several orders wait · full: refused, because too many events are kept."""
    orders: list[str] = []
