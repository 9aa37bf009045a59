"""Worklists: the steps that wait for a person, over all running orders."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from temporalio.client import Client

from operations.reading.list_orders import OrderFilter, count_matching, list_orders
from operations.reading.order_details import read_steps
from operations.temporal.query_pages import Page, query_pages
from workflows.contract.order_summary import OrderSummary
from workflows.contract.order_views import StepView
from workflows.contract.states import StepState
from workflows.contract.worklists import TASK_STATES, WorklistItem, is_in_queue, is_task


@dataclass(frozen=True)
class StepWorklist:
    items: list[WorklistItem]
    unanswered_orders: list[str]
    """Orders that have such steps, but no worker said which ones."""
    next_cursor: str | None = None
    """Continues the list after these; None if there is nothing more."""
    order_count: int = 0
    """Orders on all pages. With a queue, also orders that have such steps in another queue, or do not show their
    queues."""
    interrupted: list[OrderSummary] = field(default_factory=list)
    """Orders that were ended from outside. Their steps wait for nobody until the order is recovered."""

    @property
    def listed_order_count(self) -> int:
        return len({item.order_id for item in self.items}) + len(self.unanswered_orders)


async def list_fallout(client: Client, criteria: OrderFilter, cursor: str | None = None) -> StepWorklist:
    """Steps, and undos of steps, that failed and wait for a decision."""
    return await _collect_steps(
        client, replace(criteria, fallout=True, running=True), cursor, (StepState.FATALLY_FAILED,)
    )


async def list_tasks(client: Client, criteria: OrderFilter, cursor: str | None = None) -> StepWorklist:
    """Steps that a person has to do: manual ones, and those escalated to a queue."""
    return await _collect_steps(client, replace(criteria, open_tasks=True), cursor, TASK_STATES, is_task)


async def _collect_steps(
    client: Client,
    criteria: OrderFilter,
    cursor: str | None,
    states: Sequence[StepState],
    is_wanted: Callable[[StepView], bool] = lambda _step: True,
) -> StepWorklist:
    """Visibility finds the orders; each order's workflow answers with its steps. At most `criteria.limit` orders."""
    queue = criteria.queue

    async def list_page(size: int, cursor: str | None) -> Page[OrderSummary]:
        page = await list_orders(client, replace(criteria, limit=size), cursor)
        return Page({order.order_id: order for order in page.orders}, page.next_cursor)

    async def read_wanted(order_id: str) -> list[StepView]:
        steps = await read_steps(client, order_id, states)
        return [step for step in steps if is_wanted(step) and (queue is None or is_in_queue(step, queue))]

    found, count = await asyncio.gather(
        query_pages(list_page, read_wanted, bool, criteria.limit, cursor), count_matching(client, criteria)
    )
    items = [
        WorklistItem(order_id, order.customer_id, order.products, step)
        for order_id, (order, steps) in found.answers.items()
        for step in steps
    ]
    is_complete = cursor is None and found.listed >= count
    return StepWorklist(items, found.unanswered_orders, None if is_complete else found.next_cursor, count)
