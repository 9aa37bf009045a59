"""The commands `ledger …`."""

from __future__ import annotations

import typer

from cli.commands.ledger import archive, check, erase, holds, migrate, rebuild, status

HELP = """Look after the ledger: the database in which orders are found.

ORDO_LEDGER_URL names it, or --database."""


def register(app: typer.Typer) -> None:
    ledger = typer.Typer(name="ledger", help=HELP, rich_markup_mode=app.rich_markup_mode)
    for command in (status, migrate, check, rebuild, archive, holds):
        command.register(ledger)
    erase.register_in_group(ledger)
    app.add_typer(ledger, rich_help_panel="Ledger")
    erase.register(app)
