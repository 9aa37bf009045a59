"""What has come to an order: events kept for a step whose turn is to come, and all ids, so that none counts twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

MOST_REMEMBERED = 10_000
"""Ids; the oldest are forgotten first."""
MOST_KEPT = 500
MOST_KEPT_BYTES = 300_000
"""What is kept crosses over with the order's state, which is one payload of at most 2 MB."""


@dataclass(frozen=True, slots=True)
class KeptEvent:
    event_id: str
    name: str
    key: str | None
    payload: Any
    step: str | None
    at: float
    size: int


def digest_of(event_id: str) -> str:
    return blake2b(event_id.encode(), digest_size=8).hexdigest()


@dataclass(slots=True)
class Inbox:
    kept: list[KeptEvent] = field(default_factory=list)
    seen: dict[str, None] = field(default_factory=dict)
    """Digests of event ids, oldest first."""
    reconsider: bool = False
    """A kept event may fit now: there is one step less that it could have been meant for."""

    def has_seen(self, event_id: str) -> bool:
        return digest_of(event_id) in self.seen

    def remember(self, event_id: str) -> None:
        self.seen[digest_of(event_id)] = None
        if len(self.seen) > MOST_REMEMBERED:
            del self.seen[next(iter(self.seen))]

    def has_room_for(self, size: int) -> bool:
        return len(self.kept) < MOST_KEPT and sum(event.size for event in self.kept) + size <= MOST_KEPT_BYTES
