"""Whom an act in bulk is meant for: steps that wait for a person, or orders, over everything that runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from temporalio.client import Client

from operations.bulk.bulk_runner import BulkFilter, BulkTarget, select_matching
from operations.reading.list_orders import NO_LIMIT, OrderFilter, list_orders
from operations.reading.worklists import list_fallout, list_tasks
from workflows.contract.states import OrderState

WorklistKind = Literal["fallout", "tasks"]


@dataclass(frozen=True)
class BulkSelection:
    targets: list[BulkTarget]
    unanswered_orders: list[str]
    """Orders that no worker answered for: what of them is meant cannot be told now."""


async def select_steps(client: Client, criteria: BulkFilter, worklist: WorklistKind = "fallout") -> BulkSelection:
    """Steps in fallout, or tasks, that fit; what has waited longest comes first."""
    found = await (list_fallout if worklist == "fallout" else list_tasks)(client, _order_filter(criteria, worklist))
    return BulkSelection(
        [BulkTarget(each.order_id, each.step) for each in select_matching(criteria, found.items)],
        found.unanswered_orders,
    )


async def select_orders(client: Client, criteria: BulkFilter, state: OrderState | None = None) -> BulkSelection:
    """Running orders that fit, the oldest first. Where `wanted` names steps: those with such a step in fallout;
    `since` is then of the step, else of the order."""
    if criteria.has_step_criteria:
        steps = await select_steps(client, criteria)
        return BulkSelection(
            [BulkTarget(order_id) for order_id in _unique_order_ids(steps.targets)], steps.unanswered_orders
        )
    orders = (await list_orders(client, _order_filter(criteria, None, state))).orders
    return BulkSelection([BulkTarget(order.order_id) for order in reversed(orders)][: criteria.limit], [])


def _unique_order_ids(targets: list[BulkTarget]) -> list[str]:
    return list(dict.fromkeys(target.order_id for target in targets))


def _order_filter(criteria: BulkFilter, worklist: WorklistKind | None, state: OrderState | None = None) -> OrderFilter:
    return OrderFilter(
        state=state,
        customer=criteria.customer,
        product=criteria.product,
        fallout=worklist == "fallout",
        open_tasks=worklist == "tasks",
        running=True,
        since=criteria.since if worklist is None else None,
        limit=NO_LIMIT,
    )
