"""Delivers events and callbacks to orders. The sender gets an answer only when Temporal has stored the message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from temporalio.client import Client, WithStartWorkflowOperation, WorkflowExecutionStatus
from temporalio.common import WorkflowIDConflictPolicy

from activity_contract.callback_id import read_callback_id
from activity_contract.mailboxes import MAILBOX_DELIVER, MailboxDelivery, MailboxDeliveryResult, MailboxInput
from operations.actions.perform_action import raise_if_ended
from operations.actions.recover_order import INTERRUPTED
from operations.errors import (
    MAILBOX_FULL,
    ORDER_ENDED,
    SERVER_ERROR,
    WORKER_UNAVAILABLE,
    NotFound,
    NoWorker,
    OperationError,
    OperationRefused,
    server_call,
    worker_call,
)
from operations.reading.temporal_record import describe_order
from operations.temporal.connection import server_address
from operations.temporal.update_with_start import update_with_start
from operations.temporal.workflow_calls import query_workflow, update_workflow
from workflows.contract.event_ids import callback_event_id
from workflows.contract.order_messages import (
    MAILBOX_WORKFLOW_TYPE,
    QUERY_RECEIVED,
    SIGNAL_CALLBACK,
    SIGNAL_EVENT,
    UPDATE_CALLBACK,
    UPDATE_EVENT,
    CallbackDelivery,
    EventDelivery,
    OrderDeliveryResult,
    ReceivedRequest,
    RefusalCode,
    mailbox_workflow_id,
    order_workflow_id,
)

DELIVERY_TIMEOUT = 5.0
"""Seconds to wait for a worker. After that, Temporal keeps the message for it. Senders wait about ten seconds."""
MAY_RUN_AGAIN = (
    WorkflowExecutionStatus.FAILED,
    WorkflowExecutionStatus.TERMINATED,
    WorkflowExecutionStatus.TIMED_OUT,
)
MAX_WORKFLOW_ID_BYTES = 1000
"""Temporal's limit for a workflow id."""


@dataclass(frozen=True)
class DeliveryResult:
    """`kept`: nothing can take the message yet, so it is stored until a step, an order or a worker can."""

    status: Literal["completed", "delivered", "kept", "duplicate", "late"]
    step: str | None = None
    order_id: str | None = None


async def deliver_event(client: Client, order_id: str, event: EventDelivery, task_queue: str) -> DeliveryResult:
    """Delivers the event to this order. `kept`: the order does not exist yet, or no worker answers.

    Raises OperationRefused: `ambiguous`, `invalid`, or `ended`.
    """
    subject = f"Event {event.name} for order {order_id}"
    try:
        return await _deliver_or_store(client, order_id, subject, UPDATE_EVENT, SIGNAL_EVENT, event)
    except NotFound:
        return await _deliver_when_not_running(client, order_id, event, task_queue)


async def _deliver_or_store(
    client: Client, order_id: str, subject: str, update: str, signal: str, message: EventDelivery | CallbackDelivery
) -> DeliveryResult:
    """Sends an update. If no worker answers, sends a signal, because Temporal keeps signals for the next worker. If the
    update arrives as well, the order recognises the event id and ignores it. Raises NotFound if the order does not run.
    """
    try:
        answer = await _execute_delivery(client, order_id, subject, update, message)
    except NoWorker:
        async with server_call(subject, server_address(client)):
            await client.get_workflow_handle(order_workflow_id(order_id)).signal(signal, message)
        return DeliveryResult("kept", order_id=order_id)
    return DeliveryResult(answer.status, answer.step, order_id)


async def _execute_delivery(
    client: Client, order_id: str, subject: str, update: str, message: EventDelivery | CallbackDelivery
) -> OrderDeliveryResult:
    """Tries a second time if the order started, or continued as a new run, during the first attempt."""

    async def execute() -> OrderDeliveryResult:
        order = order_workflow_id(order_id)
        return await update_workflow(client, order, subject, update, message, OrderDeliveryResult, DELIVERY_TIMEOUT)

    try:
        return await execute()
    except NotFound:
        if await _workflow_status(client, order_id) is not WorkflowExecutionStatus.RUNNING:
            raise
        return await execute()


async def _workflow_status(client: Client, order_id: str) -> WorkflowExecutionStatus | None:
    try:
        return (await describe_order(client, order_id)).status
    except NotFound:
        return None


async def _deliver_when_not_running(
    client: Client, order_id: str, event: EventDelivery, task_queue: str
) -> DeliveryResult:
    """Puts the event into the order's mailbox if the order may still run: it is not submitted yet, it was rejected and
    may be sent again, or it was ended from outside and may be recovered. Refuses the event if the order has ended."""
    if await _workflow_status(client, order_id) not in (None, *MAY_RUN_AGAIN):
        if await _has_received(client, order_id, ReceivedRequest(event_id=event.event_id)):
            return DeliveryResult("duplicate", order_id=order_id)
        raise OperationRefused(ORDER_ENDED, f"Order {order_id} has ended; event {event.name} completes nothing")
    box = MailboxInput(order_workflow_id=order_workflow_id(order_id))
    answer = await _deliver_to_mailbox(client, mailbox_workflow_id(order_id), box, event, task_queue)
    return _delivery_result(answer, event, order_id)


