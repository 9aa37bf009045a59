"""Orders subscribe to the mailboxes of events by key, on a real Temporal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment, WorkflowEnvironment
from temporalio.worker import Worker

from activities.mailboxes.mailboxes import Mailboxes
from activities.mailboxes.subscriptions import EventSubscriptions
from activity_contract.mailboxes import EventSubscription
from workflows.contract.order_messages import MAILBOX_WORKFLOW_TYPE, mailbox_workflow_id, order_workflow_id
from workflows.event_mailbox import EventMailbox, MailboxState

EVENT = "shipment_delivered"


class Post:
    def __init__(self, environment: WorkflowEnvironment, key: str) -> None:
        self.key = key
        mailboxes = Mailboxes(
            environment.client,
            MAILBOX_WORKFLOW_TYPE,
            f"queue-{key}",
            event_mailbox_id=lambda name, key: mailbox_workflow_id(key=key, name=name),
            order_mailbox_id=lambda order_id: mailbox_workflow_id(order_id=order_id),
            order_workflow_id=order_workflow_id,
        )
        self._subscriptions = EventSubscriptions(mailboxes)
        self._client = environment.client

    async def subscribe(self, order_id: str, *names: str) -> None:
        await ActivityEnvironment().run(self._subscriptions.subscribe, self._of(order_id, names))

    async def unsubscribe(self, order_id: str, *names: str) -> None:
        await ActivityEnvironment().run(self._subscriptions.unsubscribe, self._of(order_id, names))

    def _of(self, order_id: str, names: tuple[str, ...]) -> EventSubscription:
        return EventSubscription(order_id=order_id, names=list(names or (EVENT,)), key=self.key)

    async def subscribers(self, name: str = EVENT) -> dict[str, str]:
        box: WorkflowHandle[Any, Any] = self._client.get_workflow_handle(mailbox_workflow_id(key=self.key, name=name))
        contents: MailboxState = await box.query("contents", result_type=MailboxState)
        return contents.subscribers


@pytest.fixture
async def post(temporal: WorkflowEnvironment) -> AsyncIterator[Post]:
    key = uuid4().hex
    async with Worker(temporal.client, task_queue=f"queue-{key}", workflows=[EventMailbox]):
        yield Post(temporal, key)


async def test_order_subscribes_to_each_name_idempotently(post: Post) -> None:
    await post.subscribe("A-1", "shipment_delivered", "shipment_lost")
    await post.subscribe("A-1", "shipment_delivered", "shipment_lost")
    for name in ("shipment_delivered", "shipment_lost"):
        assert await post.subscribers(name) == {"A-1": "order/A-1"}


async def test_concurrent_subscriptions_start_one_mailbox(post: Post) -> None:
    await asyncio.gather(*(post.subscribe(f"A-{n}") for n in range(5)))
    assert sorted(await post.subscribers()) == [f"A-{n}" for n in range(5)]


async def test_unsubscribing_is_idempotent_and_needs_no_mailbox(post: Post) -> None:
    await post.unsubscribe("A-1")
    await post.subscribe("A-1")
    await post.subscribe("A-2")
    await post.unsubscribe("A-1")
    await post.unsubscribe("A-1")
    assert sorted(await post.subscribers()) == ["A-2"]


async def test_event_name_that_is_too_long_is_not_retried(post: Post) -> None:
    with pytest.raises(ApplicationError, match="too long") as raised:
        await post.subscribe("A-1", "n" * 2_000)
    assert raised.value.non_retryable
