"""Orders that were ended from outside before they were done: which orders these are, and how it happened."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowExecution, WorkflowHistoryEventFilterType

from operations.errors import server_call
from operations.reading.list_orders import OrderFilter, list_orders
from operations.reading.order_summary import order_summary
from operations.temporal.connection import server_address
from workflows.contract.order_summary import OrderSummary
from workflows.contract.order_views import Interruption, OrderView, StepView
from workflows.contract.states import NOT_BEGUN, SETTLED, OrderState

NO_REASON = "terminated by user via frontend"
"""What Temporal records if nobody gave a reason."""


async def read_interruption(client: Client, record: WorkflowExecution) -> Interruption | None:
    """How the run was ended from outside. None if it was not. Makes one call, but only for such a run."""
    kind = order_summary(record).interrupted
    if kind is None:
        return None
    handle = client.get_workflow_handle(record.id, run_id=record.run_id)
    async with server_call(f"Workflow {record.id}", server_address(client)):
        async for event in handle.fetch_history_events(
            event_filter_type=WorkflowHistoryEventFilterType.CLOSE_EVENT, skip_archival=True
        ):
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED:
                ended = event.workflow_execution_terminated_event_attributes
                return Interruption(
                    kind=kind, at=record.close_time, by=ended.identity or None, reason=_given_reason(ended.reason)
                )
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED:
                message = event.workflow_execution_failed_event_attributes.failure.message
                return Interruption(kind=kind, at=record.close_time, reason=message)
    return Interruption(kind=kind, at=record.close_time)


def _given_reason(reason: str) -> str:
    return "" if reason == NO_REASON else reason.strip()


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
