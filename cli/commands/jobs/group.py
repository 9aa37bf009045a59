"""The commands `jobs …`."""

from __future__ import annotations

import typer

from cli.commands.jobs import change_job, list_jobs, show_job, watch_job
from cli.commands.steps.step_actions import PANEL

HELP = """List bulk jobs, which go on without a terminal. `retry --all --background` begins one.

Without a command, they are listed."""


def register(app: typer.Typer) -> None:
    jobs = typer.Typer(name="jobs", help=HELP, rich_markup_mode=app.rich_markup_mode)
    for command in (list_jobs, show_job, watch_job, change_job):
        command.register(jobs)
    app.add_typer(jobs, rich_help_panel=PANEL)
