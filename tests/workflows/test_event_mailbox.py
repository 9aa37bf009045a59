"""Mailboxes on real servers: what they keep, whom they give it to, how they end."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import Client, WithStartWorkflowOperation, WorkflowExecutionStatus, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from activity_contract.mailboxes import (
    MAILBOX_DELIVER,
    MAILBOX_SUBSCRIBE,
    MAILBOX_UNSUBSCRIBE,
    MailboxDelivery,
    MailboxDeliveryResult,
    MailboxInput,
    MailboxSubscriber,
)
from tests.support.workflows.order_runner import DEADLINE, Desk, desk_on
from workflows import event_mailbox
from workflows.contract.order_messages import MAILBOX_WORKFLOW_TYPE, mailbox_workflow_id
from workflows.event_mailbox import MailboxState


class Box:
    """The mailbox of event `paid` with a key of its own."""

    def __init__(self, client: Client, task_queue: str, **start: Any) -> None:
        self.client, self.task_queue, self.start = client, task_queue, start
        self.key = uuid4().hex
        self.handle: WorkflowHandle[Any, Any] = client.get_workflow_handle(
            mailbox_workflow_id(key=self.key, name="paid")
        )

    async def deliver(self, event_id: str, payload: Any = None) -> MailboxDeliveryResult:
        start: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
            MAILBOX_WORKFLOW_TYPE,
            MailboxInput(**self.start),
            id=self.handle.id,
            task_queue=self.task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )
        event = MailboxDelivery(event_id=event_id, name="paid", key=self.key, payload=payload)
        answer: MailboxDeliveryResult = await self.client.execute_update_with_start_workflow(
            MAILBOX_DELIVER,
            event,
            start_workflow_operation=start,
            result_type=MailboxDeliveryResult,
            rpc_timeout=DEADLINE,
        )
        return answer

    async def subscribe(self, order_id: str) -> None:
        await self.handle.execute_update(MAILBOX_SUBSCRIBE, _subscriber(order_id), rpc_timeout=DEADLINE)

    async def unsubscribe(self, order_id: str) -> None:
        await self.handle.signal(MAILBOX_UNSUBSCRIBE, _subscriber(order_id))

    async def subscribed_by(self, *order_ids: str) -> None:
        for _ in range(200):
            with contextlib.suppress(RPCError):
                if set((await self.contents()).subscribers) == set(order_ids):
                    return
            await asyncio.sleep(0.02)
        raise AssertionError(f"not subscribed: {order_ids}")

    async def contents(self) -> MailboxState:
        state: MailboxState = await self.handle.query("contents", result_type=MailboxState, rpc_timeout=DEADLINE)
        return state


def _subscriber(order_id: str) -> MailboxSubscriber:
    return MailboxSubscriber(order_id=order_id, workflow_id=f"order/{order_id}")


def waiting(key: str) -> dict[str, Any]:
    return {"a": {"event": {"name": "paid", "key": key}}}


async def test_an_early_event_by_key_is_kept_for_the_order_that_comes_to_wait_for_it(desk: Desk) -> None:
    box = Box(desk.client, desk.task_queue)
    assert (await box.deliver("e-1", {"n": 1})).status == "kept"
    assert (await box.deliver("e-1", {"n": 1})).status == "duplicate"
    order = await desk.submit(waiting(box.key))
    assert await order.ended() == "completed"
    assert (await order.steps())["a"].output == {"n": 1}
    assert (await box.contents()).subscribers == {}


async def test_an_event_for_which_two_orders_wait_is_refused_until_one_is_left(desk: Desk) -> None:
    box = Box(desk.client, desk.task_queue)
    first, second = await desk.submit(waiting(box.key)), await desk.submit(waiting(box.key))
    for _ in range(200):
        if len((await box.contents()).subscribers) == 2:
            break
        await asyncio.sleep(0.02)
    answer = await box.deliver("e-1")
    assert (answer.status, answer.orders) == ("ambiguous", sorted([first.id, second.id]))
    await first.event("paid", box.key)
    assert await first.ended() == "completed"
    answer = await box.deliver("e-1")
    assert (answer.status, answer.orders) == ("delivered", [second.id])
    assert await second.ended() == "completed"


async def test_an_order_that_has_ended_is_forgotten_and_the_event_kept(desk: Desk) -> None:
    box = Box(desk.client, desk.task_queue)
    await box.deliver("e-0")
    await box.subscribe("never-was")
    assert (await box.deliver("e-1")).status == "kept"
    contents = await box.contents()
    assert contents.subscribers == {}
    assert [kept.delivery.event_id for kept in contents.kept] == ["e-0", "e-1"]


async def test_too_much_is_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_mailbox, "MAX_KEPT_EVENTS", 2)
    box = Box(desk.client, desk.task_queue)
    assert [(await box.deliver(f"e-{n}")).status for n in range(3)] == ["kept", "kept", "full"]
    assert (await Box(desk.client, desk.task_queue).deliver("big", "x" * 1_100_000)).status == "full"


async def test_what_is_kept_crosses_over_when_the_mailbox_continues_as_new(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_mailbox, "MAX_DELIVERIES_PER_RUN", 3)
    box = Box(desk.client, desk.task_queue)
    first = [(await box.deliver(f"e-{n}")).status for n in range(5)]
    assert first == ["kept"] * 5
    assert (await box.deliver("e-0")).status == "duplicate"
    assert [kept.delivery.event_id for kept in (await box.contents()).kept] == [f"e-{n}" for n in range(5)]
    order = await desk.submit(waiting(box.key))
    assert await order.ended() == "completed"


async def test_a_mailbox_that_nobody_asks_for_drops_its_events_and_ends(skipping: WorkflowEnvironment) -> None:
    async with desk_on(skipping.client) as desk:
        box = Box(desk.client, desk.task_queue, retention_days=30)
        await box.deliver("e-1")
        await box.handle.result()
        description = await box.handle.describe()
        assert description.status is WorkflowExecutionStatus.COMPLETED
        assert description.close_time is not None
        assert description.close_time - description.start_time >= timedelta(days=30)


async def test_a_mailbox_that_never_had_an_event_ends_with_its_last_subscriber(desk: Desk) -> None:
    key = uuid4().hex
    order = await desk.submit(waiting(key))
    await order.event("paid", key)
    assert await order.ended() == "completed"
    await desk.client.get_workflow_handle(mailbox_workflow_id(key=key, name="paid")).result()


async def test_steps_that_share_a_key_each_get_their_event(desk: Desk) -> None:
    box = Box(desk.client, desk.task_queue)
    paid = {"name": "paid", "key": box.key}
    order = await desk.submit(
        {
            "a": {"event": {**paid, "match": "payload.n == 1"}},
            "b": {"event": {**paid, "match": "payload.n == 2"}},
            "c": {"event": paid, "after": ["a", "b"]},
            "d": {"event": paid, "after": ["c"]},
        }
    )
    await box.subscribed_by(order.id)
    for number, step in ((2, "b"), (1, "a"), (3, "c"), (4, "d")):
        assert (await box.deliver(f"e-{number}", {"n": number})).status in ("delivered", "kept")
        await order.until_state(**{step: "completed"})
    assert await order.ended() == "completed"
    assert (await box.contents()).subscribers == {}


async def test_event_after_within_completes_its_step_in_fallout(desk: Desk) -> None:
    box = Box(desk.client, desk.task_queue)
    order = await desk.submit({"a": {"event": {"name": "paid", "key": box.key, "within": "100ms"}}})
    await order.until_state(a="fatally_failed")
    await box.subscribed_by(order.id)
    assert (await box.deliver("e-1", {"n": 1})).status == "delivered"
    assert await order.ended() == "completed"
    assert (await order.steps())["a"].output == {"n": 1}
