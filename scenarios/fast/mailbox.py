"""The mailboxes of a scenario: an event goes to the order that waits for its name and key, now or later."""

from __future__ import annotations

from collections.abc import Iterator

from activity_contract.mailboxes import EventSubscription
from workflows.contract.order_messages import EventDelivery
from workflows.core.events.event_subscriptions import MailboxAddress, addresses


class Mailboxes:
    def __init__(self) -> None:
        self._subscribed: set[MailboxAddress] = set()
        self._kept: dict[MailboxAddress, list[EventDelivery]] = {}

    def post(self, delivery: EventDelivery) -> bool:
        """Whether the order waits for it. If not, it is kept."""
        address = (delivery.name, delivery.key)
        if address in self._subscribed:
            return True
        self._kept.setdefault(address, []).append(delivery)
        return False

    def subscribe(self, subscription: EventSubscription) -> Iterator[EventDelivery]:
        """The events that were kept for it."""
        for address in addresses(subscription):
            self._subscribed.add(address)
            yield from self._kept.pop(address, ())

    def unsubscribe(self, subscription: EventSubscription) -> None:
        self._subscribed.difference_update(addresses(subscription))

    def kept(self) -> Iterator[EventDelivery]:
        """The events that nobody has taken."""
        for deliveries in self._kept.values():
            yield from deliveries
