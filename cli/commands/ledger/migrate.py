"""`ledger migrate` and `ledger downgrade`: the version of the ledger's schema."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.ledger.options import PANEL, DatabaseOption, chosen_database
from cli.framework.command import register_command
from cli.framework.confirm import can_prompt, confirm
from cli.framework.errors import EXIT_REFUSED, UsageError
from cli.framework.options import YesOption
from cli.framework.session import Session

if TYPE_CHECKING:
    from operations.ledger_upkeep import SchemaChange


def register(app: typer.Typer) -> None:
    register_command(app, "migrate", PANEL)(migrate)
    register_command(app, "downgrade", PANEL)(downgrade)


def migrate(session: Session, database: DatabaseOption = None) -> None:
    """Bring the ledger's schema to the version of this release.

    Workers of the release before can go on writing. A second call changes nothing.
    """
    from operations.ledger_upkeep import migrate_ledger

    _print_change(session, migrate_ledger(chosen_database(session, database)), "The schema is up to date")


def downgrade(
    session: Session,
    version: Annotated[str, typer.Argument(metavar="VERSION", help="Such as 0001; base removes everything.")],
    database: DatabaseOption = None,
    yes: YesOption = False,
) -> int | None:
    """Take the ledger's schema back to an earlier version.

    What later versions added is deleted with its data. First stop the workers of releases that need it.
    """
    from operations.ledger_upkeep import downgrade_ledger

    if not yes:
        question = f"Delete what came after version {version} from the ledger, with its data?"
        if not can_prompt(session):
            raise UsageError("This deletes data of the ledger: add --yes to confirm it")
        if not confirm(session, question):
            session.print_note("Nothing is changed.")
            return EXIT_REFUSED
    _print_change(
        session, downgrade_ledger(version, chosen_database(session, database)), "The schema has this version already"
    )
    return None


def _print_change(session: Session, change: SchemaChange, unchanged: str) -> None:
    if change.before == change.after:
        message = f"{unchanged}: {change.after} ({change.ledger})"
    else:
        message = f"The schema went from version {change.before} to {change.after} ({change.ledger})"
    session.print_result(asdict(change), message)
