"""The queues of an order's outbox: events on their way to receivers, and those that could not be delivered.

No clock, no Temporal: the time comes from outside, in seconds since 1970.
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
"""Events per delivery."""
MAX_QUEUED = 20_000
"""Events per receiver. If there are more, the oldest become undeliverable, because continue-as-new carries all of
them in one payload."""
MAX_UNDELIVERABLE = 1_000
"""Undeliverable events. If there are more, the oldest are dropped."""
OVERFLOW_CODE = "overflow"


@dataclass(slots=True)
class ReceiverQueue:
    """The events for one receiver, in order."""

    events: list[str] = field(default_factory=list)
    """Event ids."""
    attempts: int = 0
    """How many attempts the first event has had."""
    next_at: float = 0.0
    code: str | None = None
    message: str = ""
    failed_at: float = 0.0
    gone: bool = False
    """The receiver was removed: new events for it are undeliverable at once."""
    flying: int = 0
    """How many events, from the first, are being delivered."""


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
    """Events by id, in the order of arrival. Holds only events that are still needed."""
    unmatched: list[str] = field(default_factory=list)
    """Events that have not been matched with receivers yet."""
    queues: dict[str, ReceiverQueue] = field(default_factory=dict)
    undeliverable: list[UndeliverableEvent] = field(default_factory=list)
    dropped: int = 0
    last: dict[str, int] = field(default_factory=dict)
    """Revision → number of the last event that has arrived."""
    ended: bool = False
    reference_counts: dict[str, int] = field(default_factory=dict)
    """Event → how many queues and undeliverable entries contain it. At 0, the event is forgotten."""

    def add_batch(self, batch: NotificationBatch) -> None:
        """Skips events that have arrived before."""
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
        """The next events to match with receivers, at most 200."""
        if self.order is None or not self.unmatched:
            return None
        return NotificationBatch(order=self.order, events=[self.events[id_] for id_ in self.unmatched[:200]])

    def apply_matches(self, batch: NotificationBatch, receivers: dict[str, list[str]], now: float) -> None:
        """`receivers`: event id → the receivers that want it."""
        for event in batch.events:
            self.unmatched.remove(event.id)
            matched = receivers.get(event.id, [])
            self.reference_counts[event.id] = len(matched)
            if not matched:
                self._release(event.id, 0)
            for receiver in matched:
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
        """Receivers with a delivery that is due, sorted."""
        return sorted(
            name for name, queue in self.queues.items() if queue.events and not queue.flying and queue.next_at <= now
        )

    def next_due_at(self) -> float | None:
        """When the next delivery is due."""
        return min((queue.next_at for queue in self.queues.values() if queue.events and not queue.flying), default=None)

    def take_batch(self, receiver: str) -> tuple[list[NotificationEvent], int]:
        """The events to deliver now, and how many attempts the first has had."""
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
        # The receiver accepted nothing during all retries, so the events behind this one are given up as well.
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
        """Queue undeliverable events again, and retry waiting ones now. None means all receivers or all events.

        Keeps the order of events. Returns how many events and how many receivers are concerned.
        """
        chosen: list[UndeliverableEvent] = []
        others: list[UndeliverableEvent] = []
        for each in self.undeliverable:
            is_chosen = receiver in (None, each.receiver) and (events is None or each.event in events)
            (chosen if is_chosen else others).append(each)
        self.undeliverable = others
        order = {id_: position for position, id_ in enumerate(self.events)}
        for name in sorted({each.receiver for each in chosen}):
            queue = self.queues.setdefault(name, ReceiverQueue())
            flying, waiting = queue.events[: queue.flying], queue.events[queue.flying :]
            again = {each.event for each in chosen if each.receiver == name}
            queue.events = flying + sorted(again.union(waiting), key=order.__getitem__)
            queue.gone = False
            if not queue.flying:
                queue.attempts = 0
        retried_now = 0
        for name, queue in self.queues.items():
            if receiver in (None, name) and queue.events and not queue.flying and queue.next_at > now:
                retried_now += not any(each.receiver == name for each in chosen)
                queue.next_at = now
        return len(chosen) + retried_now

    def _release(self, event: str, uses: int = 1) -> None:
        """The event is in this many places fewer than before."""
        self.reference_counts[event] -= uses
        if not self.reference_counts[event]:
            del self.reference_counts[event], self.events[event]

    def _drop_oldest(self, count: int) -> None:
        """Forget the first `count` undeliverable events."""
        for each in self.undeliverable[:count]:
            self._release(each.event)
        del self.undeliverable[:count]
        self.dropped += count

    def drop_older_than(self, moment: float) -> None:
        self.undeliverable.sort(key=lambda each: each.at)
        self._drop_oldest(sum(each.at <= moment for each in self.undeliverable))

    @property
    def has_pending_events(self) -> bool:
        """Whether anything is still to be delivered."""
        return bool(self.unmatched) or any(queue.events for queue in self.queues.values())

    @property
    def waiting_count(self) -> int:
        return sum(len(queue.events) for queue in self.queues.values())


def dump_state(state: OutboxState) -> str:
    """The outbox as text, for continue-as-new. No delivery may be running."""
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
    # They were validated on arrival. There may be many, and Temporal aborts a workflow that computes for over 2 s.
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
    queued = (id_ for queue in state.queues.values() for id_ in queue.events)
    state.reference_counts = dict(Counter([*(each.event for each in state.undeliverable), *queued]))
    return state
