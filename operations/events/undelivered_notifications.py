"""What receivers have not been told yet: looking at it, and sending it again."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import Client

from operations.errors import NotFound, NoWorker, OperationRefused, server_call, worker_call
from operations.reading.list_orders import quote_literal
from operations.reading.order_record import describe_order
from operations.temporal.connection import server_address
from workflows.contract.order_messages import OUTBOX_WORKFLOW_TYPE, RefusalCode, SearchAttributes, outbox_workflow_id
from workflows.contract.outbox_messages import QUERY_OUTBOX, UPDATE_RESEND, OutboxView, ResendRequest, ResendResult

OUTBOX_TIMEOUT = 5.0
"""Seconds for one outbox's answer."""
MAX_CONCURRENT_QUERIES = 8
OUTBOX_ID_PREFIX = outbox_workflow_id("")


@dataclass(frozen=True)
class UndeliveredList:
    outboxes: list[OutboxView]
    unanswered_orders: list[str]
    """Ids of orders for whose outbox no worker answered."""


async def read_outbox(client: Client, order_id: str) -> OutboxView:
    """Everything of one order that is not delivered yet. NotFound: no such order; NoWorker."""
    handle = client.get_workflow_handle(outbox_workflow_id(order_id))
    try:
        async with worker_call(f"Outbox of order {order_id}", server_address(client), OUTBOX_TIMEOUT):
            view: OutboxView = await handle.query(
                QUERY_OUTBOX, result_type=OutboxView, rpc_timeout=timedelta(seconds=OUTBOX_TIMEOUT)
            )
    except NotFound:
        await describe_order(client, order_id)
        return OutboxView(order_id=order_id, undelivered=[], given_up=0, waiting=0)  # nobody wanted to be told of it
    return view.model_copy(update={"order_id": order_id})


async def list_undelivered(client: Client, receiver: str | None = None, limit: int = 100) -> UndeliveredList:
    """What was given up, over all orders (of which at most `limit`); `receiver`: only what was meant for it."""
    query = (
        f"WorkflowType = {quote_literal(OUTBOX_WORKFLOW_TYPE)} AND ExecutionStatus = 'Running' AND "
        f"{SearchAttributes.FALLOUT_COUNT} > 0"
    )
    async with server_call("list of notifications", server_address(client)):
        orders = [
            execution.id.removeprefix(OUTBOX_ID_PREFIX)
            async for execution in client.list_workflows(query, limit=limit, page_size=min(limit, 1000))
        ]
    found: list[OutboxView] = []
    unanswered: list[str] = []
    for start in range(0, len(orders), MAX_CONCURRENT_QUERIES):
        round_ = orders[start : start + MAX_CONCURRENT_QUERIES]
        if unanswered and not found:
            unanswered += round_
            continue
        answers = await asyncio.gather(*(_read_outbox_or_none(client, order_id) for order_id in round_))
        for order_id, view in zip(round_, answers, strict=True):
            if view is None:
                unanswered.append(order_id)
            elif (given_up := _only_given_up(view, receiver)).undelivered:
                found.append(given_up)
    return UndeliveredList(found, unanswered)


def _only_given_up(view: OutboxView, receiver: str | None) -> OutboxView:
    chosen = [each for each in view.undelivered if each.given_up and receiver in (None, each.receiver)]
    return view.model_copy(update={"undelivered": chosen})


async def _read_outbox_or_none(client: Client, order_id: str) -> OutboxView | None:
    try:
        return await read_outbox(client, order_id)
    except NotFound:
        return OutboxView(order_id=order_id, undelivered=[], given_up=0, waiting=0)
    except NoWorker:
        return None


async def resend(
    client: Client, order_id: str, receiver: str | None = None, events: list[str] | None = None
) -> ResendResult:
    """Sends what was given up once more, in order, and at once what waits for another attempt.

    `events`: ids. Raises NotFound (no such order), Refused (there is nothing to send), NoWorker.
    """
    handle = client.get_workflow_handle(outbox_workflow_id(order_id))
    try:
        async with worker_call(f"Outbox of order {order_id}", server_address(client), OUTBOX_TIMEOUT):
            answer: ResendResult = await handle.execute_update(
                UPDATE_RESEND,
                ResendRequest(receiver=receiver, events=events),
                result_type=ResendResult,
                rpc_timeout=timedelta(seconds=OUTBOX_TIMEOUT),
            )
    except NotFound:
        await describe_order(client, order_id)
        answer = ResendResult(events=0)
    if not answer.events:
        to = f" to {receiver}" if receiver else ""
        raise OperationRefused(
            RefusalCode.NOT_NOW,
            f"Nothing of order {order_id} waits to be sent{to}; `notifications {order_id}` lists what does",
        )
    return answer
