"""Order events that receivers have not got: listing them, and sending them again."""

from __future__ import annotations

from dataclasses import dataclass

from temporalio.client import Client

from operations.errors import NotFound, OperationRefused, server_call
from operations.reading.temporal_record import describe_order
from operations.temporal.connection import server_address
from operations.temporal.query_each import query_each
from operations.temporal.visibility import quote_literal
from operations.temporal.workflow_calls import query_workflow, update_workflow
from workflows.contract.order_messages import (
    OUTBOX_WORKFLOW_TYPE,
    Alternative,
    RefusalCode,
    SearchAttributes,
    outbox_workflow_id,
)
from workflows.contract.outbox_messages import QUERY_OUTBOX, UPDATE_RESEND, OutboxView, ResendRequest, ResendResult

OUTBOX_TIMEOUT = 5.0
"""Seconds for the answer of one outbox."""


@dataclass(frozen=True)
class UndeliveredList:
    outboxes: list[OutboxView]
    unanswered_orders: list[str]
    """Orders for whose outbox no worker answered."""


async def read_outbox(client: Client, order_id: str) -> OutboxView:
    """All events of one order that are not delivered. Raises NotFound where there is no such order, NoWorker."""
    outbox, subject = outbox_workflow_id(order_id), f"Outbox of order {order_id}"
    try:
        view = await query_workflow(client, outbox, subject, QUERY_OUTBOX, None, OutboxView, OUTBOX_TIMEOUT)
    except NotFound:
        await describe_order(client, order_id)
        # An order without receivers has no outbox.
        return OutboxView(order_id=order_id, undelivered=[], given_up=0, waiting=0)
    return view.model_copy(update={"order_id": order_id})


async def list_undelivered(client: Client, receiver: str | None = None, limit: int = 100) -> UndeliveredList:
    """The events that were given up, of at most `limit` orders; with `receiver`, only those meant for it."""
    query = (
        f"WorkflowType = {quote_literal(OUTBOX_WORKFLOW_TYPE)} AND ExecutionStatus = 'Running' AND "
        f"{SearchAttributes.FALLOUT_COUNT} > 0"
    )
    async with server_call("list of notifications", server_address(client)):
        orders = [
            execution.id.removeprefix(outbox_workflow_id(""))
            async for execution in client.list_workflows(query, limit=limit, page_size=min(limit, 1000))
        ]
    answers, unanswered = await query_each(orders, lambda order_id: read_outbox(client, order_id))
    given_up = [_only_given_up(view, receiver) for view in answers.values()]
    return UndeliveredList([view for view in given_up if view.undelivered], unanswered)


def _only_given_up(view: OutboxView, receiver: str | None) -> OutboxView:
    chosen = [event for event in view.undelivered if event.given_up and receiver in (None, event.receiver)]
    return view.model_copy(update={"undelivered": chosen})


async def resend(
    client: Client, order_id: str, receiver: str | None = None, events: list[str] | None = None
) -> ResendResult:
    """Sends the events that were given up again, in order, and tries waiting ones at once.

    `events`: event ids. Raises NotFound (no such order), OperationRefused (nothing to send), NoWorker.
    """
    outbox, subject = outbox_workflow_id(order_id), f"Outbox of order {order_id}"
    request = ResendRequest(receiver=receiver, events=events)
    try:
        answer = await update_workflow(client, outbox, subject, UPDATE_RESEND, request, ResendResult, OUTBOX_TIMEOUT)
    except NotFound:
        await describe_order(client, order_id)
        answer = ResendResult(events=0)
    if not answer.events:
        to = f" to {receiver}" if receiver else ""
        raise OperationRefused(
            RefusalCode.NOT_NOW,
            f"Order {order_id} has no event to send again{to}",
            reason="nothing_to_resend",
            alternatives=[
                Alternative(
                    action="notifications", parameters={"order_id": order_id}, effect="lists undelivered events"
                )
            ],
        )
    return answer
