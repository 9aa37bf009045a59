"""Messages between clients and an order's outbox (workflows/order_outbox.py)."""

from __future__ import annotations

from datetime import datetime

from workflows.contract.order_messages import Message
from workflows.contract.order_views import ErrorView

UPDATE_RESEND = "resend"  # ResendRequest → ResendResult
QUERY_OUTBOX = "outbox"  # None → OutboxView


class ResendRequest(Message):
    """Sends undeliverable events again, and tries at once what waits for another attempt."""

    receiver: str | None = None
    """None: all receivers."""
    events: list[str] | None = None
    """Ids; None: all."""


class ResendResult(Message):
    events: int
    """Number of events that are sent again."""


class UndeliveredEvent(Message):
    """An event that has not been delivered to a receiver."""

    receiver: str
    event_id: str
    type: str
    at: datetime
    """When it happened."""
    attempts: int = 0
    error: ErrorView | None = None
    next_attempt_at: datetime | None = None
    """None: it is given up, or waits for earlier events."""
    given_up: bool = False


class OutboxView(Message):
    order_id: str
    undelivered: list[UndeliveredEvent]
    """First the events that were given up, then each receiver's in order. At most MAX_LISTED_EVENTS."""
    given_up: int
    waiting: int
    dropped: int = 0
    """Given-up events that are no longer kept, because of their age or number."""
    order_ended: bool = False
