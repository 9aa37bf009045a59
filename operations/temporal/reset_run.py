"""Resets a run, so that a workflow that was ended from outside continues as if nothing had happened."""

from __future__ import annotations

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import (
    GetWorkflowExecutionHistoryReverseRequest,
    ResetWorkflowExecutionRequest,
)
from temporalio.client import Client

HISTORY_PAGE_SIZE = 100


async def reset_to_last_workflow_task(client: Client, workflow_id: str, run_id: str, reason: str) -> str:
    """Continues the run from its last workflow task, as a new run. Returns the new run's id. Signals and updates that
    came later are applied again. Activities that were under way start again. If this workflow has another open run,
    that run is terminated. A second call for the same run has no further effect. Raises the client's errors.
    """
    execution = WorkflowExecution(workflow_id=workflow_id, run_id=run_id)
    request = ResetWorkflowExecutionRequest(
        namespace=client.namespace,
        workflow_execution=execution,
        reason=reason,
        workflow_task_finish_event_id=await _last_workflow_task_event(client, execution),
        request_id=f"recover {run_id}",
        identity=client.identity,
    )
    return (await client.workflow_service.reset_workflow_execution(request)).run_id


async def _last_workflow_task_event(client: Client, execution: WorkflowExecution) -> int:
    """The event with which the last completed workflow task ended. If no task has completed, the event after the first
    task was scheduled."""
    token, scheduled = b"", 1
    while True:
        page = await client.workflow_service.get_workflow_execution_history_reverse(
            GetWorkflowExecutionHistoryReverseRequest(
                namespace=client.namespace,
                execution=execution,
                maximum_page_size=HISTORY_PAGE_SIZE,
                next_page_token=token,
            )
        )
        for event in page.history.events:
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
                return event.event_id
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED:
                scheduled = event.event_id
        token = page.next_page_token
        if not token:
            return scheduled + 1
