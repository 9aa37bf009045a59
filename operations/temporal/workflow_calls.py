"""Queries and updates of one workflow, with a time limit and the errors of operations."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeVar

from temporalio.client import Client
from temporalio.service import RPCError

from operations.errors import NotFound, NoWorker, UnansweredUpdate, is_workflow_not_found, worker_call
from operations.temporal.connection import server_address

AnswerT = TypeVar("AnswerT")

TASK_FAILED = "unexpected workflow task failure"
"""What Temporal says of an update that comes while the workflow's run ends: the task that would end it fails, and the
update with it. It was not carried out."""
AGAIN_AFTER = 0.1
"""Seconds until such an update is sent again."""


async def query_workflow(
    client: Client, workflow_id: str, subject: str, query: str, request: Any, result_type: type[AnswerT], seconds: float
) -> AnswerT:
    """`request` is None if the query takes no argument. Raises NotFound, and NoWorker after `seconds`."""
    async with worker_call(subject, server_address(client), seconds):
        try:
            answer: AnswerT = await client.get_workflow_handle(workflow_id).query(
                query,
                args=[] if request is None else [request],
                result_type=result_type,
                rpc_timeout=timedelta(seconds=seconds),
            )
        except RPCError as error:
            if is_workflow_not_found(error):  # a query also reaches a workflow that has ended
                raise NotFound(f"{subject} does not exist, or Temporal no longer keeps it") from error
            raise
    return answer


async def update_workflow(
    client: Client,
    workflow_id: str,
    subject: str,
    update: str,
    message: Any,
    result_type: type[AnswerT],
    seconds: float,
) -> AnswerT:
    """Raises NotFound if the workflow does not run, OperationRefused, and UnansweredUpdate after `seconds`."""
    try:
        async with worker_call(subject, server_address(client), seconds):
            answer: AnswerT = await _until_taken(
                lambda: client.get_workflow_handle(workflow_id).execute_update(
                    update, message, result_type=result_type, rpc_timeout=timedelta(seconds=seconds)
                )
            )
    except NoWorker as error:
        raise UnansweredUpdate(subject) from error
    return answer


async def _until_taken(send: Callable[[], Awaitable[AnswerT]]) -> AnswerT:
    while True:
        try:
            return await send()
        except RPCError as error:
            if TASK_FAILED not in error.message:
                raise
            await asyncio.sleep(AGAIN_AFTER)
