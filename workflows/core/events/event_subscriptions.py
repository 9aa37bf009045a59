"""The mailboxes at which the order is subscribed. There is one per event name and key. Several steps may share it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from activity_contract.mailboxes import EventSubscription

MailboxAddress = tuple[str, str | None]
"""Event name and key."""


@dataclass(slots=True)
class MailboxSubscription:
    steps: dict[int, None] = field(default_factory=dict)
    """Positions of the steps that need it."""
    active: bool = False
    """The mailbox knows the order, because the last request was a subscription."""
    in_flight: int = 0
    """How many requests to the mailbox have not ended."""
    recheck: bool = False
    """`steps` has changed during a request. When the request ends, the order decides whether it needs another one."""

    @property
    def is_wanted(self) -> bool:
        return bool(self.steps)


@dataclass(slots=True)
class EventSubscriptions:
    by_address: dict[MailboxAddress, MailboxSubscription] = field(default_factory=dict)
    activity_ids: set[str] = field(default_factory=set)
    """Ids of the requests in flight. Temporal refuses an id that is in use."""

    def at(self, address: MailboxAddress) -> MailboxSubscription:
        return self.by_address.setdefault(address, MailboxSubscription())

    def restore(self, position: int, names: Iterable[str], key: str | None) -> None:
        """The step at this position is subscribed."""
        for name in names:
            mailbox = self.at((name, key))
            mailbox.steps[position], mailbox.active = None, True

    def forget_unused(self, address: MailboxAddress) -> None:
        found = self.by_address.get(address)
        if found is not None and not (found.steps or found.active or found.in_flight):
            del self.by_address[address]

    def free_activity_id(self, wanted: str) -> str:
        activity_id, number = wanted, 1
        while activity_id in self.activity_ids:
            number += 1
            activity_id = f"{wanted}/{number}"
        self.activity_ids.add(activity_id)
        return activity_id

    def unwanted(self) -> list[MailboxAddress]:
        """Mailboxes that still know the order although no step needs them, because a request to leave them was lost."""
        return [address for address, found in self.by_address.items() if found.active and not found.is_wanted]


def addresses(subscription: EventSubscription) -> list[MailboxAddress]:
    return [(name, subscription.key) for name in subscription.names]
