"""Commands for operator actions. With --all, an action runs on everything that fits a filter."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.commands.bulk_background import start_in_background
from cli.commands.bulk_targets import confirm_selection, list_targets
from cli.framework.command import register_command
from cli.framework.errors import UsageError
from cli.framework.options import YesOption, value_option
from cli.framework.session import Session
from cli.user_input.value_parsing import parse_data, parse_since
from workflows.contract.actions import RECOVER, ActionSpec

if TYPE_CHECKING:
    from operations.bulk.bulk_actions import BulkCommand
    from operations.bulk.bulk_runner import BulkPacing

BULK_PANEL = "In bulk, with --all"


def _number_option(help_text: str, minimum: float, maximum: float | None = None) -> Any:
    return typer.Option(metavar="N", min=minimum, max=maximum, help=help_text, rich_help_panel=BULK_PANEL)


def _flag_option(name: str, help_text: str) -> Any:
    return typer.Option(name, help=help_text, rich_help_panel=BULK_PANEL)


def _criterion(metavar: str, help_text: str) -> tuple[Any, None]:
    return Annotated[str | None, value_option(metavar, help_text, BULK_PANEL)], None


CRITERIA: dict[str, tuple[Any, Any]] = {
    "system": _criterion("NAME", "Steps that call this system."),
    "code": _criterion("CODE", "Steps that failed with this code."),
    "product": _criterion("ID", "Orders of this commercial product."),
    "customer": _criterion("ID", "Orders of this customer."),
    "queue": _criterion("NAME", "What waits in this queue."),
    "since": _criterion("TIME", "What has begun to wait since then, or within this time: 2h, 3d."),
    "limit": (
        Annotated[int | None, value_option("N", "At most this many, the longest waiting first.", BULK_PANEL)],
        None,
    ),
}
"""Fields of BulkFilter as options: name → (declaration, default)."""
BULK_OPTIONS: dict[str, tuple[Any, Any]] = {
    "everything": (Annotated[bool, _flag_option("--all", "Everything that fits, over all running orders.")], False),
    **CRITERIA,
    "tasks": (Annotated[bool, _flag_option("--tasks", "Open tasks instead of steps in fallout.")], False),
    "dry_run": (Annotated[bool, _flag_option("--dry-run", "Only list the targets.")], False),
    "pace": (Annotated[float, _number_option("Actions per second.", 0.01, 1000)], 5.0),
    "stop_after": (Annotated[int, _number_option("Stop when this many have failed; 0: never.", 0)], 5),
    "background": (
        Annotated[bool, _flag_option("--background", "Begin a job that goes on without this terminal.")],
        False,
    ),
}
YES_OPTION: tuple[Any, Any] = (YesOption, False)


def register_action(
    app: typer.Typer, spec: ActionSpec, panel: str
) -> Callable[[Callable[..., int | None]], Callable[..., int]]:
    """Registers `run(session, …)` as the action's command. The help is the action's summary and `run`'s docstring."""

    def register(run: Callable[..., int | None]) -> Callable[..., int]:
        @functools.wraps(run)
        def perform(*arguments: Any, **options: Any) -> int | None:
            return run(*arguments, **options)

        perform.__doc__ = f"{spec.summary}.\n\n{run.__doc__ or ''}".rstrip()
        return register_command(app, spec.name, panel)(perform)

    return register


def register_bulk_command(
    app: typer.Typer, spec: ActionSpec, panel: str
) -> Callable[[Callable[..., int | None]], None]:
    """Registers `run(session, order_id[, step], …)` as the action's command. With --all, the action runs on everything
    that fits a filter."""

    def register(run: Callable[..., int | None]) -> None:
        session_parameter, *own = inspect.signature(run, eval_str=True).parameters.values()
        id_names = [parameter.name for parameter in own if parameter.name in ("order_id", "step")]
        has_yes = any(parameter.name == "yes" for parameter in own)

        @functools.wraps(run)
        def invoke(session: Session, **arguments: Any) -> int | None:
            bulk = {name: arguments.pop(name, default) for name, (_, default) in BULK_OPTIONS.items()}
            if bulk["everything"]:
                _reject_ids(arguments, id_names)
                return _run_bulk(session, spec, arguments, bulk)
            _reject_bulk_options(bulk)
            _require_ids(arguments, id_names)
            if not has_yes:
                del arguments["yes"]
            return run(session, **arguments)

        del invoke.__wrapped__
        options = {name: option for name, option in BULK_OPTIONS.items() if _takes(spec, name)}
        if not has_yes:
            options["yes"] = YES_OPTION
        parameters = [
            *(_as_optional(parameter) if parameter.name in id_names else parameter for parameter in own),
            *(
                inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=declared)
                for name, (declared, default) in options.items()
            ),
        ]
        keyword_only = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in parameters]
        invoke.__signature__ = inspect.Signature([session_parameter, *keyword_only])  # type: ignore[attr-defined]
        register_action(app, spec, panel)(invoke)

    return register


