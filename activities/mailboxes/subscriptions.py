"""SUBSCRIBE_EVENTS and UNSUBSCRIBE_EVENTS: an order's word to the mailboxes of the events that it waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from temporalio import activity
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode

from activities.attempts.attempt import to_application_error
from activities.attempts.failure import definition_error
from activity_contract.mailboxes import (
    MAILBOX_SUBSCRIBE,
    MAILBOX_UNSUBSCRIBE,
    SUBSCRIBE_EVENTS,
    UNSUBSCRIBE_EVENTS,
    EventSubscription,
    MailboxInput,
    MailboxSubscriber,
)

MAX_WORKFLOW_ID_BYTES = 1_000
"""Bytes that Temporal takes as a workflow's id."""


@dataclass(frozen=True)
class MailboxConfig:
    """Which workflows mailboxes are, and which an order is (workflows/contract/order_messages.py)."""

    workflow_type: str
    task_queue: str
    mailbox_id: Callable[[str, str | None], str]
    """Of an event name and key."""
    order_workflow_id: Callable[[str], str]


class EventSubscriptions:
    """Signals, not updates: durable at once, whether or not a worker has time for them. Repeating changes nothing."""

    def __init__(self, client: Client, mailboxes: MailboxConfig) -> None:
        self._client = client
        self._mailboxes = mailboxes

    @activity.defn(name=SUBSCRIBE_EVENTS)
    async def subscribe(self, subscription: EventSubscription) -> None:
        """Starts the mailboxes that are not there yet. What they keep already goes to the order."""
        await asyncio.gather(*(self._subscribe(box, subscription) for box in self._mailbox_ids(subscription)))

    @activity.defn(name=UNSUBSCRIBE_EVENTS)
    async def unsubscribe(self, subscription: EventSubscription) -> None:
        await asyncio.gather(*(self._unsubscribe(box, subscription) for box in self._mailbox_ids(subscription)))

    def _mailbox_ids(self, subscription: EventSubscription) -> list[str]:
        boxes = [self._mailboxes.mailbox_id(name, subscription.key) for name in dict.fromkeys(subscription.names)]
        for name, box in zip(subscription.names, boxes, strict=False):
            if len(box.encode()) > MAX_WORKFLOW_ID_BYTES:
                too_long = definition_error(f"name and key of event {name[:80]} are too long to be waited for")
                raise to_application_error(too_long, 1, None)
        return boxes

    def _subscriber(self, subscription: EventSubscription) -> MailboxSubscriber:
        workflow_id = self._mailboxes.order_workflow_id(subscription.order_id)
        return MailboxSubscriber(order_id=subscription.order_id, workflow_id=workflow_id)

    async def _subscribe(self, mailbox_id: str, subscription: EventSubscription) -> None:
        await self._client.start_workflow(
            self._mailboxes.workflow_type,
            MailboxInput(),
            id=mailbox_id,
            task_queue=self._mailboxes.task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            start_signal=MAILBOX_SUBSCRIBE,
            start_signal_args=[self._subscriber(subscription)],
        )

    async def _unsubscribe(self, mailbox_id: str, subscription: EventSubscription) -> None:
        try:
            await self._client.get_workflow_handle(mailbox_id).signal(
                MAILBOX_UNSUBSCRIBE, self._subscriber(subscription)
            )
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:  # a mailbox that has ended remembers nobody
                raise
