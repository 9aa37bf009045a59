"""Events and callbacks on their way to an order. What has been answered here is kept in Temporal, never in memory."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from temporalio.client import Client, WithStartWorkflowOperation, WorkflowExecutionStatus
from temporalio.common import WorkflowIDConflictPolicy

from activities.contract import MAILBOX_DELIVER, MailboxAnswer, MailboxDelivery, MailboxInput
from operations.connection import address_of
from operations.errors import ENDED, FULL, NotFound, NoWorker, Refused, asking
from operations.reading import describe
from workflows.messages import (
    MAILBOX_TYPE,
    SIGNAL_EVENT,
    UPDATE_CALLBACK,
    UPDATE_EVENT,
    CallbackDelivery,
    DeliveryAnswer,
    EventDelivery,
    Refusal,
    mailbox_id,
    workflow_id,
)

DEADLINE = timedelta(seconds=10)
LONGEST_ID = 1000
"""Bytes that Temporal takes as a workflow's id."""


@dataclass(frozen=True)
class Delivered:
    """`kept`: durably, for a step, an order or a subscriber that is not there yet."""

    status: Literal["completed", "delivered", "kept", "duplicate", "late"]
    step: str | None = None
    order_id: str | None = None


def event_id_of(*parts: Any) -> str:
    """For senders that give no event id: the same content is the same event."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=str)
    return "digest:" + hashlib.sha256(text.encode()).hexdigest()


async def deliver_event(client: Client, order_id: str, event: EventDelivery, task_queue: str) -> Delivered:
    """Delivers to a known order; kept where the order is not there yet or no worker answers.

    Raises Refused: `ambiguous`, `invalid`, or `ended` where the order has ended.
    """
    handle = client.get_workflow_handle(workflow_id(order_id))
    what = f"event {event.name} for order {order_id}"
    try:
        async with asking(what, address_of(client)):
            answer: DeliveryAnswer = await handle.execute_update(
                UPDATE_EVENT, event, result_type=DeliveryAnswer, rpc_timeout=DEADLINE
            )
    except NotFound:
        return await _before_or_after(client, order_id, event, task_queue)
    except NoWorker:
        # The signal waits in the order's history for a worker. Should the update arrive too, its id makes it a duplicate.
        async with asking(what, address_of(client)):
            await handle.signal(SIGNAL_EVENT, event)
        return Delivered("kept", order_id=order_id)
    return Delivered(answer.status, answer.step, order_id)


async def _before_or_after(client: Client, order_id: str, event: EventDelivery, task_queue: str) -> Delivered:
    """For an order that is not running: not yet (or rejected, to be sent again), or no more."""
    try:
        status = (await describe(client, order_id)).status
    except NotFound:
        status = None
    if status is WorkflowExecutionStatus.RUNNING:
        return await deliver_event(client, order_id, event, task_queue)
    if status not in (None, WorkflowExecutionStatus.FAILED):
        raise Refused(ENDED, f"Order {order_id} has ended; event {event.name} has nothing to complete")
    delivery = MailboxDelivery(**event.model_dump(exclude={"at"}))
    box = MailboxInput(order_workflow_id=workflow_id(order_id))
    answer = await _into_mailbox(client, mailbox_id(order_id), box, delivery, task_queue)
    return _delivered(answer, delivery)


async def deliver_by_key(client: Client, event: MailboxDelivery, task_queue: str) -> Delivered:
    """Delivers to whichever order waits for this event name and key; kept where none does yet.

    Raises Refused: `ambiguous` where several do.
    """
    answer = await _into_mailbox(client, mailbox_id(key=event.key, name=event.name), MailboxInput(), event, task_queue)
    return _delivered(answer, event)


async def _into_mailbox(
    client: Client, box_id: str, box: MailboxInput, event: MailboxDelivery, task_queue: str
) -> MailboxAnswer:
    if len(box_id.encode()) > LONGEST_ID:
        raise Refused(Refusal.INVALID, f"Name and key of event {event.name[:80]} are too long")
    start: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
        MAILBOX_TYPE, box, id=box_id, task_queue=task_queue, id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING
    )
    what = f"event {event.name}"
    try:
        async with asking(what, address_of(client)):
            answer: MailboxAnswer = await client.execute_update_with_start_workflow(
                MAILBOX_DELIVER,
                event,
                start_workflow_operation=start,
                result_type=MailboxAnswer,
                rpc_timeout=DEADLINE,
            )
        return answer
    except NoWorker:
        async with asking(what, address_of(client)):
            await client.start_workflow(
                MAILBOX_TYPE,
                box,
                id=box_id,
                task_queue=task_queue,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                start_signal=MAILBOX_DELIVER,
                start_signal_args=[event],
            )
        return MailboxAnswer(status="kept")


def _delivered(answer: MailboxAnswer, event: MailboxDelivery) -> Delivered:
    if answer.status == "ambiguous":
        waiting = ", ".join(answer.orders)
        raise Refused(
            Refusal.AMBIGUOUS,
            f"Event {event.name} with key {event.key} fits several orders ({waiting}): name the order",
        )
    if answer.status == "full":
        raise Refused(FULL, f"Too many events {event.name} with this key are kept already, and nobody waits for them")
    return Delivered(answer.status, order_id=answer.orders[0] if answer.orders else None)


async def deliver_callback(client: Client, order_id: str, callback: CallbackDelivery) -> Delivered:
    """Completes the step that handed out the callback. Raises Refused (`ended`, …), NotFound, NoWorker."""
    handle = client.get_workflow_handle(workflow_id(order_id))
    try:
        async with asking(f"callback for order {order_id}", address_of(client)):
            answer: DeliveryAnswer = await handle.execute_update(
                UPDATE_CALLBACK, callback, result_type=DeliveryAnswer, rpc_timeout=DEADLINE
            )
    except NotFound as error:
        description = await describe(client, order_id)
        if description.status is WorkflowExecutionStatus.RUNNING:
            raise
        raise Refused(ENDED, f"Order {order_id} has ended; nothing waits for this callback") from error
    return Delivered(answer.status, answer.step, order_id)
