"""Commands for operator actions. With --all, an action runs on everything that fits a filter."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.framework.command import register_command
from cli.framework.confirm import can_prompt, confirm
from cli.framework.errors import UsageError
from cli.framework.session import Session
from cli.user_input.value_parsing import parse_data, parse_since
from workflows.contract.actions import ActionSpec

if TYPE_CHECKING:
    from operations.bulk.bulk_actions import BulkCommand
    from operations.bulk.bulk_runner import BulkPacing, BulkRunner
    from operations.bulk.bulk_selection import BulkSelection

BULK_PANEL = "In bulk, with --all"


def _filter_option(metavar: str, help_text: str) -> Any:
    return typer.Option(metavar=metavar, help=help_text, rich_help_panel=BULK_PANEL, show_default=False)


def _flag_option(name: str, help_text: str) -> Any:
    return typer.Option(name, help=help_text, rich_help_panel=BULK_PANEL)


BULK_OPTIONS: dict[str, tuple[Any, Any]] = {
    "everything": (Annotated[bool, _flag_option("--all", "All that fit, over all running orders.")], False),
    "system": (Annotated[str | None, _filter_option("NAME", "Steps that call this system.")], None),
    "code": (Annotated[str | None, _filter_option("CODE", "Steps that failed with this code.")], None),
    "product": (Annotated[str | None, _filter_option("ID", "Orders of this commercial product.")], None),
    "customer": (Annotated[str | None, _filter_option("ID", "Orders of this customer.")], None),
    "queue": (Annotated[str | None, _filter_option("NAME", "What waits in this queue.")], None),
    "since": (
        Annotated[str | None, _filter_option("TIME", "What has come up since then, or so long ago: 2h, 3d.")],
        None,
    ),
    "limit": (Annotated[int | None, _filter_option("N", "So many, what has waited longest first.")], None),
    "tasks": (Annotated[bool, _flag_option("--tasks", "Tasks, rather than what is in fallout.")], False),
    "dry_run": (Annotated[bool, _flag_option("--dry-run", "Only list what is meant.")], False),
    "pace": (
        Annotated[
            float, typer.Option(metavar="N", min=0.01, max=1000, help="So many a second.", rich_help_panel=BULK_PANEL)
        ],
        5.0,
    ),
    "stop_after": (
        Annotated[
            int,
            typer.Option(
                metavar="N", min=0, help="Stop when so many have failed; 0: never.", rich_help_panel=BULK_PANEL
            ),
        ],
        5,
    ),
}
"""Option → (declaration, default)."""
YES_OPTION: tuple[Any, Any] = (Annotated[bool, typer.Option("--yes", "-y", help="Do not ask first.")], False)


def register_action(
    app: typer.Typer, spec: ActionSpec, panel: str
) -> Callable[[Callable[..., int | None]], Callable[..., int]]:
    """Registers `run(session, …)` as the action's command. The help is the action's summary and `run`'s docstring."""

    def register(run: Callable[..., int | None]) -> Callable[..., int]:
        run.__doc__ = f"{spec.summary}.\n\n{run.__doc__ or ''}".rstrip()
        return register_command(app, spec.name, panel)(run)

    return register


def register_bulk_command(
    app: typer.Typer, spec: ActionSpec, panel: str
) -> Callable[[Callable[..., int | None]], None]:
    """Registers `run(session, order_id[, step], …)` as the action's command. With --all, the action runs on everything
    that fits a filter."""

    def register(run: Callable[..., int | None]) -> None:
        own = list(inspect.signature(run, eval_str=True).parameters.values())
        named = [parameter.name for parameter in own if parameter.name in ("order_id", "step")]
        asks = "yes" in (parameter.name for parameter in own)

        @functools.wraps(run)
        def invoke(session: Session, **given: Any) -> int | None:
            bulk = {name: given.pop(name, default) for name, (_, default) in BULK_OPTIONS.items()}
            if bulk["everything"]:
                _reject_ids(given, named)
                return _run_bulk(session, spec, given, bulk)
            _reject_bulk_options(bulk)
            _require_ids(given, named)
            if not asks:
                del given["yes"]
            return run(session, **given)

        del invoke.__wrapped__
        shown = [_as_optional(parameter) if parameter.name in named else parameter for parameter in own[1:]]
        more = {name: option for name, option in BULK_OPTIONS.items() if name != "tasks" or spec.bulk_on_tasks}
        if not asks:
            more["yes"] = YES_OPTION
        options = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=declared)
            for name, (declared, default) in more.items()
        ]
        by_name = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in shown]
        invoke.__signature__ = inspect.Signature([own[0], *by_name, *options])  # type: ignore[attr-defined]
        register_action(app, spec, panel)(invoke)

    return register


def _as_optional(parameter: inspect.Parameter) -> inspect.Parameter:
    """An argument that --all leaves away."""
    declared = parameter.annotation
    metadata = getattr(declared, "__metadata__", ())
    return parameter.replace(annotation=Annotated[str | None, *metadata], default=None)


