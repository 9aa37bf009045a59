"""The commands `report …`."""

from __future__ import annotations

import typer

from cli.commands.reports import durations, fallout, shift, sla

HELP = """Report on the orders of a period. Needs a ledger.

`-o csv` writes rows for a spreadsheet."""


def register(app: typer.Typer) -> None:
    report = typer.Typer(name="report", help=HELP, rich_markup_mode=app.rich_markup_mode)
    for command in (shift, durations, sla, fallout):
        command.register(report)
    app.add_typer(report, rich_help_panel="Orders")
