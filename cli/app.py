"""The application: all commands, in the order in which a user meets them, and the exit status of a run."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.commands.accounts import group as accounts
from cli.commands.authoring import diff, lsp, new_offer, schema
from cli.commands.infrastructure import notifications, stack, systems
from cli.commands.jobs import group as jobs
from cli.commands.ledger import group as ledger
from cli.commands.orders import amend, event, history, list_orders, order_actions, show, start
from cli.commands.planning import plan
from cli.commands.publishing import publish, versions
from cli.commands.reports import export
from cli.commands.reports import group as reports
from cli.commands.scenario_runs import run_scenarios
from cli.commands.steps import claim, reschedule, step_actions, worklists
from cli.commands.validation import validate
from cli.framework.errors import EXIT_BROKEN_PIPE, EXIT_INTERRUPTED, EXIT_REFUSED, usage_message

APP_HELP = """Ordo: order orchestration, defined in YAML and run on Temporal.

`demo` shows it in a minute. `validate` and `plan` need no server. `up` starts one."""


def build_app(program: str, for_terminal: bool) -> typer.Typer:
    """All commands. `for_terminal`: help has colours and frames; else plain lines."""
    app = typer.Typer(
        name=program,
        help=APP_HELP,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="markdown" if for_terminal else None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_global_options)
    for group in (
        *(
            stack,
            new_offer,
            validate,
            run_scenarios,
            schema,
            lsp,
            plan,
            diff,
            start,
            list_orders,
            show,
            history,
            event,
            amend,
            order_actions,
        ),
        *(worklists, step_actions, claim, reschedule, jobs, systems, notifications),
        *(publish, versions),
        *(reports, export, ledger, accounts),
    ):
        group.register(app)
    return app


def _print_version(requested: bool) -> None:
    if requested:
        from importlib.metadata import version

        typer.echo(f"ordo {version('ordo')}")
        raise typer.Exit


def _global_options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    pass


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command in `argv` (default: the process's arguments) and returns the exit status."""
    argv = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    program = program_name()
    try:
        return _run_app(argv, program)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        return EXIT_BROKEN_PIPE
    finally:
        _flush_output()


def program_name() -> str:
    """How this process was called, so that a suggested command can be copied."""
    name = Path(sys.argv[0]).name
    return f"python {name}" if name.endswith(".py") else name


@cache
def _built_command(program: str, for_terminal: bool) -> Callable[..., Any]:
    """Typer builds all commands at each call of an application: most of the time of a short one."""
    return typer.main.get_command(build_app(program, for_terminal))


def _run_app(argv: list[str], program: str) -> int:
    try:
        status = _built_command(program, sys.stdout.isatty())(
            args=argv or ["--help"], prog_name=program, standalone_mode=False
        )
    except typer.TyperException as error:
        sys.stderr.write(usage_message(error, program, argv) + "\n")
        return error.exit_code
    except typer.Abort:
        return EXIT_INTERRUPTED
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else EXIT_REFUSED
    return status if isinstance(status, int) else 0


def _flush_output() -> None:
    """The reader of the pipe may be gone; the interpreter must not report that when it exits."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (BrokenPipeError, ValueError):
            with suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
