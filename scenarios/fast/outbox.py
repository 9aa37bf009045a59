"""The outbox of a scenario's order: it delivers events to receivers by the rules of the order's outbox workflow."""

from __future__ import annotations

from math import inf

from activities.attempts.failure import AttemptFailure
from activities.notifications.cloud_events import DEFAULT_SOURCE, to_cloud_event
from activities.notifications.delivery_outcome import failed_outcome, receiver_retry, refusal
from activities.notifications.receiver_matching import matched_events
from activity_contract.calls import CONNECTION
from activity_contract.notifications import DeliveryOutcome, NotificationBatch, NotificationEvent, NotificationOrder
from compiler.catalogue.catalogue import Catalogue
from compiler.language.systems import Receiver
from scenarios.base.clock import Clock, Rank
from scenarios.base.receivers import Receivers
from workflows.core.notifications.outbox_queue import OutboxState


class FastOutbox:
    def __init__(self, clock: Clock, receivers: Receivers, catalogue: Catalogue) -> None:
        self._clock = clock
        self._receivers = receivers
        self._catalogue = catalogue
        self._state = OutboxState()
        self._due = inf

    def add(self, batch: NotificationBatch) -> None:
        self._state.add_batch(batch)
        while (unmatched := self._state.next_unmatched()) is not None:
            matched = matched_events(self._catalogue.receivers.values(), unmatched)
            self._state.apply_matches(unmatched, matched.receivers, self._clock.now)
        self._deliver_due()

    def _deliver_due(self) -> bool:
        """Returns False: the order hears nothing of it."""
        state, now = self._state, self._clock.now
        self._due = inf
        while due := state.due_receivers(now):
            for receiver in due:
                events, attempts = state.take_batch(receiver)
                if state.order is None:
                    raise RuntimeError("the outbox has events but no order")
                outcome = self._deliver(self._catalogue.receivers[receiver], state.order, events, attempts)
                state.delivery_ended(receiver, outcome, now)
        next_due = state.next_due_at()
        if next_due is not None and next_due < self._due:
            self._due = next_due
            self._clock.at(next_due, Rank.RESULT, self._deliver_due)
        return False

    def _deliver(
        self, receiver: Receiver, order: NotificationOrder, events: list[NotificationEvent], attempts: int
    ) -> DeliveryOutcome:
        retry = receiver_retry(receiver, self._catalogue)
        for delivered, event in enumerate(events):
            failure = self._send(receiver, order, event)
            if failure is not None:
                attempt = attempts + 1 if delivered == 0 else 1
                return failed_outcome(retry, failure, delivered, attempt)
        return DeliveryOutcome(delivered=len(events))

    def _send(self, receiver: Receiver, order: NotificationOrder, event: NotificationEvent) -> AttemptFailure | None:
        """Why the receiver has not got it, if so."""
        include_customer = "customer" in receiver.include
        sent = to_cloud_event(order, event, DEFAULT_SOURCE, include_customer=include_customer)
        answer = self._receivers.answer(receiver.id, sent, self._clock.now)
        if answer.error is not None:
            return AttemptFailure(CONNECTION, f"receiver {receiver.id} cannot be reached: the connection was lost")
        if answer.status >= 300:
            headers = {name.lower(): value for name, value in answer.headers.items()}
            return refusal(receiver.id, answer.status, headers)
        return None
