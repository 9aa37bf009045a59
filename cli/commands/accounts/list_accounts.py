"""`account list`: the accounts, and how their tokens stand."""

from __future__ import annotations

from datetime import UTC, datetime

import typer

from cli.commands.accounts.options import PANEL, FileOption, accounts_path
from cli.framework.command import register_command
from cli.framework.session import Session


def register(app: typer.Typer) -> None:
    register_command(app, "list", PANEL)(list_accounts)


def list_accounts(session: Session, file: FileOption = None) -> None:
    """List the accounts, their roles, and how their tokens stand."""
    from operations.access.account_responses import accounts_response
    from operations.access.accounts_file import read_accounts
    from views.infrastructure.accounts import accounts_table

    path = accounts_path(file)
    response = accounts_response(read_accounts(path), datetime.now(UTC))
    if session.is_json:
        session.print_json(response)
    elif response.accounts:
        session.print(accounts_table(response))
    else:
        session.print(f"{path} has no accounts. `account add NAME --role ROLE` adds one.")
