"""SUBSCRIBE_EVENTS and UNSUBSCRIBE_EVENTS: register an order with the mailboxes of the events that it waits for."""

from __future__ import annotations

import asyncio

from temporalio import activity

from activities.attempts.attempt import to_application_error
from activities.attempts.failure import definition_error
from activities.mailboxes.mailboxes import Mailboxes
from activities.temporal_signals import signal_if_running
from activity_contract.activity_names import SUBSCRIBE_EVENTS, UNSUBSCRIBE_EVENTS
from activity_contract.mailboxes import MAILBOX_SUBSCRIBE, MAILBOX_UNSUBSCRIBE, EventSubscription, MailboxSubscriber

MAX_WORKFLOW_ID_BYTES = 1_000
"""Temporal's limit for a workflow id."""


class EventSubscriptions:
    """Repeating a subscription, or its end, changes nothing."""

    def __init__(self, mailboxes: Mailboxes) -> None:
        self._mailboxes = mailboxes

    @activity.defn(name=SUBSCRIBE_EVENTS)
    async def subscribe(self, subscription: EventSubscription) -> None:
        """Starts the mailboxes that do not run yet. Events that they already keep go to the order."""
        subscriber = self._subscriber(subscription)
        signals = (
            self._mailboxes.signal_mailbox(mailbox_id, MAILBOX_SUBSCRIBE, subscriber)
            for mailbox_id in self._mailbox_ids(subscription)
        )
        await asyncio.gather(*signals)

    @activity.defn(name=UNSUBSCRIBE_EVENTS)
    async def unsubscribe(self, subscription: EventSubscription) -> None:
        """A mailbox that has ended has no subscribers left, so there is nothing to do for it."""
        subscriber = self._subscriber(subscription)
        signals = (
            signal_if_running(self._mailboxes.client, mailbox_id, MAILBOX_UNSUBSCRIBE, subscriber)
            for mailbox_id in self._mailbox_ids(subscription)
        )
        await asyncio.gather(*signals)

    def _mailbox_ids(self, subscription: EventSubscription) -> list[str]:
        """Raises a non-retryable error if a name and key are too long for a workflow id."""
        ids = {name: self._mailboxes.event_mailbox_id(name, subscription.key) for name in subscription.names}
        for name, mailbox_id in ids.items():
            if len(mailbox_id.encode()) > MAX_WORKFLOW_ID_BYTES:
                too_long = definition_error(f"name and key of event {name[:80]} are too long to wait for")
                raise to_application_error(too_long, 1, None)
        return list(ids.values())

    def _subscriber(self, subscription: EventSubscription) -> MailboxSubscriber:
        workflow_id = self._mailboxes.order_workflow_id(subscription.order_id)
        return MailboxSubscriber(order_id=subscription.order_id, workflow_id=workflow_id)
