"""`jobs show`: the progress of a job, and what became of its targets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.jobs.options import PANEL, JobArgument
from cli.framework.command import register_command
from cli.framework.server_call import call_server
from cli.framework.session import Session
from workflows.contract.bulk_messages import BulkOutcome

if TYPE_CHECKING:
    from operations.bulk.job_reading import JobDetails
    from operations.client import OrderClient
    from workflows.contract.bulk_messages import BulkTargetResult

PAGE_SIZE = 500


def register(jobs: typer.Typer) -> None:
    register_command(jobs, "show", PANEL)(show)


def show(
    session: Session,
    job: JobArgument,
    outcome: Annotated[
        BulkOutcome | None,
        typer.Option(
            metavar="|".join(BulkOutcome), help="List the targets with this outcome. Default: those with a problem."
        ),
    ] = None,
) -> None:
    """Show the progress of a bulk job, and which of its targets failed or were refused.

    With -o json, the document has the results of all targets.
    """
    from operations.bulk.job_responses import job_document
    from views.order.bulk_job import job_page

    async def read(server: OrderClient) -> tuple[JobDetails, Sequence[BulkTargetResult]]:
        return await server.read_bulk_job_details(job), await read_all_results(server, job, outcome)

    details, results = call_server(session, read)
    if session.is_json:
        session.print_json(job_document(details, results))
    else:
        session.print(*job_page(details, results, outcome))


async def read_all_results(
    server: OrderClient, job: str, outcome: BulkOutcome | None = None
) -> Sequence[BulkTargetResult]:
    from workflows.contract.bulk_messages import BulkResultsRequest

    results: list[BulkTargetResult] = []
    offset: int | None = 0
    while offset is not None:
        request = BulkResultsRequest(offset=offset, limit=PAGE_SIZE, outcome=outcome)
        page = await server.read_bulk_results(job, request)
        results += page.results
        offset = page.next_offset
    return results
