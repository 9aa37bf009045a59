"""The mailboxes of a scenario: an event goes to the order that waits for its name and key, now or later."""

from __future__ import annotations

from collections.abc import Iterator

from activity_contract.mailboxes import EventSubscription, MailboxInput
from scenarios.base.clock import Clock
from workflows.contract.order_messages import EventDelivery
from workflows.core.events.event_subscriptions import MailboxAddress, addresses

RETENTION_SECONDS = MailboxInput().retention_days * 86_400
"""An event that nobody has awaited by then is dropped."""


class Mailboxes:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._subscribed: set[MailboxAddress] = set()
        self._kept: dict[MailboxAddress, list[tuple[float, EventDelivery]]] = {}
        """With the time of their arrival."""

    def post(self, delivery: EventDelivery) -> bool:
        """Whether the order waits for it. If not, it is kept."""
        address = (delivery.name, delivery.key)
        if address in self._subscribed:
            return True
        self._kept.setdefault(address, []).append((self._clock.now, delivery))
        return False

    def subscribe(self, subscription: EventSubscription) -> Iterator[EventDelivery]:
        """The events that were kept for it."""
        oldest = self._clock.now - RETENTION_SECONDS
        for address in addresses(subscription):
            self._subscribed.add(address)
            kept = self._kept.get(address, [])
            expired = [(at, delivery) for at, delivery in kept if at <= oldest]
            self._kept[address] = expired
            yield from (delivery for at, delivery in kept if at > oldest)

    def unsubscribe(self, subscription: EventSubscription) -> None:
        self._subscribed.difference_update(addresses(subscription))

    def kept(self) -> Iterator[EventDelivery]:
        """The events that nobody has taken, and those that were dropped."""
        for deliveries in self._kept.values():
            yield from (delivery for _, delivery in deliveries)
