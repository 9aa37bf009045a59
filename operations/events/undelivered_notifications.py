"""Order events that receivers have not received: listing them, and sending them again."""

from __future__ import annotations

from dataclasses import dataclass

from temporalio.client import Client

from operations.errors import NotFound, OperationRefused, server_call
from operations.reading.temporal_record import describe_order
from operations.temporal.connection import server_address
from operations.temporal.cursor import decode_cursor, encode_cursor
from operations.temporal.query_pages import Page, query_pages
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
    next_cursor: str | None = None
    """Continues the list after these; None if there is nothing more."""


async def read_outbox(client: Client, order_id: str) -> OutboxView:
    """All events of one order that are not delivered. Raises NotFound if there is no such order, and NoWorker."""
    outbox, subject = outbox_workflow_id(order_id), f"Outbox of order {order_id}"
    try:
        view = await query_workflow(client, outbox, subject, QUERY_OUTBOX, None, OutboxView, OUTBOX_TIMEOUT)
    except NotFound:
        await describe_order(client, order_id)
        # An order without receivers has no outbox.
        return OutboxView(order_id=order_id, undelivered=[], given_up=0, waiting=0)
    return view.model_copy(update={"order_id": order_id})


async def list_undelivered(
    client: Client, receiver: str | None = None, limit: int = 100, cursor: str | None = None
) -> UndeliveredList:
    """The events that were given up, from at most `limit` orders. With `receiver`, only the events meant for it."""
    query = (
        f"WorkflowType = {quote_literal(OUTBOX_WORKFLOW_TYPE)} AND ExecutionStatus = 'Running' AND "
        f"{SearchAttributes.FALLOUT_COUNT} > 0"
    )

    async def list_page(size: int, cursor: str | None) -> Page[None]:
        outboxes = client.list_workflows(query, next_page_token=decode_cursor(cursor))
        async with server_call("list of notifications", server_address(client)):
            await outboxes.fetch_next_page(page_size=size)
        ids = [outbox.id.removeprefix(outbox_workflow_id("")) for outbox in outboxes.current_page or ()]
        return Page(dict.fromkeys(ids), encode_cursor(outboxes.next_page_token))

    async def read_given_up(order_id: str) -> OutboxView:
        return _only_given_up(await read_outbox(client, order_id), receiver)

    found = await query_pages(list_page, read_given_up, lambda view: bool(view.undelivered), limit, cursor)
    return UndeliveredList([view for _, view in found.answers.values()], found.unanswered_orders, found.next_cursor)


def _only_given_up(view: OutboxView, receiver: str | None) -> OutboxView:
    chosen = [event for event in view.undelivered if event.given_up and receiver in (None, event.receiver)]
    return view.model_copy(update={"undelivered": chosen})


async def resend(
    client: Client, order_id: str, receiver: str | None = None, events: list[str] | None = None
) -> ResendResult:
    """Resends the events that were given up, in order. Also retries waiting events at once.

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
