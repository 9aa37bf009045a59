"""Signals to Ordo's workflows. A signal is durable at once, whether or not a worker has time for it."""

from __future__ import annotations

from typing import Any

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode


async def signal_with_start(
    client: Client,
    workflow_type: str,
    *workflow_input: Any,
    workflow_id: str,
    task_queue: str,
    signal: str,
    message: Any,
    summary: str | None = None,
) -> None:
    """Signals the workflow, and starts it first if it is not running. `summary`: its label in Temporal's Web UI."""
    await client.start_workflow(
        workflow_type,
        args=workflow_input,
        id=workflow_id,
        task_queue=task_queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        start_signal=signal,
        start_signal_args=[message],
        static_summary=summary,
    )


async def signal_if_running(client: Client, workflow_id: str, signal: str, *message: Any) -> bool:
    """Signals the workflow; False if no such workflow is running."""
    try:
        await client.get_workflow_handle(workflow_id).signal(signal, args=message)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return False
    return True
