"""Sends the events that were given up again, over all orders: for when a receiver is available again."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from temporalio.client import Client

from operations.errors import OperationError
from operations.events.undelivered_notifications import list_undelivered, resend
from workflows.contract.order_messages import RefusalCode

MAX_ORDERS = 500
"""Orders of one call, so that it ends within seconds."""
AT_ONCE = 8


@dataclass(frozen=True)
class ResendFailure:
    order_id: str
    message: str


@dataclass(frozen=True)
class ResentToReceiver:
    orders: int
    events: int
    failures: list[ResendFailure]
    has_more: bool
    """Whether further orders have such events: at most MAX_ORDERS are sent at once."""


async def resend_to_receiver(client: Client, receiver: str) -> ResentToReceiver:
    """All that was given up for a receiver. An order whose events somebody else sends meanwhile is no failure.

    Raises OperationError if the orders cannot be listed.
    """
    found = await list_undelivered(client, receiver, MAX_ORDERS)
    failures = [ResendFailure(order_id, "no worker answered") for order_id in found.unanswered_orders]
    order_ids = [outbox.order_id for outbox in found.outboxes]
    orders = events = 0
    for start in range(0, len(order_ids), AT_ONCE):
        batch = order_ids[start : start + AT_ONCE]
        for order_id, sent in zip(
            batch, await asyncio.gather(*(_resend(client, each, receiver) for each in batch)), strict=True
        ):
            if isinstance(sent, OperationError):
                failures.append(ResendFailure(order_id, sent.message))
            else:
                orders += sent > 0
                events += sent
    return ResentToReceiver(orders, events, failures, found.next_cursor is not None)


async def _resend(client: Client, order_id: str, receiver: str) -> int | OperationError:
    try:
        return (await resend(client, order_id, receiver)).events
    except OperationError as error:
        return 0 if error.code == RefusalCode.NOT_NOW else error
