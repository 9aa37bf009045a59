"""Worklists: the steps that wait for a person, over all running orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from temporalio.client import Client

from operations.reading.list_orders import OrderFilter, list_orders
from operations.reading.order_details import read_steps
from operations.temporal.query_each import query_each
from workflows.contract.order_views import StepView
from workflows.contract.states import StepState

TASK_STATES = (StepState.READY, StepState.IN_PROGRESS, StepState.FAILED, StepState.ON_HOLD)
"""States in which a step may be a task. Steps in fallout have a list of their own."""


@dataclass(frozen=True)
class WorklistItem:
    """A step that waits for a person, with the order that it belongs to."""

    order_id: str
    customer_id: str | None
    products: list[str]
    step: StepView


@dataclass(frozen=True)
class StepWorklist:
    items: list[WorklistItem]
    unanswered_orders: list[str]
    """Orders that have such steps, but no worker answered which ones."""

    def in_queue(self, queue: str | None) -> StepWorklist:
        """Only what the queue's people see: their own steps, and those escalated to them. None: everything."""
        if queue is None:
            return self
        return replace(self, items=[item for item in self.items if queue in (item.step.queue, item.step.escalated_to)])


def is_task(step: StepView) -> bool:
    """Whether the step waits for a person: an open manual step, or any step escalated to a queue."""
    if step.kind == "manual":
        return step.state is StepState.IN_PROGRESS
    return step.escalated_to is not None and step.queue == step.escalated_to


async def list_fallout(client: Client, criteria: OrderFilter) -> StepWorklist:
    """Steps, and undos of steps, that failed and wait for a decision."""
    return await _collect_steps(client, replace(criteria, fallout=True), (StepState.FATALLY_FAILED,))


async def list_tasks(client: Client, criteria: OrderFilter) -> StepWorklist:
    """Steps that a person has to do: manual ones, and those escalated to a queue."""
    worklist = await _collect_steps(client, replace(criteria, open_tasks=True), TASK_STATES)
    return replace(worklist, items=[item for item in worklist.items if is_task(item.step)])


async def _collect_steps(client: Client, criteria: OrderFilter, states: Sequence[StepState]) -> StepWorklist:
    """Visibility finds the orders; each order's workflow answers with its steps."""
    orders = {order.order_id: order for order in (await list_orders(client, criteria)).orders}
    answers, unanswered = await query_each(list(orders), lambda order_id: read_steps(client, order_id, states))
    items = [
        WorklistItem(order_id, orders[order_id].customer_id, orders[order_id].products, step)
        for order_id, steps in answers.items()
        for step in steps
    ]
    return StepWorklist(items, unanswered)
