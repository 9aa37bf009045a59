"""`history`, `submissions` and `attempts`: what happened to an order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.orders.show import PANEL
from cli.framework.command import register_command
from cli.framework.freshness import note_order_source, note_source
from cli.framework.options import (
    LedgerOption,
    LiveOption,
    OrderIdArgument,
    SubmissionOption,
    source_preference,
    value_option,
)
from cli.framework.server_call import call_server
from cli.framework.session import Session

if TYPE_CHECKING:
    from operations.client import OrderClient
    from operations.reading.order_source import Preference


def register(app: typer.Typer) -> None:
    register_command(app, "history", PANEL)(history)
    register_command(app, "submissions", PANEL)(submissions)
    register_command(app, "attempts", PANEL)(attempts)


def history(
    session: Session,
    order_id: OrderIdArgument,
    actions_only: Annotated[bool, typer.Option("--acts", help="Only actions of people.")] = False,
    step: Annotated[str | None, value_option("STEP", "Only entries about this step: its id, or its number.")] = None,
    submission: SubmissionOption = None,
    live: LiveOption = False,
    ledger: LedgerOption = False,
) -> None:
    """Show what happened to an order: who did what, when and why.

    The ledger has all entries, with the data that people entered. An order itself keeps its latest ones.
    """
    from operations.history_responses import history_response
    from views.order.order_page import empty_history, history_table

    source = source_preference(live=live, ledger=ledger, submission=submission)
    details = call_server(session, lambda server: server.read_history(order_id, source, submission))
    entries = [entry for entry in details.order.history if entry.by or not actions_only]
    if step is not None:
        step_id = step
        if all(step != entry.step for entry in details.order.history):
            step_id = call_server(session, lambda server: _find_step_id(server, order_id, step, source, submission))
        entries = [entry for entry in entries if entry.step == step_id]
    if session.is_json:
        session.print_json(history_response(details, entries))
        return
    if entries:
        session.print(history_table(entries))
    elif details.order.history:
        session.print("No entry fits.")
    else:
        session.print(*empty_history(details.order))
    note_order_source(session, details)


async def _find_step_id(
    server: OrderClient, order_id: str, step: str, source: Preference, submission: int | None
) -> str:
    return (await server.read(order_id, source=source, submission=submission)).step(step).id


def submissions(session: Session, order_id: OrderIdArgument) -> None:
    """Show how often an order was submitted: after a rejection, or as a revision.

    The ledger has all of them. `show`, `history` and `attempts` read one with --submission.
    """
    from operations.history_responses import submission_list_response
    from views.order.submissions_table import submissions_table

    found, provenance = call_server(session, lambda server: server.list_submissions(order_id))
    if session.is_json:
        session.print_json(submission_list_response(order_id, found, provenance))
        return
    session.print(submissions_table(found))
    note_source(session, provenance)


def attempts(
    session: Session,
    order_id: OrderIdArgument,
    step: Annotated[
        str | None,
        typer.Argument(metavar="STEP", help="A step's id, or its number in `show`. Default: all.", show_default=False),
    ] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Only attempts that failed.")] = False,
    submission: SubmissionOption = None,
) -> None:
    """Show each attempt at the calls of an order, also those that were repeated automatically.

    Workers report them to the ledger.
    """
    from operations.history_responses import attempts_response
    from views.order.order_page import attempts_table

    found = call_server(session, lambda server: server.read_attempts(order_id, step, submission))
    found = [attempt for attempt in found if not failed or attempt.outcome == "failed"]
    if session.is_json:
        session.print_json(attempts_response(order_id, found))
    else:
        session.print(attempts_table(found) if found else "There is no such attempt in the ledger.")
