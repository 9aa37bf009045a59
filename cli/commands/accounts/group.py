"""The commands `account …`."""

from __future__ import annotations

import typer

from cli.commands.accounts import list_accounts, removal, tokens
from cli.commands.accounts.options import PANEL

HELP = """Add and remove accounts of people and programs, and their tokens.

ORDO_ACCOUNTS_FILE names the file. The gateway reads it again when it changes."""


def register(app: typer.Typer) -> None:
    accounts = typer.Typer(name="account", help=HELP, rich_markup_mode=app.rich_markup_mode)
    for commands in (tokens, list_accounts, removal):
        commands.register(accounts)
    app.add_typer(accounts, rich_help_panel=PANEL)
