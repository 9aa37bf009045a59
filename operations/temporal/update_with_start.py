"""Telling a workflow something, and starting it in the same breath where it is not there."""

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

A = TypeVar("A")

FAILURES = (RPCError, UpdateTimedOut, RPCTimeoutOrCancelledError, WorkflowAlreadyStartedError)


async def update_with_start(
    client: Client,
    update: str,
    arguments: Sequence[Any],
    start: WithStartWorkflowOperation[Any, Any],
    answer: type[A],
    *,
    patience: float,
    update_id: str | None = None,
) -> A:
    """The answer to `update`. Raises what the client raises; callers wrap it in `operations.errors.asking_worker`.

    Updates with one `update_id` are one update, as long as Temporal keeps the run: all callers get the same answer.
    """
    try:
        return await client.execute_update_with_start_workflow(  # type: ignore[no-any-return]
            update,
            args=arguments,
            start_workflow_operation=start,
            id=update_id,
            result_type=answer,
            rpc_timeout=timedelta(seconds=patience),
        )
    except FAILURES:
        # The client reports the failure to whoever asks for the handle, too; unasked, asyncio logs a traceback.
        with suppress(Exception, asyncio.CancelledError):
            await start.workflow_handle()
        raise
