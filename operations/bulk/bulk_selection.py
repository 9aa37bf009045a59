"""Whom an act in bulk is meant for: steps that wait for a person, or orders, over everything that runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from temporalio.client import Client

from operations.bulk.bulk_runner import BulkFilter, BulkTarget, select_matching
from operations.reading.list_orders import MAX_SCANNED, OrderFilter, list_orders
from operations.reading.read_order import ACTIVE_STEP_STATES, StepWorklist, collect_worklist, is_task
from workflows.contract.states import OrderState, StepState

WorklistKind = Literal["fallout", "tasks"]


@dataclass(frozen=True)
class BulkSelection:
    targets: list[BulkTarget]
    unanswered_orders: list[str]
    """Orders that no worker answered for: what of them is meant cannot be told now."""


async def select_steps(client: Client, criteria: BulkFilter, worklist: WorklistKind = "fallout") -> BulkSelection:
    """Steps in fallout, or tasks, that fit; what has waited longest comes first."""
    found = await (fallout_steps if worklist == "fallout" else task_steps)(client, _order_filter(criteria, worklist))
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
    orders = await list_orders(client, _order_filter(criteria, None, state))
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
        limit=MAX_SCANNED,
    )


async def fallout_steps(client: Client, orders: OrderFilter) -> StepWorklist:
    """Steps, and undos of steps, that wait for a decision."""
    return await collect_worklist(client, orders, [StepState.FATALLY_FAILED], None)


async def task_steps(client: Client, orders: OrderFilter) -> StepWorklist:
    """Steps that wait for a person to do them: manual ones, and those escalated to a queue."""
    found = await collect_worklist(client, orders, list(ACTIVE_STEP_STATES), None)
    return StepWorklist([each for each in found.items if is_task(each.step)], found.unanswered_orders)
