"""Whom an act in bulk is meant for: steps that wait for a person, or orders, over everything that runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from temporalio.client import Client

from operations.bulk.bulk_runner import BulkFilter, Target, chosen
from operations.reading.list_orders import MOST_SCANNED, OrderFilter, list_orders
from operations.reading.read_order import OPEN, StepList, is_task, steps_across
from workflows.contract.states import OrderState, StepState

Work = Literal["fallout", "tasks"]


@dataclass(frozen=True)
class Selection:
    targets: list[Target]
    unanswered: list[str]
    """Orders that no worker answered for: what of them is meant cannot be told now."""


async def select_steps(client: Client, wanted: BulkFilter, work: Work = "fallout") -> Selection:
    """Steps in fallout, or tasks, that fit; what has waited longest comes first."""
    found = await (fallout_steps if work == "fallout" else task_steps)(client, _orders(wanted, work))
    return Selection([Target(each.order_id, each.step) for each in chosen(wanted, found.found)], found.unanswered)


async def select_orders(client: Client, wanted: BulkFilter, state: OrderState | None = None) -> Selection:
    """Running orders that fit, the oldest first. Where `wanted` names steps: those with such a step in fallout;
    `since` is then of the step, else of the order."""
    if wanted.names_steps:
        steps = await select_steps(client, wanted)
        return Selection([Target(order_id) for order_id in _each_once(steps.targets)], steps.unanswered)
    orders = await list_orders(client, _orders(wanted, None, state))
    return Selection([Target(order.order_id) for order in reversed(orders)][: wanted.limit], [])


def _each_once(targets: list[Target]) -> list[str]:
    return list(dict.fromkeys(target.order_id for target in targets))


def _orders(wanted: BulkFilter, work: Work | None, state: OrderState | None = None) -> OrderFilter:
    return OrderFilter(
        state=state,
        customer=wanted.customer,
        product=wanted.product,
        fallout=work == "fallout",
        open_tasks=work == "tasks",
        running=True,
        since=wanted.since if work is None else None,
        limit=MOST_SCANNED,
    )


async def fallout_steps(client: Client, orders: OrderFilter) -> StepList:
    """Steps, and undos of steps, that wait for a decision."""
    return await steps_across(client, orders, [StepState.FATALLY_FAILED], None)


async def task_steps(client: Client, orders: OrderFilter) -> StepList:
    """Steps that wait for a person to do them: manual ones, and those escalated to a queue."""
    found = await steps_across(client, orders, list(OPEN), None)
    return StepList([each for each in found.found if is_task(each.step)], found.unanswered)
