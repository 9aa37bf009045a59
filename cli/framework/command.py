"""Turns a function of a session into a command with the common options and one way to report errors."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.framework.errors import run_reporting_errors
from cli.framework.session import OutputFormat, Session

COMMON_PANEL = "Common options"


def _value_option(metavar: str, help_text: str) -> Any:
    """An option that takes a value and has no default of its own."""
    return typer.Option(metavar=metavar, help=help_text, rich_help_panel=COMMON_PANEL, show_default=False)


ADDRESS_HELP = "Temporal's address. Default: Temporal's profile or TEMPORAL_ADDRESS, else localhost:7233."
COMMON_OPTIONS: dict[str, tuple[Any, Any]] = {
    "address": (Annotated[str | None, _value_option("HOST:PORT", ADDRESS_HELP)], None),
    "namespace": (Annotated[str | None, _value_option("NAME", "Temporal's namespace.")], None),
    "task_queue": (Annotated[str | None, _value_option("NAME", "The workers' task queue. Default: ordo.")], None),
    "definitions": (
        Annotated[Path | None, _value_option("DIR", "The folder with the definitions. Default: definitions.")],
        None,
    ),
    "output": (
        Annotated[
            OutputFormat,
            typer.Option("--output", "-o", help="Text for people, JSON for programs.", rich_help_panel=COMMON_PANEL),
        ],
        OutputFormat.TEXT,
    ),
    "debug": (
        Annotated[bool, typer.Option("--debug", help="Print the traceback of an error.", rich_help_panel=COMMON_PANEL)],
        False,
    ),
}
"""Common option → (declaration, default)."""


def register_command(
    app: typer.Typer, name: str, panel: str
) -> Callable[[Callable[..., int | None]], Callable[..., int]]:
    """Registers `run(session, …)` as a command. Its result is the exit status; None means 0."""

    def register(run: Callable[..., int | None]) -> Callable[..., int]:
        own = list(inspect.signature(run, eval_str=True).parameters.values())[1:]
        common = [
            inspect.Parameter(option, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=declared)
            for option, (declared, default) in COMMON_OPTIONS.items()
        ]
        own = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]

        @functools.wraps(run)
        def invoke(**given: Any) -> int:
            session = Session(
                address=given.pop("address"),
                namespace=given.pop("namespace"),
                task_queue=given.pop("task_queue"),
                definitions_option=given.pop("definitions"),
                output=given.pop("output"),
                debug=given.pop("debug"),
            )
            return run_reporting_errors(session, lambda: run(session, **given))

        del invoke.__wrapped__
        invoke.__signature__ = inspect.Signature([*own, *common])  # type: ignore[attr-defined]
        invoke.__annotations__ = {parameter.name: parameter.annotation for parameter in [*own, *common]}
        app.command(name, rich_help_panel=panel)(invoke)
        return invoke

    return register
