"""`ledger rebuild`: write the ledger anew from what Temporal still holds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.ledger.options import (
    PANEL,
    DatabaseOption,
    OrderOption,
    PaceOption,
    SinceOption,
    chosen_database,
)
from cli.commands.ledger.progress import ProgressLine
from cli.framework.command import register_command
from cli.framework.errors import EXIT_REFUSED
from cli.framework.server_call import call_server
from cli.framework.session import Session
from cli.user_input.value_parsing import parse_since

if TYPE_CHECKING:
    from ledger.reconciliation.rebuild import RebuildProgress


def register(app: typer.Typer) -> None:
    register_command(app, "rebuild", PANEL)(rebuild)


def rebuild(
    session: Session,
    order: OrderOption = None,
    since: SinceOption = None,
    database: DatabaseOption = None,
    pace: PaceOption = 50.0,
    restart: Annotated[
        bool, typer.Option("--restart", help="Begin anew, although an earlier rebuild was interrupted.")
    ] = False,
    other_namespace: Annotated[
        bool, typer.Option("--other-namespace", help="The ledger is to have the orders of this namespace from now on.")
    ] = False,
) -> int | None:
    """Write the ledger anew from what Temporal still holds.

    Each order that runs, or that Temporal has not forgotten, is asked for its record. What Temporal does not know is
    kept: attempts, older history, orders of the archive. Erased orders do not come back. It also fills an empty
    database. A rebuild that was interrupted is continued. Orders and workers go on meanwhile.
    """
    from operations.ledger_upkeep import rebuild_ledger
    from views.infrastructure.ledger import left_out_counts

    line, url = ProgressLine(session), chosen_database(session, database)
    moment = parse_since(since, datetime.now(UTC))
    progress = call_server(
        session,
        lambda server: rebuild_ledger(
            server.client, server.task_queue, pace, moment, order, url,
            restart=restart, other_namespace=other_namespace, on_progress=lambda now: line.say(_progress(now)),
        ),
    )  # fmt: skip
    summary = progress.summary
    document = {"orders": progress.done, "written": summary.asked, "left_out": left_out_counts(progress.left_out)}
    problems = {"failed": summary.failed, "problems": summary.problems}
    session.print_result(document | problems, _result(progress, order))
    if not session.is_json:
        for problem in summary.problems:
            session.print_note(problem)
    return EXIT_REFUSED if summary.failed or (order is not None and not progress.done) else None


def _progress(progress: RebuildProgress) -> str:
    continued = f", continued from {progress.continues:%Y-%m-%d %H:%M}" if progress.continues else ""
    return f"{progress.done:,} of {progress.total:,} orders, {progress.per_second:.0f}/s{continued}"


def _result(progress: RebuildProgress, order: str | None) -> str:
    from views.infrastructure.ledger import left_out_sentence
    from views.shared.value_format import pluralize

    summary = progress.summary
    if order is not None and not progress.done:
        return f"Temporal does not know order {order}: the ledger keeps what it has of it."
    failed = f" {pluralize(summary.failed, 'order')} failed; reconciliation tries again." if summary.failed else ""
    left_out = left_out_sentence(progress.left_out)
    return f"{pluralize(summary.asked, 'order')} written, of {progress.done} that Temporal knows.{left_out}{failed}"
