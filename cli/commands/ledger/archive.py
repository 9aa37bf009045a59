"""`ledger archive` and `ledger restore`: orders that ended long ago move into files, and back."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.ledger.options import PANEL, DatabaseOption, chosen_database
from cli.framework.command import register_command
from cli.framework.errors import UsageError
from cli.framework.options import OrderIdArgument, value_option
from cli.framework.session import Session
from workflows.contract.states import OrderState

if TYPE_CHECKING:
    from ledger.retention.archive_orders import ArchivableOrders, Archived
    from ledger.retention.archive_rules import ArchiveRule

ArchiveOption = Annotated[
    Path | None, value_option("FOLDER", "Where the archive is now, if it was moved. Default: ORDO_LEDGER_ARCHIVE.")
]


class ArchiveFormatName(StrEnum):
    JSONL = "jsonl"
    PARQUET = "parquet"


def register(app: typer.Typer) -> None:
    register_command(app, "archive", PANEL)(archive)
    register_command(app, "restore", PANEL)(restore)
    register_command(app, "register", PANEL)(register_archive)


def archive(
    session: Session,
    state: Annotated[
        list[OrderState] | None, value_option("STATE", "Only orders that ended in this state (repeat it).")
    ] = None,
    older_than: Annotated[
        str | None, value_option("AGE", "Orders that ended longer ago: 2y, 90d. Default: ORDO_LEDGER_RETENTION.")
    ] = None,
    to: Annotated[Path | None, value_option("FOLDER", "The archive. Default: ORDO_LEDGER_ARCHIVE.")] = None,
    format: Annotated[  # noqa: A002 - the option's name
        ArchiveFormatName, typer.Option(help="Compressed JSON lines, or Parquet.")
    ] = ArchiveFormatName.JSONL,
    batch: Annotated[
        int, typer.Option(metavar="N", min=1, max=10_000, help="Orders of one file, and of one transaction.")
    ] = 500,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what would be archived.")] = False,
    database: DatabaseOption = None,
) -> None:
    """Move orders that ended long ago from the ledger into an archive.

    A file is on disk, with its SHA-256 beside it, before its orders are deleted from the ledger. The command can be
    killed and run again. Running orders and orders under legal hold stay. Archived orders are still shown by id.
    """
    from operations import ledger_life

    _check_rule(state or (), older_than)
    rules = ledger_life.archive_rules([each.value for each in state or ()], older_than)
    if dry_run:
        counted = ledger_life.count_archivable(rules, chosen_database(session, database))
        session.print_result({"orders": counted.by_state, "held": counted.held}, _would_archive(counted, rules))
        return

    def report(done: Archived) -> None:
        if session.is_terminal and not session.is_json:
            session.print_note(f"{done.orders:,} orders archived …")

    done = ledger_life.archive(rules, to, format.value, batch, report, chosen_database(session, database))
    session.print_result({"orders": done.orders, "files": done.files}, _archived(done))


def _check_rule(states: Sequence[OrderState], older_than: str | None) -> None:
    """Raises UsageError."""
    from ledger.retention.archive_rules import RuleInvalid, parse_age, parse_state

    try:
        option = "--state"
        for each in states:
            parse_state(each.value)
        option = "--older-than"
        if older_than is not None:
            parse_age(older_than)
    except RuleInvalid as error:
        raise UsageError(f"{option}: {error}") from None
    if states and older_than is None:
        raise UsageError("How long ago the orders ended is not said: --state goes with --older-than AGE")


def restore(
    session: Session, order_id: OrderIdArgument, archive: ArchiveOption = None, database: DatabaseOption = None
) -> None:
    """Bring an archived order back into the ledger.

    It leaves the archive. The next `ledger archive` moves it there again, unless it is under legal hold.
    """
    from operations import ledger_life

    count = ledger_life.restore(order_id, archive, chosen_database(session, database))
    revisions = f", with {count} submissions," if count > 1 else ""
    document = {"order_id": order_id, "submissions": count}
    session.print_result(document, f"Order {order_id}{revisions} is in the ledger again.")


def register_archive(
    session: Session,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The archive.")],
    database: DatabaseOption = None,
) -> None:
    """Make the orders of an archive known to a ledger that lost them.

    For a new database in place of a lost one. Their ids are used again, and they are shown by id. `ledger rebuild`
    brings the orders that Temporal still holds.
    """
    from operations import ledger_life
    from views.shared.value_format import pluralize

    count = ledger_life.register_archive(folder, chosen_database(session, database))
    session.print_result({"orders": count}, f"{pluralize(count, 'archived order')} registered.")


def _would_archive(counted: ArchivableOrders, rules: list[ArchiveRule]) -> str:
    from views.shared.value_format import pluralize

    held = f" Left out because of legal hold: {pluralize(counted.held, 'order')}." if counted.held else ""
    if not counted.total:
        states = ", ".join(dict.fromkeys(rule.state.value for rule in rules))
        return f"No order is old enough ({states}).{held}"
    by_state = ", ".join(f"{count:,} {state}" for state, count in sorted(counted.by_state.items()))
    return f"{pluralize(counted.total, 'order')} would be archived: {by_state}.{held}"


def _archived(done: Archived) -> str:
    from views.shared.value_format import pluralize

    if not done.orders:
        return "No order is old enough, or all that are stay under legal hold."
    return f"{pluralize(done.orders, 'order')} archived in {pluralize(len(done.files), 'file')}."
