"""Events that an order has received. It keeps the events that came too early. It keeps the ids of all events, so that
no event counts twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

MAX_SEEN = 10_000
"""How many ids to remember. The oldest are forgotten first."""
MAX_EARLY_EVENTS = 500
MAX_EARLY_BYTES = 300_000
"""Continue-as-new carries early events with the order's state, and both must fit into one payload of 2 MB."""


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    event_id: str
    name: str
    key: str | None
    payload: Any
    step: str | None
    """The id or number of the step that the event names, if it names one."""
    at: float
    size: int
    """The approximate size in bytes."""


def event_digest(event_id: str) -> str:
    return blake2b(event_id.encode(), digest_size=8).hexdigest()


@dataclass(slots=True)
class EventInbox:
    early_events: list[ReceivedEvent] = field(default_factory=list)
    """Oldest first."""
    seen: dict[str, None] = field(default_factory=dict)
    """Digests of event ids, oldest first."""
    needs_recheck: bool = False
    """Fewer steps wait than before, so an early event that was ambiguous may now fit exactly one step."""

    def has_seen(self, event_id: str) -> bool:
        return event_digest(event_id) in self.seen

    def mark_seen(self, event_id: str) -> None:
        self.seen[event_digest(event_id)] = None
        if len(self.seen) > MAX_SEEN:
            del self.seen[next(iter(self.seen))]

    def kept(self, event_id: str) -> ReceivedEvent | None:
        return next((event for event in self.early_events if event.event_id == event_id), None)

    def has_room_for(self, size: int) -> bool:
        return (
            len(self.early_events) < MAX_EARLY_EVENTS
            and sum(event.size for event in self.early_events) + size <= MAX_EARLY_BYTES
        )
