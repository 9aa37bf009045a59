"""What an order's outbox holds: events on their way to receivers, in order, and those that could not be delivered.

No clock, no Temporal: moments are seconds since 1970 and come from outside.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from activity_contract.notifications import DeliveryOutcome, NotificationBatch, NotificationEvent, NotificationOrder

MAX_BATCH_SIZE = 20
"""Events of one delivery."""
MAX_QUEUED = 20_000
"""For one receiver; of more, those that have waited longest are given up. What is kept crosses over in one payload."""
MAX_UNDELIVERABLE = 1_000
"""Undeliverable events; of more, the oldest are dropped."""
OVERFLOW_CODE = "overflow"


@dataclass(slots=True)
class ReceiverQueue:
    """What one receiver is still to be told, in order."""

    events: list[str] = field(default_factory=list)
    """Ids."""
    attempts: int = 0
    """Of the first."""
    next_at: float = 0.0
    code: str | None = None
    message: str = ""
    failed_at: float = 0.0
    gone: bool = False
    """It wants nothing more; what comes for it is undeliverable at once."""
    flying: int = 0
    """So many of the events, from the first, are being delivered."""


@dataclass(slots=True)
class UndeliverableEvent:
    receiver: str
    event: str
    code: str
    message: str
    at: float
    attempts: int


@dataclass(slots=True)
class OutboxState:
    order: NotificationOrder | None = None
    events: dict[str, NotificationEvent] = field(default_factory=dict)
    """By id, in the order in which they came; those that are still needed."""
    unmatched: list[str] = field(default_factory=list)
    """Nobody has decided yet who wants these."""
    queues: dict[str, ReceiverQueue] = field(default_factory=dict)
    undeliverable: list[UndeliverableEvent] = field(default_factory=list)
    dropped: int = 0
    last: dict[str, int] = field(default_factory=dict)
    """Revision → number of the last event that came."""
    ended: bool = False
    reference_counts: dict[str, int] = field(default_factory=dict)
    """Event → in how many places below it still stands; without any it is forgotten."""

    def add_batch(self, batch: NotificationBatch) -> None:
        """What came before is left out."""
        self.order = batch.order
        revision = str(batch.order.revision)
        last = self.last.get(revision, 0)
        for event in batch.events:
            if (event.number and event.number <= last) or event.id in self.events:
                continue
            self.events[event.id] = event
            self.unmatched.append(event.id)
            last = max(last, event.number)
        self.last[revision] = last
        self.ended = batch.ended

    def next_unmatched(self) -> NotificationBatch | None:
        """The events that nobody has looked at yet, at most 200."""
        if self.order is None or not self.unmatched:
            return None
        return NotificationBatch(order=self.order, events=[self.events[id_] for id_ in self.unmatched[:200]])

    def apply_matches(self, batch: NotificationBatch, receivers: dict[str, list[str]], now: float) -> None:
        for event in batch.events:
            self.unmatched.remove(event.id)
            wanted_by = receivers.get(event.id, [])
            self.reference_counts[event.id] = len(wanted_by)
            if not wanted_by:
                self._release(event.id, 0)
            for receiver in wanted_by:
                queue = self.queues.setdefault(receiver, ReceiverQueue())
                if queue.gone:
                    self._give_up(receiver, queue, [event.id], now)
                    continue
                queue.events.append(event.id)
                if len(queue.events) > MAX_QUEUED and not queue.flying:
                    first = queue.events.pop(0)
                    queue.code, queue.message = OVERFLOW_CODE, f"more than {MAX_QUEUED} events wait for this receiver"
                    self._give_up(receiver, queue, [first], now)

    def due_receivers(self, now: float) -> list[str]:
        """Receivers to whom something is to be delivered now, sorted."""
        return sorted(
            name for name, queue in self.queues.items() if queue.events and not queue.flying and queue.next_at <= now
        )

    def next_due_at(self) -> float | None:
        """The next moment at which `due` names one more."""
        return min((queue.next_at for queue in self.queues.values() if queue.events and not queue.flying), default=None)

    def take_batch(self, receiver: str) -> tuple[list[NotificationEvent], int]:
        """What goes to the receiver now, and how often the first of it was tried before."""
        queue = self.queues[receiver]
        batch = queue.events[:MAX_BATCH_SIZE] if not queue.attempts else queue.events[:1]
        queue.flying = len(batch)
        return [self.events[id_] for id_ in batch], queue.attempts

    def delivery_ended(self, receiver: str, outcome: DeliveryOutcome, now: float) -> None:
        queue = self.queues[receiver]
        queue.flying = 0
        if outcome.delivered:
            for event in queue.events[: outcome.delivered]:
                self._release(event)
            del queue.events[: outcome.delivered]
            queue.attempts, queue.code, queue.message = 0, None, ""
        queue.next_at = now
        if outcome.code is not None:
            self._delivery_failed(receiver, queue, outcome, now)
        if not queue.events and not queue.gone:
            del self.queues[receiver]

    def _delivery_failed(self, receiver: str, queue: ReceiverQueue, outcome: DeliveryOutcome, now: float) -> None:
        queue.code, queue.message, queue.failed_at = outcome.code, outcome.message, now
        queue.attempts += outcome.counts
        queue.gone = outcome.gone
        if outcome.pause is not None:
            queue.next_at = now + outcome.pause
            return
        # Those behind the first have waited as long as it, for a receiver that took nothing in all that time.
        together = outcome.gone or (outcome.exhausted and queue.attempts > 1)
        given_up = list(queue.events) if together else queue.events[:1]
        del queue.events[: len(given_up)]
        self._give_up(receiver, queue, given_up, now)
        queue.attempts = 0

    def _give_up(self, receiver: str, queue: ReceiverQueue, events: list[str], now: float) -> None:
        for position, event in enumerate(events):
            attempts = queue.attempts if position == 0 else 0
            self.undeliverable.append(
                UndeliverableEvent(receiver, event, queue.code or "gone", queue.message, now, attempts)
            )
        if len(self.undeliverable) > MAX_UNDELIVERABLE:
            self._drop_oldest(len(self.undeliverable) - MAX_UNDELIVERABLE)

    def resend(self, receiver: str | None, events: list[str] | None, now: float) -> int:
        """How many events go out once more, or at once rather than later. They keep their order."""
        chosen = [
            each
            for each in self.undeliverable
            if receiver in (None, each.receiver) and (events is None or each.event in events)
        ]
        self.undeliverable = [each for each in self.undeliverable if each not in chosen]
        places = {id_: place for place, id_ in enumerate(self.events)}
        for name, back in _ids_by_receiver(chosen).items():
            queue = self.queues.setdefault(name, ReceiverQueue())
            flying, waiting = queue.events[: queue.flying], queue.events[queue.flying :]
            queue.events = flying + sorted(dict.fromkeys([*back, *waiting]), key=places.__getitem__)
            queue.gone = False
            if not queue.flying:
                queue.attempts = 0
        hurried = 0
        for name, queue in self.queues.items():
            if receiver in (None, name) and queue.events and not queue.flying and queue.next_at > now:
                hurried += not any(each.receiver == name for each in chosen)
                queue.next_at = now
        return len(chosen) + hurried

    def _release(self, event: str, uses: int = 1) -> None:
        """It stands in so many places less."""
        self.reference_counts[event] -= uses
        if not self.reference_counts[event]:
            del self.reference_counts[event], self.events[event]

    def _drop_oldest(self, count: int) -> None:
        """The first of those that are undeliverable."""
        for each in self.undeliverable[:count]:
            self._release(each.event)
        del self.undeliverable[:count]
        self.dropped += count

    def drop_older_than(self, moment: float) -> None:
        self.undeliverable.sort(key=lambda each: each.at)
        self._drop_oldest(sum(each.at <= moment for each in self.undeliverable))

    @property
    def has_pending_events(self) -> bool:
        """Something is still to be delivered."""
        return bool(self.unmatched) or any(queue.events for queue in self.queues.values())

    @property
    def waiting_count(self) -> int:
        return sum(len(queue.events) for queue in self.queues.values())


def _ids_by_receiver(chosen: list[UndeliverableEvent]) -> dict[str, list[str]]:
    counted = Counter(each.receiver for each in chosen)
    return {name: [each.event for each in chosen if each.receiver == name] for name in sorted(counted)}


def dump_state(state: OutboxState) -> str:
    """As text, for when the outbox's run continues as another one. Nothing may be in flight."""
    data = {
        "order": state.order.model_dump() if state.order else None,
        "events": [[event.id, event.number, event.type, event.at, event.data] for event in state.events.values()],
        "unmatched": state.unmatched,
        "queues": {name: asdict(queue) for name, queue in state.queues.items()},
        "undeliverable": [asdict(each) for each in state.undeliverable],
        "dropped": state.dropped,
        "last": state.last,
        "ended": state.ended,
    }
    return base64.b85encode(zlib.compress(json.dumps(data, separators=(",", ":")).encode(), 3)).decode()


def load_state(text: str) -> OutboxState:
    data: dict[str, Any] = json.loads(zlib.decompress(base64.b85decode(text)))
    # They were checked when they came, and there may be many: a workflow that computes for over 2 s counts as hanging.
    events = [
        NotificationEvent.model_construct(id=id_, number=number, type=type_, at=at, data=about)
        for id_, number, type_, at, about in data.pop("events")
    ]
    state = OutboxState(
        order=NotificationOrder(**order) if (order := data.pop("order")) else None,
        events={event.id: event for event in events},
        queues={name: ReceiverQueue(**queue) for name, queue in data.pop("queues").items()},
        undeliverable=[UndeliverableEvent(**each) for each in data.pop("undeliverable")],
        **data,
    )
    state.reference_counts = dict(Counter(each.event for each in state.undeliverable))
    for queue in state.queues.values():
        for id_ in queue.events:
            state.reference_counts[id_] = state.reference_counts.get(id_, 0) + 1
    return state
