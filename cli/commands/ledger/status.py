"""`ledger status`: who writes the ledger, what is missing, and what reconciliation did last."""

from __future__ import annotations

import typer

from cli.commands.ledger.options import PANEL, DatabaseOption, chosen_database
from cli.framework.command import register_command
from cli.framework.session import Session


def register(app: typer.Typer) -> None:
    register_command(app, "status", PANEL)(status)


def status(session: Session, database: DatabaseOption = None) -> None:
    """Show who writes the ledger, what is missing, and what reconciliation did last.

    It asks the database alone: neither Temporal nor a worker has to answer.
    """
    from operations.ledger_upkeep import read_ledger_status
    from views.infrastructure.ledger import status_page

    found = read_ledger_status(chosen_database(session, database))
    if session.is_json:
        session.print_json(found)
    else:
        session.print(*status_page(found))