async def deliver_event_by_key(client: Client, event: EventDelivery, task_queue: str) -> DeliveryResult:
    """Delivers the event to the order that waits for its name and key. `kept`: no order waits for it yet.

    Raises OperationRefused (`ambiguous`) if several orders wait for it.
    """
    answer = await _deliver_to_mailbox(
        client, mailbox_workflow_id(key=event.key, name=event.name), MailboxInput(), event, task_queue
    )
    return _delivery_result(answer, event)


async def _has_received(client: Client, order_id: str, request: ReceivedRequest) -> bool:
    """Asks an order that has ended whether it got this message before. Raises NoWorker, so the sender tries again."""
    order = order_workflow_id(order_id)
    try:
        return await query_workflow(client, order, f"Order {order_id}", QUERY_RECEIVED, request, bool, DELIVERY_TIMEOUT)
    except OperationError as error:
        if isinstance(error, NotFound) or error.code == SERVER_ERROR:  # a worker of an earlier version answers
            return False
        raise


async def _deliver_to_mailbox(
    client: Client, mailbox_workflow_id: str, mailbox_input: MailboxInput, event: EventDelivery, task_queue: str
) -> MailboxDeliveryResult:
    if len(mailbox_workflow_id.encode()) > MAX_WORKFLOW_ID_BYTES:
        raise OperationRefused(RefusalCode.INVALID, f"Name and key of event {event.name[:80]} are too long")
    delivery = MailboxDelivery(**event.model_dump(exclude={"at"}))
    existing = WorkflowIDConflictPolicy.USE_EXISTING
    start: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
        MAILBOX_WORKFLOW_TYPE, mailbox_input, id=mailbox_workflow_id, task_queue=task_queue, id_conflict_policy=existing
    )
    try:
        async with worker_call(f"Event {event.name}", server_address(client), DELIVERY_TIMEOUT):
            return await update_with_start(
                client, MAILBOX_DELIVER, [delivery], start, MailboxDeliveryResult, timeout_seconds=DELIVERY_TIMEOUT
            )
    except NoWorker:
        async with server_call(f"Event {event.name}", server_address(client)):
            await client.start_workflow(
                MAILBOX_WORKFLOW_TYPE,
                mailbox_input,
                id=mailbox_workflow_id,
                task_queue=task_queue,
                id_conflict_policy=existing,
                start_signal=MAILBOX_DELIVER,
                start_signal_args=[delivery],
            )
        return MailboxDeliveryResult(status="kept")


def _delivery_result(
    answer: MailboxDeliveryResult, event: EventDelivery, order_id: str | None = None
) -> DeliveryResult:
    if answer.status == "ambiguous":
        waiting = ", ".join(answer.orders)
        raise OperationRefused(
            RefusalCode.AMBIGUOUS,
            f"Event {event.name} with key {event.key} fits several orders ({waiting}); name the order",
        )
    if answer.status == "full":
        raise OperationRefused(
            MAILBOX_FULL, f"Too many events {event.name} with this key are stored already, and no order waits for them"
        )
    return DeliveryResult(answer.status, order_id=order_id or (answer.orders[0] if answer.orders else None))


async def deliver_callback(client: Client, order_id: str, callback: CallbackDelivery) -> DeliveryResult:
    """Completes the step that waits for the callback. `kept`: no worker answers.

    Raises NotFound and OperationRefused. The refusal is `ended` if the order has ended. If the order was ended from
    outside, it tells the sender to send the callback again later, because the order may be recovered.
    """
    subject = f"Callback for order {order_id}"
    try:
        return await _deliver_or_store(client, order_id, subject, UPDATE_CALLBACK, SIGNAL_CALLBACK, callback)
    except NotFound as error:
        received = ReceivedRequest(event_id=callback.event_id, callback_key=callback.key)
        if await _has_received(client, order_id, received):
            return DeliveryResult("duplicate", callback.step, order_id)
        try:
            await raise_if_ended(client, order_id, "nothing waits for this callback", error)
        except OperationRefused as refusal:
            if refusal.reason != INTERRUPTED:
                raise
            # The step waits again after the order is recovered, so the sender must not take this as final.
            raise OperationRefused(
                WORKER_UNAVAILABLE, refusal.message, reason=INTERRUPTED, alternatives=refusal.alternatives
            ) from error
        raise


async def deliver_callback_by_id(client: Client, secret: bytes, callback_id: str, payload: Any) -> DeliveryResult:
    """As `deliver_callback`, for the holder of a callback id. Raises NotFound for an id that `secret` did not sign."""
    claim = read_callback_id(secret, callback_id)
    if claim is None:
        raise NotFound("There is no such callback")
    callback = CallbackDelivery(
        step=claim.step_id, key=claim.key, payload=payload, event_id=callback_event_id(claim.key, payload)
    )
    return await deliver_callback(client, claim.order_id, callback)
