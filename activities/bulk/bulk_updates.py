"""Sends the updates of a bulk job to its orders, and asks what has become of steps."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

from temporalio import activity
from temporalio.client import (
    Client,
    RPCTimeoutOrCancelledError,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from activity_contract.activity_names import ASK_BULK_STEPS, SEND_BULK_UPDATES
from activity_contract.bulk import (
    QUERY_STEP_OUTCOME,
    BulkAnswer,
    BulkBatch,
    BulkBatchResult,
    BulkUpdate,
    StepAsked,
    StepFound,
    StepOutcome,
    StepOutcomeRequest,
    StepsAsked,
    StepsFound,
)

UPDATE_TIMEOUT = timedelta(seconds=15)
QUERY_TIMEOUT = timedelta(seconds=5)
CONCURRENT_QUERIES = 10
MAX_MESSAGE = 300
ENDED = "ended"
"""Code of a refusal: the order takes no more actions."""
UNKNOWN_REFUSAL = "server_error"
WORKER_STOPS = "worker_stops"


class BulkUpdates:
    def __init__(self, client: Client) -> None:
        self._client = client

    @activity.defn(name=SEND_BULK_UPDATES)
    async def send(self, batch: BulkBatch) -> BulkBatchResult:
        """One after the other, at the job's pace. If the worker dies, another one sends the rest: an update that was
        sent before has the same id, so that its order answers as before."""
        loop, pause = asyncio.get_running_loop(), 1.0 / batch.per_second
        answers: list[BulkAnswer] = []
        due = loop.time()
        for update in batch.updates:
            await asyncio.sleep(max(0.0, due - loop.time()))
            due += pause
            activity.heartbeat()
            answers.append(await self._send(batch, update))
        await asyncio.sleep(max(0.0, due - loop.time()))  # the next batch goes on at the same pace
        return BulkBatchResult(answers=answers)

    async def _send(self, batch: BulkBatch, update: BulkUpdate) -> BulkAnswer:
        try:
            async with asyncio.timeout(UPDATE_TIMEOUT.total_seconds()):
                result = await _unless_worker_stops(self._execute(batch, update))
        except WorkflowUpdateFailedError as error:
            return _refused(update, error)
        except (WorkflowUpdateRPCTimeoutOrCancelledError, RPCTimeoutOrCancelledError, TimeoutError):
            message = "no worker answered in time; it may still be carried out"
            return BulkAnswer(position=update.position, kind="unanswered", message=message)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return BulkAnswer(position=update.position, kind="refused", message="the order has ended", code=ENDED)
        kind = "already" if result.get("already") else "done"
        return BulkAnswer(position=update.position, kind=kind, message=str(result.get("message", ""))[:MAX_MESSAGE])

    async def _execute(self, batch: BulkBatch, update: BulkUpdate) -> dict[str, Any]:
        result: dict[str, Any] = await self._client.get_workflow_handle(update.workflow_id).execute_update(
            batch.update,
            update.request,
            id=f"{batch.job}/{update.position}",
            result_type=dict,
            rpc_timeout=UPDATE_TIMEOUT,
        )
        return result

    @activity.defn(name=ASK_BULK_STEPS)
    async def ask(self, asked: StepsAsked) -> StepsFound:
        limit = asyncio.Semaphore(CONCURRENT_QUERIES)

        async def ask_one(step: StepAsked) -> StepFound:
            async with limit:
                return StepFound(position=step.position, outcome=await self._ask(step))

        return StepsFound(steps=list(await asyncio.gather(*map(ask_one, asked.steps))))

    async def _ask(self, step: StepAsked) -> StepOutcome | None:
        handle = self._client.get_workflow_handle(step.workflow_id)
        try:
            outcome: StepOutcome | None = await handle.query(
                QUERY_STEP_OUTCOME,
                StepOutcomeRequest(step=step.step),
                result_type=StepOutcome | None,  # type: ignore[arg-type]
                rpc_timeout=QUERY_TIMEOUT,
            )
        except (WorkflowQueryFailedError, RPCTimeoutOrCancelledError, RPCError):
            return None
        return outcome


async def _unless_worker_stops(answer: Coroutine[Any, Any, dict[str, Any]]) -> dict[str, Any]:
    """Raises ApplicationError if this worker stops first: it may be the one that would have answered. Another worker
    sends the batch again."""
    answering = asyncio.ensure_future(answer)
    stopping = asyncio.ensure_future(activity.wait_for_worker_shutdown())
    try:
        await asyncio.wait({answering, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if answering.done():
            return answering.result()
        raise ApplicationError("the worker stops", type=WORKER_STOPS)
    finally:
        answering.cancel()
        stopping.cancel()


def _refused(update: BulkUpdate, error: WorkflowUpdateFailedError) -> BulkAnswer:
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ApplicationError):
        cause = cause.__cause__ or getattr(cause, "cause", None)
    message = cause.message if isinstance(cause, ApplicationError) else str(error)
    code = cause.type if isinstance(cause, ApplicationError) else None
    return BulkAnswer(
        position=update.position, kind="refused", message=message[:MAX_MESSAGE], code=code or UNKNOWN_REFUSAL
    )
