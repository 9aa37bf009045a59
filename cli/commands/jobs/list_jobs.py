"""`jobs`: the bulk jobs that Temporal keeps."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.framework.command import register_default
from cli.framework.options import value_option
from cli.framework.server_call import call_server
from cli.framework.session import Session


def register(jobs: typer.Typer) -> None:
    register_default(jobs)(list_jobs)


def list_jobs(
    session: Session,
    running: Annotated[bool, typer.Option("--running", help="Only jobs that have not ended.")] = False,
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=1000, help="List at most this many.")] = 50,
    cursor: Annotated[str | None, value_option("TEXT", "Continue a list: `next_cursor` of its JSON.")] = None,
) -> None:
    from operations.bulk.job_responses import job_list_response
    from views.order.bulk_job import jobs_table

    page = call_server(session, lambda server: server.list_bulk_jobs(limit, cursor, only_running=running))
    if session.is_json:
        session.print_json(job_list_response(page))
        return
    if page.jobs:
        session.print(jobs_table(page.jobs))
        session.print_note("`jobs show JOB` shows its progress, `jobs watch JOB` follows it.")
    else:
        session.print("No bulk job runs." if running else "No bulk job is known.")
    if page.next_cursor:
        session.print_note(f"There are more: `jobs --cursor {page.next_cursor}` continues the list.")
