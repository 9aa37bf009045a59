"""`--all --background`: begins a job, which a workflow does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.commands.bulk_targets import confirm_selection, note_unanswered, target_count
from cli.framework.session import Session

if TYPE_CHECKING:
    from operations.bulk.bulk_actions import BulkCommand
    from operations.bulk.bulk_runner import BulkPacing


async def start_in_background(session: Session, command: BulkCommand, pacing: BulkPacing, *, is_confirmed: bool) -> int:
    from operations.bulk.bulk_jobs import StartedJob
    from operations.bulk.job_responses import started_job_response
    from operations.bulk.selection_words import selection_words

    server = await session.connect()
    selection = await server.select_bulk_targets(command)
    if not is_confirmed and not confirm_selection(session, command, selection):
        return 1
    listed = None
    if selection.targets:
        job = await server.start_bulk_job(command, selection.targets, pacing, selection_words(command))
        listed = await server.read_bulk_job(job)
    if session.is_json:
        session.print_json(started_job_response(StartedJob(listed, unanswered_orders=selection.unanswered_orders)))
        return 0
    if listed is None:
        session.print("There was nothing to do.")
    else:
        session.print(f"Job {listed.job} runs `{command.action.name}` on {target_count(selection)}.")
        session.print_note(f"`jobs watch {listed.job}` follows it, `jobs stop {listed.job}` stops it.")
    note_unanswered(session, selection)
    return 0
