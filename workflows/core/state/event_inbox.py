"""What has come to an order: events kept for a step whose turn is to come, and all ids, so that none counts twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

MAX_SEEN = 10_000
"""Ids; the oldest are forgotten first."""
MAX_EARLY_EVENTS = 500
MAX_EARLY_BYTES = 300_000
"""What is kept crosses over with the order's state, which is one payload of at most 2 MB."""


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    event_id: str
    name: str
    key: str | None
    payload: Any
    step: str | None
    at: float
    size: int


def event_digest(event_id: str) -> str:
    return blake2b(event_id.encode(), digest_size=8).hexdigest()


@dataclass(slots=True)
class EventInbox:
    early_events: list[ReceivedEvent] = field(default_factory=list)
    seen: dict[str, None] = field(default_factory=dict)
    """Digests of event ids, oldest first."""
    needs_recheck: bool = False
    """A kept event may fit now: there is one step less that it could have been meant for."""

    def has_seen(self, event_id: str) -> bool:
        return event_digest(event_id) in self.seen

    def mark_seen(self, event_id: str) -> None:
        self.seen[event_digest(event_id)] = None
        if len(self.seen) > MAX_SEEN:
            del self.seen[next(iter(self.seen))]

    def has_room_for(self, size: int) -> bool:
        return (
            len(self.early_events) < MAX_EARLY_EVENTS
            and sum(event.size for event in self.early_events) + size <= MAX_EARLY_BYTES
        )
