"""Bulk jobs: one action on many, done by a workflow, so that it outlives the client that began it."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from temporalio.client import Client, WorkflowExecution, WorkflowExecutionStatus

from operations.bulk.bulk_actions import BulkCommand, bulk_order, job_target
from operations.bulk.bulk_runner import BulkPacing, BulkTarget
from operations.errors import NotFound, OperationRefused, server_call
from operations.temporal.connection import server_address
from operations.temporal.workflow_calls import query_workflow
from workflows.contract import actions
from workflows.contract.bulk_messages import (
    BULK_PREFIX,
    BULK_WORKFLOW_TYPE,
    MAX_TARGETS,
    MEMO_BULK,
    QUERY_PROGRESS,
    QUERY_RESULTS,
    SIGNAL_CONTINUE,
    SIGNAL_PAUSE,
    SIGNAL_STOP,
    BulkJobCard,
    BulkJobInput,
    BulkProgress,
    BulkResultsPage,
    BulkResultsRequest,
    bulk_workflow_id,
)
from workflows.contract.order_messages import Actor, RefusalCode

QUERY_TIMEOUT = 5.0
MAX_LISTED = 50

JobChange = Literal["pause", "continue", "stop"]
SIGNALS = {"pause": SIGNAL_PAUSE, "continue": SIGNAL_CONTINUE, "stop": SIGNAL_STOP}


@dataclass(frozen=True)
class ListedJob:
    job: str
    card: BulkJobCard
    started_at: datetime
    is_running: bool


async def start_job(
    client: Client,
    task_queue: str,
    command: BulkCommand,
    targets: Sequence[BulkTarget],
    pacing: BulkPacing,
    about: str = "",
) -> str:
    """Returns the job's id. It needs no worker; the job begins as soon as there is one. `about`: what was chosen, in
    words. Raises OperationRefused for `recover`, which no job can do, and for too many targets or none."""
    if command.action is actions.RECOVER:
        raise OperationRefused(RefusalCode.INVALID, "An order that was ended from outside is recovered one by one")
    if not 1 <= len(targets) <= MAX_TARGETS:
        raise OperationRefused(
            RefusalCode.INVALID, f"A job has 1 to {MAX_TARGETS:,} targets, and this one has {len(targets):,}"
        )
    job = secrets.token_hex(6)
    message = BulkJobInput(
        job=job,
        order=bulk_order(command),
        targets=[job_target(target) for target in targets],
        per_second=pacing.per_second,
        max_failures=pacing.max_failures,
        watch_seconds=pacing.watch_seconds,
    )
    card = BulkJobCard(
        action=command.action.name,
        by=command.actor.signature,
        reason=command.actor.reason,
        total=len(targets),
        about=about,
    )
    async with server_call("The bulk job", server_address(client)):
        await client.start_workflow(
            BULK_WORKFLOW_TYPE,
            message,
            id=bulk_workflow_id(job),
            task_queue=task_queue,
            memo={MEMO_BULK: card.model_dump(mode="json")},
            static_summary=f"{command.action.name} on {len(targets):,}",
        )
    return job


async def read_progress(client: Client, job: str) -> BulkProgress:
    """Raises NotFound, and NoWorker."""
    return await query_workflow(
        client, bulk_workflow_id(job), _subject(job), QUERY_PROGRESS, None, BulkProgress, QUERY_TIMEOUT
    )


async def read_results(client: Client, job: str, request: BulkResultsRequest) -> BulkResultsPage:
    """In the order of the targets. Raises NotFound, and NoWorker."""
    return await query_workflow(
        client, bulk_workflow_id(job), _subject(job), QUERY_RESULTS, request, BulkResultsPage, QUERY_TIMEOUT
    )


async def change_job(client: Client, job: str, change: JobChange, actor: Actor) -> None:
    """Raises NotFound if it has ended. What is under way is finished first."""
    async with server_call(_subject(job), server_address(client)):
        await client.get_workflow_handle(bulk_workflow_id(job)).signal(SIGNALS[change], actor)


async def read_card(client: Client, job: str) -> ListedJob:
    """Needs no worker. Raises NotFound."""
    async with server_call(_subject(job), server_address(client)):
        record = await client.get_workflow_handle(bulk_workflow_id(job)).describe()
        found = await _listed(record)
    if found is None:
        raise NotFound(f"There is no bulk job {job}")
    return found


async def list_jobs(client: Client) -> list[ListedJob]:
    """The newest first; at most MAX_LISTED. Visibility lags by about a second."""
    async with server_call("The bulk jobs", server_address(client)):
        return [job async for job in _list(client)]


async def _list(client: Client) -> AsyncIterator[ListedJob]:
    async for record in client.list_workflows(f"WorkflowType = '{BULK_WORKFLOW_TYPE}'", limit=MAX_LISTED):
        if (found := await _listed(record)) is not None:
            yield found


async def _listed(record: WorkflowExecution) -> ListedJob | None:
    memo = await record.memo()
    if MEMO_BULK not in memo:
        return None
    return ListedJob(
        record.id.removeprefix(BULK_PREFIX),
        BulkJobCard.model_validate(memo[MEMO_BULK]),
        record.start_time,
        record.status is WorkflowExecutionStatus.RUNNING,
    )


def _subject(job: str) -> str:
    return f"Bulk job {job}"
