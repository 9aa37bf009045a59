"""Selects the targets of a bulk action from all running orders: the orders, or their steps that wait for a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from temporalio.client import Client

from ledger.reading.filters.order_filter import OrderFilter
from operations.bulk.bulk_runner import BulkFilter, BulkTarget, select_matching
from operations.errors import OperationRefused
from operations.reading.interruptions import list_interrupted
from operations.reading.list_orders import NO_LIMIT, list_orders
from operations.reading.worklists import list_fallout, list_tasks
from workflows.contract.order_messages import RefusalCode
from workflows.contract.states import OrderState

WorklistKind = Literal["fallout", "tasks"]


@dataclass(frozen=True)
class BulkSelection:
    targets: list[BulkTarget]
    unanswered_orders: list[str]
    """Orders for which no worker answered; their targets are unknown."""


async def select_steps(client: Client, criteria: BulkFilter, worklist: WorklistKind = "fallout") -> BulkSelection:
    """Steps in fallout, or open tasks, that match. Those that have waited longest come first."""
    steps = await (list_fallout if worklist == "fallout" else list_tasks)(client, _order_filter(criteria, worklist))
    targets = [BulkTarget(item.order_id, item.step) for item in select_matching(criteria, steps.items)]
    return BulkSelection(targets, steps.unanswered_orders)


async def select_orders(client: Client, criteria: BulkFilter, state: OrderState | None = None) -> BulkSelection:
    """Running orders that match, the oldest first. If the criteria are about steps, an order matches if it has such a
    step in fallout, and `since` applies to the step."""
    if criteria.has_step_criteria:
        steps = await select_steps(client, criteria)
        order_ids = dict.fromkeys(target.order_id for target in steps.targets)
        return BulkSelection([BulkTarget(order_id) for order_id in order_ids], steps.unanswered_orders)
    orders = (await list_orders(client, _order_filter(criteria, None, state))).orders
    return BulkSelection([BulkTarget(order.order_id) for order in reversed(orders)][: criteria.limit], [])


async def select_interrupted(client: Client, criteria: BulkFilter) -> BulkSelection:
    """Orders that match and were ended from outside. The order that ended first comes first. Raises OperationRefused if
    the criteria are about steps, because the steps of such an order do nothing."""
    if criteria.has_step_criteria:
        raise OperationRefused(
            RefusalCode.INVALID, "Orders are recovered by product, customer and time, not by what their steps do"
        )
    orders = await list_interrupted(client, _order_filter(criteria, None))
    return BulkSelection([BulkTarget(order.order_id) for order in reversed(orders)][: criteria.limit], [])


def _order_filter(criteria: BulkFilter, worklist: WorklistKind | None, state: OrderState | None = None) -> OrderFilter:
    return OrderFilter(
        states=() if state is None else (state,),
        customer=criteria.customer,
        product=criteria.product,
        fallout=worklist == "fallout",
        open_tasks=worklist == "tasks",
        queue=None if worklist is None else criteria.queue,
        running=True,
        since=criteria.since if worklist is None else None,
        limit=NO_LIMIT,
    )
