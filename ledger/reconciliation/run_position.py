"""How far a run has come, by the last page of its history: no worker is asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryReverseRequest
from temporalio.client import Client
from temporalio.service import RPCError

from ledger.reconciliation.order_runs import is_gone
from workflows.contract.order_messages import order_workflow_id

FIRST_PAGE = 8
"""Events. A workflow task that makes a few calls fits in."""
PAGE_SIZE = 200

_CLOSING = frozenset(
    {
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW,
    }
)


@dataclass(frozen=True)
class RunPosition:
    event_id: int
    """Of the event that started the last completed workflow task; 0 if none has completed. It compares with that of a
    ChangePosition."""
    at: datetime
    """When that task completed, or when the run began."""
    is_closed: bool
    next_run_id: str | None
    """The run as which it continued."""


async def read_position(client: Client, order_id: str, run_id: str) -> RunPosition | None:
    """None if Temporal does not know the run. Raises the client's errors."""
    execution = WorkflowExecution(workflow_id=order_workflow_id(order_id), run_id=run_id)
    token, size, last = b"", FIRST_PAGE, None
    while True:
        request = GetWorkflowExecutionHistoryReverseRequest(
            namespace=client.namespace, execution=execution, maximum_page_size=size, next_page_token=token
        )
        try:
            page = await client.workflow_service.get_workflow_execution_history_reverse(request)
        except RPCError as error:
            if is_gone(error):
                return None
            raise
        for event in page.history.events:
            last = last or event
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
                return _position(event.workflow_task_completed_event_attributes.started_event_id, event, last)
        token, size = page.next_page_token, PAGE_SIZE
        if not token:
            return _position(0, page.history.events[-1], last) if last is not None else None


def _position(event_id: int, event: HistoryEvent, last: HistoryEvent) -> RunPosition:
    continued = last.workflow_execution_continued_as_new_event_attributes.new_execution_run_id
    at = event.event_time.ToDatetime(tzinfo=UTC)
    return RunPosition(event_id, at, last.event_type in _CLOSING, continued or None)
