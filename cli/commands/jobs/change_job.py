"""`jobs pause`, `jobs continue` and `jobs stop`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from cli.commands.jobs.options import PANEL, JobArgument
from cli.framework.actor import make_actor
from cli.framework.command import register_command
from cli.framework.options import ByOption, ReasonOption
from cli.framework.server_call import call_server
from cli.framework.session import Session

if TYPE_CHECKING:
    from operations.bulk.bulk_jobs import JobChange


def register(jobs: typer.Typer) -> None:
    register_command(jobs, "pause", PANEL)(pause)
    register_command(jobs, "continue", PANEL)(continue_job)
    register_command(jobs, "stop", PANEL)(stop)


def pause(session: Session, job: JobArgument, reason: ReasonOption = "", by: ByOption = None) -> None:
    """Pause a bulk job: nothing more is tried until it is continued."""
    _change(session, job, "pause", reason, by, f"Job {job} pauses, once what is under way is done.")


def continue_job(session: Session, job: JobArgument, reason: ReasonOption = "", by: ByOption = None) -> None:
    """Continue a bulk job that was paused."""
    _change(session, job, "continue", reason, by, f"Job {job} goes on.")


def stop(session: Session, job: JobArgument, reason: ReasonOption = "", by: ByOption = None) -> None:
    """Stop a bulk job: what was not tried is left."""
    _change(session, job, "stop", reason, by, f"Job {job} stops, once what is under way is done.")


def _change(session: Session, job: str, change: JobChange, reason: str, by: str | None, message: str) -> None:
    from operations.bulk.job_responses import ChangedBulkJobResponse

    actor = make_actor(by, reason)
    call_server(session, lambda server: server.change_bulk_job(job, change, actor))
    session.print_result(ChangedBulkJobResponse(job=job, change=change), message)
