"""`jobs watch`: follows a job until it ends."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import typer

from cli.commands.jobs.options import PANEL, JobArgument
from cli.commands.jobs.show_job import read_all_results
from cli.framework.command import register_command
from cli.framework.server_call import call_server
from cli.framework.session import Session

if TYPE_CHECKING:
    from operations.client import OrderClient


def register(jobs: typer.Typer) -> None:
    register_command(jobs, "watch", PANEL)(watch)


def watch(session: Session, job: JobArgument) -> int:
    """Follow a bulk job until it ends. The exit status is 0 if all was done, else 1.

    Ctrl-C ends only this command; the job goes on. With -o json, prints the document of `jobs show` at the end.
    """
    return call_server(session, lambda server: _follow(session, server, job))


async def _follow(session: Session, server: OrderClient, job: str) -> int:
    from operations.bulk.job_responses import job_document
    from views.order.bulk_job import job_page
    from views.order.bulk_job_watch import follow_job

    try:
        details = await follow_job(server, job, None if session.is_json else session.stderr_console)
    except asyncio.CancelledError:
        session.print_note(f"The job goes on. `jobs watch {job}` follows it again, `jobs stop {job}` stops it.")
        raise
    results = await read_all_results(server, job)
    if session.is_json:
        session.print_json(job_document(details, results))
    else:
        session.print(*job_page(details, results))
    return 0 if details.is_success else 1
