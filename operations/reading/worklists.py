"""Worklists: the steps that wait for a person, over all running orders."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from temporalio.client import Client

from ledger.reading.filters.order_filter import OrderFilter
from ledger.reading.filters.work_filter import WorkFilter
from operations.reading.list_orders import count_matching, list_orders
from operations.reading.order_details import read_steps
from operations.reading.provenance import VISIBILITY, Provenance
from operations.temporal.query_pages import Page, query_pages
from workflows.contract.order_summary import OrderSummary
from workflows.contract.order_views import StepView
from workflows.contract.states import Jeopardy, StepState
from workflows.contract.step_facts import is_undo_under_way
from workflows.contract.step_record import AnyStep
from workflows.contract.worklists import TASK_STATES, WorklistItem, is_in_queue, is_task

StepCondition = Callable[[StepView], bool]


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
    total: int | None = None
    """Steps on all pages. None: not counted. If `total_is_exact` is false, there are more."""
    total_is_exact: bool = True
    provenance: Provenance = VISIBILITY

    @property
    def listed_order_count(self) -> int:
        return len({item.order_id for item in self.items}) + len(self.unanswered_orders)


def _any_step(_step: StepView) -> bool:
    return True


async def list_fallout(
    client: Client, criteria: OrderFilter, cursor: str | None = None, fits: StepCondition = _any_step
) -> StepWorklist:
    """Steps, and undos of steps, that failed and wait for a decision."""
    in_fallout = replace(criteria, fallout=True, running=True)
    return await _collect_steps(client, in_fallout, cursor, (StepState.FATALLY_FAILED,), fits)


async def list_tasks(
    client: Client, criteria: OrderFilter, cursor: str | None = None, fits: StepCondition = _any_step
) -> StepWorklist:
    """Steps that a person has to do: manual ones, and those escalated to a queue."""
    with_tasks = replace(criteria, open_tasks=True)
    return await _collect_steps(client, with_tasks, cursor, TASK_STATES, lambda step: is_task(step) and fits(step))


def work_condition(criteria: WorkFilter, now: datetime) -> Callable[[AnyStep], bool]:
    """What a filter says about a step itself. The ledger finds the same steps."""

    def fits(step: AnyStep) -> bool:
        undo = step.undo if is_undo_under_way(step) else None
        error, due, since = (undo.error, undo.due, None) if undo else (step.error, step.due, step.started_at)
        since = (error.at if error is not None else None) or since or step.started_at or step.late_at
        return all(
            (
                criteria.holder is None or (step.holder or "") == criteria.holder,
                criteria.system is None or step.system == criteria.system,
                criteria.code is None or (error is not None and error.code == criteria.code),
                not criteria.late or step.jeopardy is Jeopardy.LATE or (due is not None and due < now),
                criteria.since is None or (since is not None and since >= criteria.since),
                criteria.until is None or (since is not None and since < criteria.until),
                criteria.due_until is None or (due is not None and due < criteria.due_until),
            )
        )

    return fits


async def _collect_steps(
    client: Client,
    criteria: OrderFilter,
    cursor: str | None,
    states: Sequence[StepState],
    is_wanted: StepCondition,
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
