"""What clients and an order's outbox say to each other."""

from __future__ import annotations

from datetime import datetime

from workflows.contract.order_messages import Message
from workflows.contract.order_views import ErrorView

# An order's outbox (workflows/order_outbox.py)
UPDATE_RESEND = "resend"  # Resend → ResendAnswer
QUERY_OUTBOX = "outbox"  # None → OutboxView


class ResendRequest(Message):
    """Undeliverable events are sent once more, and what waits for another attempt is tried at once."""

    receiver: str | None = None
    """None: all receivers."""
    events: list[str] | None = None
    """Ids; None: all."""


class ResendResult(Message):
    events: int
    """So many go out once more; 0: there were none."""


class UndeliveredEvent(Message):
    """An event that a receiver has not got yet."""

    receiver: str
    event_id: str
    type: str
    at: datetime
    """When it happened."""
    attempts: int = 0
    error: ErrorView | None = None
    next_attempt_at: datetime | None = None
    """None: it is given up, or waits for those before it."""
    given_up: bool = False


class OutboxView(Message):
    order_id: str
    undelivered: list[UndeliveredEvent]
    """Those given up first; of each receiver in order. At most MOST_SHOWN."""
    given_up: int
    waiting: int
    dropped: int = 0
    """Given up so long ago, or so many, that they are no longer kept."""
    order_ended: bool = False
