"""What receivers have not been told yet: looking at it, and sending it again."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import Client

from operations.errors import NotFound, NoWorker, Refused, asking, asking_worker
from operations.reading.list_orders import quoted
from operations.reading.order_record import describe
from operations.temporal.connection import address_of
from workflows.contract.order_messages import OUTBOX_TYPE, Refusal, SearchAttributes, outbox_id
from workflows.contract.outbox_messages import QUERY_OUTBOX, UPDATE_RESEND, OutboxView, Resend, ResendAnswer

PATIENCE = 5.0
"""Seconds for one outbox's answer."""
AT_ONCE = 8
PREFIX = outbox_id("")


@dataclass(frozen=True)
class UndeliveredList:
    found: list[OutboxView]
    unanswered: list[str]
    """Ids of orders for whose outbox no worker answered."""


async def undelivered_of(client: Client, order_id: str) -> OutboxView:
    """Everything of one order that is not delivered yet. NotFound: no such order; NoWorker."""
    handle = client.get_workflow_handle(outbox_id(order_id))
    try:
        async with asking_worker(f"Outbox of order {order_id}", address_of(client), PATIENCE):
            view: OutboxView = await handle.query(
                QUERY_OUTBOX, result_type=OutboxView, rpc_timeout=timedelta(seconds=PATIENCE)
            )
    except NotFound:
        await describe(client, order_id)
        return OutboxView(order_id=order_id, undelivered=[], given_up=0, waiting=0)  # nobody wanted to be told of it
    return view.model_copy(update={"order_id": order_id})


async def list_undelivered(client: Client, receiver: str | None = None, limit: int = 100) -> UndeliveredList:
    """What was given up, over all orders (of which at most `limit`); `receiver`: only what was meant for it."""
    query = (
        f"WorkflowType = {quoted(OUTBOX_TYPE)} AND ExecutionStatus = 'Running' AND {SearchAttributes.FALLOUT_COUNT} > 0"
    )
    async with asking("list of notifications", address_of(client)):
        orders = [
            execution.id.removeprefix(PREFIX)
            async for execution in client.list_workflows(query, limit=limit, page_size=min(limit, 1000))
        ]
    found: list[OutboxView] = []
    unanswered: list[str] = []
    for start in range(0, len(orders), AT_ONCE):
        round_ = orders[start : start + AT_ONCE]
        if unanswered and not found:
            unanswered += round_
            continue
        answers = await asyncio.gather(*(_or_silence(client, order_id) for order_id in round_))
        for order_id, view in zip(round_, answers, strict=True):
            if view is None:
                unanswered.append(order_id)
            elif (given_up := _given_up(view, receiver)).undelivered:
                found.append(given_up)
    return UndeliveredList(found, unanswered)


def _given_up(view: OutboxView, receiver: str | None) -> OutboxView:
    chosen = [each for each in view.undelivered if each.given_up and receiver in (None, each.receiver)]
    return view.model_copy(update={"undelivered": chosen})


async def _or_silence(client: Client, order_id: str) -> OutboxView | None:
    try:
        return await undelivered_of(client, order_id)
    except NotFound:
        return OutboxView(order_id=order_id, undelivered=[], given_up=0, waiting=0)
    except NoWorker:
        return None


async def resend(
    client: Client, order_id: str, receiver: str | None = None, events: list[str] | None = None
) -> ResendAnswer:
    """Sends what was given up once more, in order, and at once what waits for another attempt.

    `events`: ids. Raises NotFound (no such order), Refused (there is nothing to send), NoWorker.
    """
    handle = client.get_workflow_handle(outbox_id(order_id))
    try:
        async with asking_worker(f"Outbox of order {order_id}", address_of(client), PATIENCE):
            answer: ResendAnswer = await handle.execute_update(
                UPDATE_RESEND,
                Resend(receiver=receiver, events=events),
                result_type=ResendAnswer,
                rpc_timeout=timedelta(seconds=PATIENCE),
            )
    except NotFound:
        await describe(client, order_id)
        answer = ResendAnswer(events=0)
    if not answer.events:
        to = f" to {receiver}" if receiver else ""
        raise Refused(
            Refusal.NOT_NOW,
            f"Nothing of order {order_id} waits to be sent{to}; `notifications {order_id}` lists what does",
        )
    return answer
