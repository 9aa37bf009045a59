"""Events and callbacks on their way to an order. What has been answered here is kept in Temporal, never in memory."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from temporalio.client import Client, WithStartWorkflowOperation, WorkflowExecutionStatus
from temporalio.common import WorkflowIDConflictPolicy

from activity_contract.callback_id import read_callback_id
from activity_contract.mailboxes import MAILBOX_DELIVER, MailboxAnswer, MailboxDelivery, MailboxInput
from operations.actions.step_and_order_actions import refuse_ended
from operations.errors import ENDED, FULL, NotFound, NoWorker, Refused, asking, asking_worker
from operations.reading.order_record import describe
from operations.temporal.connection import address_of
from operations.temporal.update_with_start import update_with_start
from workflows.contract.order_messages import (
    MAILBOX_TYPE,
    SIGNAL_CALLBACK,
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

PATIENCE = 5.0
"""Seconds for a worker's answer; after that the message is left for it. Senders wait some ten seconds themselves."""
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
    try:
        answer = await _updated(client, order_id, f"Event {event.name} for order {order_id}", UPDATE_EVENT, event)
        return Delivered(answer.status, answer.step, order_id)
    except NotFound:
        return await _before_or_after(client, order_id, event, task_queue)
    except NoWorker:
        # It waits in the order's history for a worker. Should the update arrive too, its id makes it a duplicate.
        async with asking(f"Event {event.name} for order {order_id}", address_of(client)):
            await handle.signal(SIGNAL_EVENT, event)
        return Delivered("kept", order_id=order_id)


async def _updated(
    client: Client, order_id: str, what: str, update: str, message: EventDelivery | CallbackDelivery
) -> DeliveryAnswer:
    """The order's answer. NotFound where it does not run; one that begins or continues meanwhile is asked again."""
    handle = client.get_workflow_handle(workflow_id(order_id))
    for last in (False, True):
        try:
            async with asking_worker(what, address_of(client), PATIENCE):
                answer: DeliveryAnswer = await handle.execute_update(
                    update, message, result_type=DeliveryAnswer, rpc_timeout=timedelta(seconds=PATIENCE)
                )
                return answer
        except NotFound:
            if last or await _status(client, order_id) is not WorkflowExecutionStatus.RUNNING:
                raise
    raise AssertionError("the second round returns or raises")


async def _status(client: Client, order_id: str) -> WorkflowExecutionStatus | None:
    try:
        return (await describe(client, order_id)).status
    except NotFound:
        return None


async def _before_or_after(client: Client, order_id: str, event: EventDelivery, task_queue: str) -> Delivered:
    """For an order that is not running: not yet (or rejected, to be sent again), or no more."""
    if await _status(client, order_id) not in (None, WorkflowExecutionStatus.FAILED):
        raise Refused(ENDED, f"Order {order_id} has ended; event {event.name} has nothing to complete")
    box = MailboxInput(order_workflow_id=workflow_id(order_id))
    answer = await _into_mailbox(client, mailbox_id(order_id), box, event, task_queue)
    return _delivered(answer, event, order_id)


async def deliver_by_key(client: Client, event: EventDelivery, task_queue: str) -> Delivered:
    """Delivers to whichever order waits for this event name and key; kept where none does yet.

    Raises Refused: `ambiguous` where several do.
    """
    answer = await _into_mailbox(client, mailbox_id(key=event.key, name=event.name), MailboxInput(), event, task_queue)
    return _delivered(answer, event)


async def _into_mailbox(
    client: Client, box_id: str, box: MailboxInput, event: EventDelivery, task_queue: str
) -> MailboxAnswer:
    if len(box_id.encode()) > LONGEST_ID:
        raise Refused(Refusal.INVALID, f"Name and key of event {event.name[:80]} are too long")
    delivery = MailboxDelivery(**event.model_dump(exclude={"at"}))
    existing = WorkflowIDConflictPolicy.USE_EXISTING
    start: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
        MAILBOX_TYPE, box, id=box_id, task_queue=task_queue, id_conflict_policy=existing
    )
    try:
        async with asking_worker(f"Event {event.name}", address_of(client), PATIENCE):
            return await update_with_start(client, MAILBOX_DELIVER, [delivery], start, MailboxAnswer, patience=PATIENCE)
    except NoWorker:
        async with asking(f"Event {event.name}", address_of(client)):
            await client.start_workflow(
                MAILBOX_TYPE,
                box,
                id=box_id,
                task_queue=task_queue,
                id_conflict_policy=existing,
                start_signal=MAILBOX_DELIVER,
                start_signal_args=[delivery],
            )
        return MailboxAnswer(status="kept")


def _delivered(answer: MailboxAnswer, event: EventDelivery, order_id: str | None = None) -> Delivered:
    if answer.status == "ambiguous":
        waiting = ", ".join(answer.orders)
        raise Refused(
            Refusal.AMBIGUOUS,
            f"Event {event.name} with key {event.key} fits several orders ({waiting}): name the order",
        )
    if answer.status == "full":
        raise Refused(FULL, f"Too many events {event.name} with this key are kept already, and nobody waits for them")
    return Delivered(answer.status, order_id=order_id or (answer.orders[0] if answer.orders else None))


async def deliver_callback(client: Client, order_id: str, callback: CallbackDelivery) -> Delivered:
    """Completes the step that handed out the callback; kept where no worker answers.

    Raises Refused (`ended`), NotFound.
    """
    what = f"Callback for order {order_id}"
    try:
        answer = await _updated(client, order_id, what, UPDATE_CALLBACK, callback)
    except NotFound as error:
        await refuse_ended(client, order_id, "nothing waits for this callback", error)
        raise
    except NoWorker:
        async with asking(what, address_of(client)):
            await client.get_workflow_handle(workflow_id(order_id)).signal(SIGNAL_CALLBACK, callback)
        return Delivered("kept", order_id=order_id)
    return Delivered(answer.status, answer.step, order_id)


async def deliver_callback_by_id(client: Client, secret: bytes, callback_id: str, payload: Any) -> Delivered:
    """As `deliver_callback`, for whoever holds the id that the call was made with. NotFound for any other text."""
    claim = read_callback_id(secret, callback_id)
    if claim is None:
        raise NotFound("There is no such callback")
    callback = CallbackDelivery(
        step=claim.step_id, key=claim.key, payload=payload, event_id=event_id_of("callback", claim.key, payload)
    )
    return await deliver_callback(client, claim.order_id, callback)
