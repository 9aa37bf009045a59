"""Orders that were ended from outside before they were done: which orders these are, and how it happened."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from temporalio.client import Client, WorkflowExecution

from ledger.reading.filters.order_filter import OrderFilter
from ledger.reconciliation.interruptions import fetch_interruption
from operations.errors import server_call
from operations.reading.list_orders import list_orders
from operations.reading.order_summary import order_summary
from operations.temporal.connection import server_address
from workflows.contract.order_summary import OrderSummary
from workflows.contract.order_views import Interruption, OrderView, StepView
from workflows.contract.states import NOT_BEGUN, SETTLED, OrderState


async def read_interruption(client: Client, record: WorkflowExecution) -> Interruption | None:
    """How the run was ended from outside. None if it was not. Makes one call, but only for such a run."""
    kind = order_summary(record).interrupted
    if kind is None:
        return None
    async with server_call(f"Workflow {record.id}", server_address(client)):
        return await fetch_interruption(client, record, kind)


def as_interrupted(order: OrderView, interruption: Interruption | None) -> OrderView:
    """The order's last answer about itself, corrected by what its run cannot know: that it has stopped."""
    if interruption is None:
        return order
    changes = {"state": OrderState.FAILED, "forecast": None, "ended_at": interruption.at, "interrupted": interruption}
    return order.model_copy(update=changes)


def without_waits(steps: Iterable[StepView]) -> list[StepView]:
    """The steps of an interrupted order. If a step was under way, it now waits for the order's recovery."""
    return [_without_wait(step) for step in steps]


def _without_wait(step: StepView) -> StepView:
    if step.state in SETTLED:
        return step
    is_under_way = step.state not in NOT_BEGUN
    return step.model_copy(
        update={
            "waits_for": "the order's recovery" if is_under_way else None,
            "next_attempt_at": None,
            "due": None,
            "expected_start": None,
            "expected_end": None,
        }
    )


async def list_interrupted(client: Client, criteria: OrderFilter) -> list[OrderSummary]:
    """Orders that match and can be recovered. The order that ended last comes first."""
    return (await list_orders(client, replace(criteria, interrupted=True, running=False))).orders