def _takes(spec: ActionSpec, option: str) -> bool:
    if option == "background":
        return spec is not RECOVER  # no job can do it
    return option != "tasks" or spec.bulk_on_tasks


def _as_optional(parameter: inspect.Parameter) -> inspect.Parameter:
    """An id, which is omitted with --all."""
    declared = parameter.annotation
    metadata = getattr(declared, "__metadata__", ())
    return parameter.replace(annotation=Annotated[str | None, *metadata], default=None)


def _reject_ids(arguments: dict[str, Any], id_names: list[str]) -> None:
    if any(arguments.pop(name, None) is not None for name in id_names):
        raise UsageError("--all runs on everything that fits: give no order with it, or omit --all")


def _reject_bulk_options(bulk_options: dict[str, Any]) -> None:
    used = [name for name, (_, default) in BULK_OPTIONS.items() if bulk_options[name] != default]
    if used:
        raise UsageError(f"--{used[0].replace('_', '-')} goes with --all")


def _require_ids(arguments: dict[str, Any], id_names: list[str]) -> None:
    missing = [{"order_id": "ID", "step": "STEP"}[name] for name in id_names if arguments.get(name) is None]
    if missing and not (missing == ["STEP"] and "line" in arguments):
        raise UsageError(f"Missing argument {' '.join(missing)}; or --all for everything that fits")


def _run_bulk(session: Session, action: ActionSpec, arguments: dict[str, Any], bulk_options: dict[str, Any]) -> int:
    from operations.bulk.bulk_runner import BulkPacing

    command = _build_command(action, arguments, bulk_options)
    pacing = BulkPacing(bulk_options["pace"], bulk_options["stop_after"] or None)
    is_confirmed = bool(arguments.get("yes"))
    if bulk_options["dry_run"]:
        run = list_targets(session, command)
    elif bulk_options["background"]:
        run = start_in_background(session, command, pacing, is_confirmed=is_confirmed)
    else:
        run = _run(session, command, pacing, is_confirmed=is_confirmed)
    try:
        return asyncio.run(run)
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


def _build_command(action: ActionSpec, arguments: dict[str, Any], bulk_options: dict[str, Any]) -> BulkCommand:
    from cli.framework.actor import make_actor
    from operations.bulk.bulk_actions import BulkCommand
    from operations.bulk.bulk_runner import BulkFilter

    if arguments.get("line") or arguments.get("assess"):
        raise UsageError("--line and --assess are for one order")
    criteria = {name: bulk_options[name] for name in CRITERIA}
    return BulkCommand(
        action,
        make_actor(arguments.get("by"), arguments.get("reason", "")),
        BulkFilter(**{**criteria, "since": parse_since(criteria["since"], datetime.now(UTC))}),
        worklist="tasks" if bulk_options["tasks"] else "fallout",
        data={"to": arguments["to"]} if "to" in arguments else parse_data(arguments.get("data") or []),
        override=arguments.get("override"),
        take_over=bool(arguments.get("take_over")),
    )


async def _run(session: Session, command: BulkCommand, pacing: BulkPacing, *, is_confirmed: bool) -> int:
    from operations.bulk.bulk_responses import bulk_summary_response
    from views.order.bulk_result import result_line, summary_line

    server = await session.connect()
    selection = await server.select_bulk_targets(command)
    if not is_confirmed and not confirm_selection(session, command, selection):
        return 1
    runner = server.create_bulk_runner(command, pacing)
    try:
        async for result in runner.run(selection.targets):
            if not session.is_json:
                session.print(result_line(result))
    except asyncio.CancelledError:
        runner.interrupt(selection.targets)
        raise
    finally:
        if session.is_json:
            session.print_json(bulk_summary_response(command, runner.summary, selection))
        else:
            session.print(summary_line(runner.summary, selection.unanswered_orders))
    return 0 if runner.summary.is_success and not selection.unanswered_orders else 1