def _reject_ids(arguments: dict[str, Any], id_names: list[str]) -> None:
    if any(arguments.pop(name, None) is not None for name in id_names):
        raise UsageError("--all is for all that fit: give no order with it, or leave --all away")


def _reject_bulk_options(bulk_options: dict[str, Any]) -> None:
    used = [name for name, (_, default) in BULK_OPTIONS.items() if bulk_options[name] != default]
    if used:
        raise UsageError(f"--{used[0].replace('_', '-')} goes with --all")


def _require_ids(arguments: dict[str, Any], id_names: list[str]) -> None:
    missing = [{"order_id": "ID", "step": "STEP"}[name] for name in id_names if arguments.get(name) is None]
    if missing and not (missing == ["STEP"] and "line" in arguments):
        raise UsageError(f"Missing argument {' '.join(missing)}; or --all for all that fit")


def _run_bulk(session: Session, action: ActionSpec, arguments: dict[str, Any], bulk_options: dict[str, Any]) -> int:
    from operations.bulk.bulk_runner import BulkPacing

    wanted = _build_bulk_command(action, arguments, bulk_options)
    pace = BulkPacing(bulk_options["pace"], bulk_options["stop_after"] or None)
    try:
        return asyncio.run(
            _select_and_run(
                session, wanted, pace, dry_run=bulk_options["dry_run"], confirm_first=not arguments.get("yes")
            )
        )
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


def _build_bulk_command(action: ActionSpec, arguments: dict[str, Any], bulk_options: dict[str, Any]) -> BulkCommand:
    from cli.framework.actor import make_actor
    from operations.bulk.bulk_actions import BulkCommand
    from operations.bulk.bulk_runner import BulkFilter

    if arguments.get("line") or arguments.get("assess"):
        raise UsageError("--line and --assess are for one order")
    data = parse_data(arguments.get("data") or [])
    if "to" in arguments:
        data = {"to": arguments["to"]}
    return BulkCommand(
        action,
        make_actor(arguments.get("by"), arguments.get("reason", "")),
        BulkFilter(
            system=bulk_options["system"],
            code=bulk_options["code"],
            product=bulk_options["product"],
            customer=bulk_options["customer"],
            queue=bulk_options["queue"],
            since=parse_since(bulk_options["since"], datetime.now(UTC)),
            limit=bulk_options["limit"],
        ),
        worklist="tasks" if bulk_options["tasks"] else "fallout",
        data=data,
        override=arguments.get("override"),
    )


async def _select_and_run(
    session: Session, request: BulkCommand, pace: BulkPacing, *, dry_run: bool, confirm_first: bool
) -> int:
    server = await session.connect()
    selection = await server.select_bulk_targets(request)
    if dry_run:
        _print_selection(session, request, selection)
        return 0
    if (
        confirm_first
        and selection.targets
        and can_prompt(session)
        and not _confirm_selection(session, request, selection)
    ):
        session.print("Nothing was done.")
        return 1
    return await _run_targets(session, request, selection, server.create_bulk_runner(request, pace))


async def _run_targets(session: Session, request: BulkCommand, selection: BulkSelection, runner: BulkRunner) -> int:
    from operations.bulk.bulk_responses import bulk_summary_response
    from views.order.bulk_result import result_line, summary_line

    try:
        async for result in runner.run(selection.targets):
            if not session.is_json:
                session.print(result_line(result))
    except asyncio.CancelledError:
        runner.interrupt(selection.targets)
        raise
    finally:
        if session.is_json:
            session.print_json(bulk_summary_response(request, runner.summary, selection))
        else:
            session.print(summary_line(runner.summary, selection.unanswered_orders))
    return 0 if runner.summary.is_success and not selection.unanswered_orders else 1


def _print_selection(session: Session, request: BulkCommand, selection: BulkSelection) -> None:
    from operations.bulk.bulk_responses import bulk_selection_response
    from views.order.bulk_result import targets_table
    from views.shared.value_format import pluralize

    if session.is_json:
        session.print_json(bulk_selection_response(request, selection))
        return
    if selection.targets:
        session.print(targets_table(selection.targets))
        noun = "step" if selection.targets[0].step else "order"
        session.print(
            f"`{request.action.name}` would be done to {pluralize(len(selection.targets), noun)}; nothing was done."
        )
    else:
        session.print(f"Nothing fits: `{request.action.name}` would do nothing.")
    if selection.unanswered_orders:
        session.print_note(
            f"No worker answered for {', '.join(selection.unanswered_orders)}: what of them is meant cannot be told."
        )


def _confirm_selection(session: Session, request: BulkCommand, selection: BulkSelection) -> bool:
    from views.order.bulk_result import targets_table
    from views.shared.value_format import pluralize

    session.print(targets_table(selection.targets[:20]))
    more = f" (and {len(selection.targets) - 20:,} more)" if len(selection.targets) > 20 else ""
    noun = "step" if selection.targets[0].step else "order"
    return confirm(session, f"Do `{request.action.name}` to these {pluralize(len(selection.targets), noun)}{more}?")
