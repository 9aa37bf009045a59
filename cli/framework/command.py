"""Turns a function of a session into a command with the common options and one way to report errors."""

from __future__ import annotations

import functools
import inspect
from collections import Counter
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperOption

from cli.framework.errors import run_reporting_errors
from cli.framework.options import value_option
from cli.framework.session import OutputFormat, Session

COMMON_PANEL = "Common options"
ADDRESS_HELP = "Temporal's address. Default: Temporal's profile or TEMPORAL_ADDRESS, else localhost:7233."
QUEUE_HELP = "The workers' task queue. Default: ordo."
DEFINITIONS_HELP = "The folder with the definitions. Default: definitions."


def _common_option(value_type: Any, *names: str, help_text: str) -> Any:
    return Annotated[value_type, typer.Option(*names, help=help_text, rich_help_panel=COMMON_PANEL)]


def output_option(formats: type[StrEnum]) -> tuple[Any, Any]:
    help_text = "Text for people, JSON for programs."
    return _common_option(formats, "--output", "-o", help_text=help_text), next(iter(formats))


COMMON_OPTIONS: dict[str, tuple[Any, Any]] = {
    "address": (Annotated[str | None, value_option("HOST:PORT", ADDRESS_HELP, COMMON_PANEL)], None),
    "namespace": (Annotated[str | None, value_option("NAME", "Temporal's namespace.", COMMON_PANEL)], None),
    "task_queue": (Annotated[str | None, value_option("NAME", QUEUE_HELP, COMMON_PANEL)], None),
    "definitions": (Annotated[Path | None, value_option("DIR", DEFINITIONS_HELP, COMMON_PANEL)], None),
    "output": output_option(OutputFormat),
    "debug": (_common_option(bool, "--debug", help_text="Print the traceback of an error."), False),
}
"""Common option → (declaration, default)."""


class StrictCommand(TyperCommand):
    """Refuses a repeated option that counts once, rather than dropping all values but the last."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        _, _, given = self.make_parser(ctx).parse_args(args=list(args))
        for parameter, count in Counter(given).items():
            is_single = isinstance(parameter, TyperOption) and not (parameter.multiple or parameter.is_flag)
            if count > 1 and is_single and parameter.name not in COMMON_OPTIONS:
                ctx.fail(f"{parameter.opts[0]} is given {count} times, and counts once.")
        return super().parse_args(ctx, args)


def register_command(
    app: typer.Typer, name: str, panel: str, formats: type[StrEnum] = OutputFormat
) -> Callable[[Callable[..., int | None]], Callable[..., int]]:
    """Registers `run(session, …)` as a command. Its result is the exit status; None means 0.

    `formats`: what `-o` accepts. The first is the default, and `text` and `json` are among them.
    """

    def register(run: Callable[..., int | None]) -> Callable[..., int]:
        invoke = _with_common_options(run, formats)
        app.command(name, cls=StrictCommand, rich_help_panel=panel)(invoke)
        return invoke

    return register


def register_default(group: typer.Typer) -> Callable[[Callable[..., int | None]], None]:
    """Registers `run(session, …)` as what a group of commands does without a command."""

    def register(run: Callable[..., int | None]) -> None:
        invoke = _with_common_options(run, OutputFormat)

        def invoke_alone(context: typer.Context, **arguments: Any) -> int:
            if context.invoked_subcommand is None:
                return invoke(**arguments)
            _refuse_options_before_command(context)
            return 0

        own = list(inspect.signature(invoke).parameters.values())
        first = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
        invoke_alone.__signature__ = inspect.Signature([first, *own])  # type: ignore[attr-defined]
        invoke_alone.__annotations__ = {parameter.name: parameter.annotation for parameter in [first, *own]}
        group.callback(invoke_without_command=True)(invoke_alone)

    return register


def _refuse_options_before_command(context: typer.Context) -> None:
    """They would be dropped in silence."""
    for parameter in context.command.params:
        source = context.get_parameter_source(parameter.name or "")
        if source is not None and source.name == "COMMANDLINE":
            context.fail(f"Write {parameter.opts[0]} after `{context.invoked_subcommand}`.")


def _with_common_options(run: Callable[..., int | None], formats: type[StrEnum]) -> Callable[..., int]:
    """`run(session, …)` as a function of its own options and the common ones, which reports errors."""
    own = list(inspect.signature(run, eval_str=True).parameters.values())[1:]
    options = COMMON_OPTIONS if formats is OutputFormat else COMMON_OPTIONS | {"output": output_option(formats)}
    common = [
        inspect.Parameter(option, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=declared)
        for option, (declared, default) in options.items()
    ]
    own = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]

    @functools.wraps(run)
    def invoke(**arguments: Any) -> int:
        session = Session(**{option: arguments.pop(option) for option in COMMON_OPTIONS})
        return run_reporting_errors(session, lambda: run(session, **arguments))

    del invoke.__wrapped__
    invoke.__signature__ = inspect.Signature([*own, *common])  # type: ignore[attr-defined]
    invoke.__annotations__ = {parameter.name: parameter.annotation for parameter in [*own, *common]}
    return invoke
