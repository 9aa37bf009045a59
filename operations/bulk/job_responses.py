"""The JSON of bulk jobs. Programs rely on these keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import Field

from operations.bulk.bulk_jobs import JobChange, StartedJob
from operations.bulk.job_reading import JobDetails, JobPage, JobState, JobStatus, ListedJob
from operations.responses import NEXT_CURSOR, OrderReference, Response
from workflows.contract.bulk_messages import BulkOutcome, BulkResultsPage, BulkTargetResult

STATUS_DESCRIPTION = "`terminated`: it was ended with Temporal's own tools, and does no more"


class _JobFields(Response):
    job: str = Field(description="Its id")
    action: str
    by: str = Field(description="Who has begun it: the account, and for whom: `portal for ann`")
    on_behalf_of: str | None = Field(description="For whom the account has begun it")
    reason: str
    about: str = Field(description="What was chosen, in words")
    total: int = Field(description="How many targets it has")
    started_at: datetime
    ended_at: datetime | None


class BulkJobResponse(_JobFields):
    state: JobStatus = Field(description=STATUS_DESCRIPTION)


class StartedBulkJobResponse(Response):
    job: BulkJobResponse | None = Field(description="Null: nothing fits, so there is no job")
    already: bool = Field(description="The same request had begun it before")
    unanswered: list[str] = Field(description="Orders for which no worker answered: their targets are not in the job")


class BulkJobListResponse(Response):
    jobs: list[BulkJobResponse]
    next_cursor: str | None = NEXT_CURSOR


class BulkJobDetailsResponse(_JobFields):
    state: JobState = Field(description=f"`stopped`: before all were tried. {STATUS_DESCRIPTION}")
    counts: dict[BulkOutcome, int] = Field(
        description="Targets by outcome. `waiting`: not tried yet. `unanswered`: no worker answered; it may still be "
        "carried out. `left`: not tried, and not going to be"
    )
    failures: int = Field(description="Failures that count against `stop_after`")
    pace: float = Field(description="Actions per second")
    stop_after: int | None = Field(description="It stops after so many failures; null: never")
    stop_reason: str | None = Field(description="Why it ended before all targets were tried")
    changed_by: str | None = Field(description="Who has paused, continued or stopped it last")


class BulkJobResultResponse(OrderReference):
    step: str | None
    number: int | None = Field(description="Of the step")
    outcome: BulkOutcome
    code: str | None
    message: str


class BulkJobResultsResponse(Response):
    results: list[BulkJobResultResponse]
    next_offset: int | None = Field(description="Where the next page begins; null on the last page")


class BulkJobDocument(BulkJobDetailsResponse):
    """A job with its results."""

    results: list[BulkJobResultResponse]


class ChangedBulkJobResponse(Response):
    job: str
    change: JobChange


def job_response(listed: ListedJob) -> BulkJobResponse:
    return BulkJobResponse(**_fields(listed), state=listed.status)


def started_job_response(started: StartedJob) -> StartedBulkJobResponse:
    return StartedBulkJobResponse(
        job=None if started.listed is None else job_response(started.listed),
        already=started.already,
        unanswered=list(started.unanswered_orders),
    )


def job_list_response(page: JobPage) -> BulkJobListResponse:
    return BulkJobListResponse(jobs=[job_response(each) for each in page.jobs], next_cursor=page.next_cursor)


def job_details_response(details: JobDetails) -> BulkJobDetailsResponse:
    return BulkJobDetailsResponse(**_detail_fields(details))


def job_document(details: JobDetails, results: Sequence[BulkTargetResult]) -> BulkJobDocument:
    return BulkJobDocument(**_detail_fields(details), results=[_result_response(each) for each in results])


def job_results_response(page: BulkResultsPage) -> BulkJobResultsResponse:
    return BulkJobResultsResponse(
        results=[_result_response(each) for each in page.results], next_offset=page.next_offset
    )


def _result_response(result: BulkTargetResult) -> BulkJobResultResponse:
    target = result.target
    return BulkJobResultResponse(
        order_id=target.order_id,
        step=target.step,
        number=target.number,
        outcome=result.outcome,
        code=result.code,
        message=result.message,
    )


def _fields(listed: ListedJob) -> dict[str, Any]:
    card = listed.card
    return {
        "job": listed.job,
        "action": card.action,
        "by": card.by,
        "on_behalf_of": card.on_behalf_of,
        "reason": card.reason,
        "about": card.about,
        "total": card.total,
        "started_at": listed.started_at,
        "ended_at": listed.ended_at,
    }


def _detail_fields(details: JobDetails) -> dict[str, Any]:
    progress = details.progress
    return _fields(details.listed) | {
        "state": details.state,
        "on_behalf_of": progress.order.actor.on_behalf_of,
        "started_at": progress.started_at,
        "counts": {outcome: progress.counts.get(outcome, 0) for outcome in BulkOutcome},
        "failures": progress.failures,
        "pace": progress.per_second,
        "stop_after": progress.max_failures,
        "stop_reason": progress.stop_reason,
        "changed_by": progress.changed_by,
    }
