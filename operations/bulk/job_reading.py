"""What has become of bulk jobs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from temporalio.client import Client, WorkflowExecution, WorkflowExecutionStatus

from operations.errors import NotFound, NoWorker, server_call
from operations.temporal.connection import server_address
from operations.temporal.cursor import decode_cursor, encode_cursor
from operations.temporal.visibility import quote_literal
from operations.temporal.workflow_calls import query_workflow
from workflows.contract.bulk_messages import (
    BULK_PREFIX,
    BULK_WORKFLOW_TYPE,
    MEMO_BULK,
    QUERY_PROGRESS,
    QUERY_RESULTS,
    BulkJobCard,
    BulkOutcome,
    BulkProgress,
    BulkResultsPage,
    BulkResultsRequest,
    BulkState,
    bulk_workflow_id,
)

QUERY_TIMEOUT = 5.0
DEFAULT_LIMIT = 50

JobStatus = Literal["running", "ended", "terminated"]
"""`terminated`: it was ended with Temporal's own tools, and does no more."""
JobState = BulkState | Literal["terminated"]


@dataclass(frozen=True)
class ListedJob:
    job: str
    card: BulkJobCard
    started_at: datetime
    ended_at: datetime | None
    status: JobStatus

    @property
    def is_running(self) -> bool:
        return self.status == "running"


@dataclass(frozen=True)
class JobPage:
    jobs: list[ListedJob]
    next_cursor: str | None


@dataclass(frozen=True)
class JobDetails:
    listed: ListedJob
    progress: BulkProgress

    @property
    def state(self) -> JobState:
        return "terminated" if self.listed.status == "terminated" else self.progress.state

    @property
    def is_open(self) -> bool:
        """Whether anything more is done."""
        return self.listed.is_running and self.progress.ended_at is None

    @property
    def tried(self) -> int:
        counts = self.progress.counts
        return self.progress.total - counts.get(BulkOutcome.WAITING, 0) - counts.get(BulkOutcome.LEFT, 0)

    @property
    def is_success(self) -> bool:
        """Whether all of it is done."""
        counts = self.progress.counts
        return counts.get(BulkOutcome.DONE, 0) + counts.get(BulkOutcome.ALREADY, 0) == self.progress.total


async def list_jobs(
    client: Client, limit: int = DEFAULT_LIMIT, cursor: str | None = None, *, only_running: bool = False
) -> JobPage:
    """Running ones first, the newest first; then those that ended, the last ended first, as long as Temporal keeps
    them. It lags by about a second, and needs no worker."""
    wanted = "= 'Running'" if only_running else "!= 'ContinuedAsNew'"
    query = f"WorkflowType = {quote_literal(BULK_WORKFLOW_TYPE)} AND ExecutionStatus {wanted}"
    found = client.list_workflows(query, next_page_token=decode_cursor(cursor))
    async with server_call("The list of bulk jobs", server_address(client)):
        await found.fetch_next_page(page_size=limit)
        listed = [await _listed(record) for record in found.current_page or ()]
    return JobPage([job for job in listed if job is not None], encode_cursor(found.next_page_token))


async def find_listed(client: Client, job: str) -> ListedJob | None:
    """Needs no worker."""
    try:
        async with server_call(job_subject(job), server_address(client)):
            return await _listed(await client.get_workflow_handle(bulk_workflow_id(job)).describe())
    except NotFound:
        return None


async def read_listed(client: Client, job: str) -> ListedJob:
    """As `find_listed`. Raises NotFound."""
    found = await find_listed(client, job)
    if found is None:
        raise NotFound(f"There is no bulk job {job}")
    return found


async def read_state(client: Client, listed: ListedJob) -> JobState | None:
    """How it stands: also whether it is paused, or was stopped. None: no worker tells."""
    if listed.status == "terminated":
        return "terminated"
    try:
        return (await _read_progress(client, listed)).state
    except (NotFound, NoWorker):
        return None


async def read_details(client: Client, job: str) -> JobDetails:
    """Of a job that has ended, without a worker. Raises NotFound, and NoWorker."""
    listed = await read_listed(client, job)
    return JobDetails(listed, await _read_progress(client, listed))


async def _read_progress(client: Client, listed: ListedJob) -> BulkProgress:
    """Of a job that has ended, its result."""
    if listed.status != "ended":
        return await read_progress(client, listed.job)
    async with server_call(job_subject(listed.job), server_address(client)):
        handle = client.get_workflow_handle(bulk_workflow_id(listed.job), result_type=BulkProgress)
        progress: BulkProgress = await handle.result()
    return progress


async def read_progress(client: Client, job: str) -> BulkProgress:
    """Raises NotFound, and NoWorker."""
    return await query_workflow(
        client, bulk_workflow_id(job), job_subject(job), QUERY_PROGRESS, None, BulkProgress, QUERY_TIMEOUT
    )


async def read_results(client: Client, job: str, request: BulkResultsRequest) -> BulkResultsPage:
    """In the order of the targets. Raises NotFound, and NoWorker."""
    return await query_workflow(
        client, bulk_workflow_id(job), job_subject(job), QUERY_RESULTS, request, BulkResultsPage, QUERY_TIMEOUT
    )


def job_subject(job: str) -> str:
    return f"Bulk job {job}"


async def _listed(record: WorkflowExecution) -> ListedJob | None:
    """None if it is no bulk job."""
    memo = await record.memo()
    if MEMO_BULK not in memo:
        return None
    is_running = record.status is WorkflowExecutionStatus.RUNNING
    has_ended = record.status is WorkflowExecutionStatus.COMPLETED
    return ListedJob(
        record.id.removeprefix(BULK_PREFIX),
        BulkJobCard.model_validate(memo[MEMO_BULK]),
        record.start_time,
        record.close_time,
        "running" if is_running else "ended" if has_ended else "terminated",
    )
