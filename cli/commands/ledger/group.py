"""The commands `ledger …`."""

from __future__ import annotations

import typer

from cli.commands.ledger import check, migrate, rebuild, status

HELP = """Look after the ledger: the database in which orders are found.

ORDO_LEDGER_URL names it."""


def register(app: typer.Typer) -> None:
    ledger = typer.Typer(name="ledger", help=HELP, no_args_is_help=True, rich_markup_mode=app.rich_markup_mode)
    for command in (status, migrate, check, rebuild):
        command.register(ledger)
    app.add_typer(ledger, rich_help_panel="Ledger")
