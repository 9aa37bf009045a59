"""Bulk jobs: one action on many, which goes on without the client that began it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from gateway.access.route_guard import CurrentPerson, allowed, require_override
from gateway.bulk_bodies import BulkJobBody
from gateway.errors import BODY_ERRORS, error_responses
from gateway.request_models import ActorBody, Cursor
from gateway.strict_json import StrictJsonRoute
from operations.access.permissions import ACTION_PERMISSIONS, BULK_JOB, READ_ORDER, READ_WORK
from operations.access.person import require, require_queue
from operations.bulk.bulk_jobs import JOB_ID_PATTERN, JobChange
from operations.bulk.job_responses import (
    BulkJobDetailsResponse,
    BulkJobListResponse,
    BulkJobResultsResponse,
    ChangedBulkJobResponse,
    StartedBulkJobResponse,
    job_details_response,
    job_list_response,
    job_results_response,
    started_job_response,
)
from operations.client import OrderClient
from workflows.contract.bulk_messages import BulkOutcome, BulkResultsRequest

JobId = Annotated[str, Path(pattern=JOB_ID_PATTERN, description="The job's id", examples=["retry-2026-12-01"])]
CHANGES: dict[JobChange, str] = {
    "pause": "Pause a bulk job",
    "continue": "Continue a bulk job that was paused",
    "stop": "Stop a bulk job: what was not tried is left",
}
START_RESPONSES: dict[int | str, dict[str, Any]] = {
    201: {
        "description": "The job has begun",
        "headers": {"Location": {"schema": {"type": "string"}, "description": "Path of the job"}},
    },
    200: {"model": StartedBulkJobResponse, "description": "The same request had begun it before, or nothing fits"},
}


def bulk_job_routes(orders: OrderClient) -> APIRouter:
    routes = APIRouter(tags=["operators"], route_class=StrictJsonRoute, responses=error_responses(422))
    _add_start_route(routes, orders)
    _add_reading_routes(routes, orders)
    for change, summary in CHANGES.items():
        routes.post(
            f"/bulk-jobs/{{job}}/{change}",
            summary=summary,
            responses=error_responses(*BODY_ERRORS, 404, 410),
            name=f"bulk_job_{change}",
            dependencies=[allowed(BULK_JOB)],
        )(_change_handler(orders, change))
    return routes


def _add_start_route(routes: APIRouter, orders: OrderClient) -> None:
    @routes.post(
        "/bulk-jobs",
        summary="Begin a bulk job on everything that matches",
        status_code=201,
        responses=error_responses(*BODY_ERRORS, 409) | START_RESPONSES,
        dependencies=[allowed(BULK_JOB)],
    )
    async def start(body: BulkJobBody, person: CurrentPerson, response: Response) -> StartedBulkJobResponse:
        """The targets are chosen now; the action is done in the background, and needs its own permission. `dry_run` of
        `/bulk/{action}` lists the targets before. An operator whose account names queues gives one of them as
        `queue`.

        Give an `id`, and repeat the request until you get a response. `409`: another request has used the id.
        """
        permission = ACTION_PERMISSIONS[body.action]
        require(person, permission)
        require_queue(person, permission, body.queue)
        require_override(person, body.override)
        command = body.to_command(body.spec, person)
        started = await orders.start_matching_bulk_job(command, body.pacing, body.id)
        if started.listed is not None:
            response.headers["Location"] = f"/bulk-jobs/{started.listed.job}"
        if started.listed is None or started.already:
            response.status_code = 200
        return started_job_response(started)


def _add_reading_routes(routes: APIRouter, orders: OrderClient) -> None:
    @routes.get("/bulk-jobs", summary="List bulk jobs", dependencies=[allowed(READ_WORK)])
    async def jobs(
        running: Annotated[bool, Query(description="Only jobs that have not ended")] = False,
        limit: Annotated[int, Query(ge=1, le=1000, description="At most this many jobs")] = 50,
        cursor: Cursor = None,
    ) -> BulkJobListResponse:
        """Also those that were begun elsewhere. Running ones first, the newest first; then those that ended, as long as
        Temporal keeps them. Needs no worker."""
        return job_list_response(await orders.list_bulk_jobs(limit, cursor, only_running=running))

    @routes.get(
        "/bulk-jobs/{job}",
        summary="Read a bulk job and its progress",
        responses=error_responses(404),
        dependencies=[allowed(READ_ORDER)],
    )
    async def read(job: JobId) -> BulkJobDetailsResponse:
        return job_details_response(await orders.read_bulk_job_details(job))

    @routes.get(
        "/bulk-jobs/{job}/results",
        summary="What became of each target of a bulk job",
        responses=error_responses(404),
        dependencies=[allowed(READ_ORDER)],
    )
    async def results(
        job: JobId,
        outcome: Annotated[BulkOutcome | None, Query(description="Only targets with this outcome")] = None,
        offset: Annotated[int, Query(ge=0)] = 0,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> BulkJobResultsResponse:
        """In the order in which the targets are tried."""
        await orders.read_bulk_job(job)
        wanted = BulkResultsRequest(offset=offset, limit=limit, outcome=outcome)
        return job_results_response(await orders.read_bulk_results(job, wanted))


def _change_handler(orders: OrderClient, change: JobChange) -> Callable[..., Awaitable[ChangedBulkJobResponse]]:
    async def handle(job: JobId, body: ActorBody, person: CurrentPerson) -> ChangedBulkJobResponse:
        """Needs the permission of the job's action, too. What is under way is finished first: at most two seconds of
        work at the job's pace, and at least one target."""
        listed = await orders.read_bulk_job(job)
        require(person, ACTION_PERMISSIONS[listed.card.action])
        await orders.change_bulk_job(job, change, person.actor(body.by, body.reason))
        return ChangedBulkJobResponse(job=job, change=change)

    return handle
