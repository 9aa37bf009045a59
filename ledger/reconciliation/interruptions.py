"""How a run was ended from outside, as Temporal's own record has it. It needs no ledger."""

from __future__ import annotations

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowExecution, WorkflowExecutionStatus, WorkflowHistoryEventFilterType

from workflows.contract.order_views import Interruption, InterruptionKind
from workflows.contract.states import OrderState

NO_REASON = "terminated by user via frontend"
"""What Temporal records if nobody gave a reason."""


def interruption_kind(execution: WorkflowExecution, reported_state: str | None) -> InterruptionKind | None:
    """How the run was ended from outside. None if it runs, or if it ended by itself. `reported_state`: the last one
    that the order told visibility."""
    match execution.status:
        case WorkflowExecutionStatus.TERMINATED:
            return InterruptionKind.TERMINATED
        case WorkflowExecutionStatus.TIMED_OUT:
            return InterruptionKind.TIMED_OUT
        case WorkflowExecutionStatus.FAILED if reported_state not in (None, OrderState.REJECTED):
            return InterruptionKind.ENGINE_ERROR
        case _:
            return None


async def fetch_interruption(client: Client, execution: WorkflowExecution, kind: InterruptionKind) -> Interruption:
    """Who ended this run, and why. Makes one call; raises the client's errors."""
    handle = client.get_workflow_handle(execution.id, run_id=execution.run_id)
    async for event in handle.fetch_history_events(
        event_filter_type=WorkflowHistoryEventFilterType.CLOSE_EVENT, skip_archival=True
    ):
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED:
            ended = event.workflow_execution_terminated_event_attributes
            return Interruption(
                kind=kind, at=execution.close_time, by=ended.identity or None, reason=_given_reason(ended.reason)
            )
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED:
            message = event.workflow_execution_failed_event_attributes.failure.message
            return Interruption(kind=kind, at=execution.close_time, reason=message)
    return Interruption(kind=kind, at=execution.close_time)


def _given_reason(reason: str) -> str:
    return "" if reason == NO_REASON else reason.strip()
