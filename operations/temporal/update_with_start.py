"""Sends an update to a workflow. If the workflow does not run, the same call starts it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar

from temporalio.client import Client, RPCTimeoutOrCancelledError, WithStartWorkflowOperation
from temporalio.client import WorkflowUpdateRPCTimeoutOrCancelledError as UpdateTimedOut
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

ResultT = TypeVar("ResultT")

CLIENT_ERRORS = (RPCError, UpdateTimedOut, RPCTimeoutOrCancelledError, WorkflowAlreadyStartedError)


async def update_with_start(
    client: Client,
    update: str,
    arguments: Sequence[Any],
    start_operation: WithStartWorkflowOperation[Any, Any],
    result_type: type[ResultT],
    *,
    timeout_seconds: float,
    update_id: str | None = None,
) -> ResultT:
    """The answer to `update`. Raises the client's errors; callers wrap it in `operations.errors.worker_call`.

    All callers with the same `update_id` get the same answer, as long as Temporal keeps the run.
    """
    try:
        return await client.execute_update_with_start_workflow(  # type: ignore[no-any-return]
            update,
            args=arguments,
            start_workflow_operation=start_operation,
            id=update_id,
            result_type=result_type,
            rpc_timeout=timedelta(seconds=timeout_seconds),
        )
    except CLIENT_ERRORS:
        # The handle fails too; without awaiting it, asyncio logs a traceback.
        with suppress(Exception, asyncio.CancelledError):
            await start_operation.workflow_handle()
        raise
