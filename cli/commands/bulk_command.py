"""`--all`: the same act on everything that fits a filter, with a dry run, a pace, and an end before it goes wrong."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.framework.command import command
from cli.framework.confirm import agreed, can_ask
from cli.framework.errors import WrongUsage
from cli.framework.session import Session
from cli.user_input.value_parsing import data_of, since_of

if TYPE_CHECKING:
    from operations.bulk.bulk_actions import BulkActName, BulkCommand
    from operations.bulk.bulk_runner import Pace, Runner
    from operations.bulk.bulk_selection import Selection

PANEL = "In bulk, with --all"


def _filter(metavar: str, said: str) -> Any:
    return typer.Option(metavar=metavar, help=said, rich_help_panel=PANEL, show_default=False)


def _flag(name: str, said: str) -> Any:
    return typer.Option(name, help=said, rich_help_panel=PANEL)


BULK: dict[str, tuple[Any, Any]] = {
    "everything": (Annotated[bool, _flag("--all", "All that fit, over all running orders.")], False),
    "system": (Annotated[str | None, _filter("NAME", "Steps that call this system.")], None),
    "code": (Annotated[str | None, _filter("CODE", "Steps that failed with this code.")], None),
    "product": (Annotated[str | None, _filter("ID", "Orders of this commercial product.")], None),
    "customer": (Annotated[str | None, _filter("ID", "Orders of this customer.")], None),
    "queue": (Annotated[str | None, _filter("NAME", "What waits in this queue.")], None),
    "since": (Annotated[str | None, _filter("TIME", "What has come up since then, or so long ago: 2h, 3d.")], None),
    "limit": (Annotated[int | None, _filter("N", "So many, what has waited longest first.")], None),
    "tasks": (Annotated[bool, _flag("--tasks", "Tasks, rather than what is in fallout.")], False),
    "dry_run": (Annotated[bool, _flag("--dry-run", "Only list what is meant.")], False),
    "pace": (
        Annotated[
            float, typer.Option(metavar="N", min=0.01, max=1000, help="So many a second.", rich_help_panel=PANEL)
        ],
        5.0,
    ),
    "stop_after": (
        Annotated[
            int,
            typer.Option(metavar="N", min=0, help="Stop when so many have failed; 0: never.", rich_help_panel=PANEL),
        ],
        5,
    ),
}
"""Option → (declaration, default)."""
YES: tuple[Any, Any] = (Annotated[bool, typer.Option("--yes", "-y", help="Do not ask first.")], False)
FOR_TASKS = ("complete", "claim", "assign")
"""What can be done to tasks, and not only to what is in fallout."""


def bulk_command(app: typer.Typer, act: BulkActName, panel: str) -> Callable[[Callable[..., int | None]], None]:
    """Registers `run(session, order_id[, step], …)` as a command that, with --all, is done to everything that fits."""

    def register(run: Callable[..., int | None]) -> None:
        own = list(inspect.signature(run, eval_str=True).parameters.values())
        named = [parameter.name for parameter in own if parameter.name in ("order_id", "step")]
        asks = "yes" in (parameter.name for parameter in own)

        @functools.wraps(run)
        def called(session: Session, **given: Any) -> int | None:
            bulk = {name: given.pop(name, default) for name, (_, default) in BULK.items()}
            if bulk["everything"]:
                _refuse_names(given, named)
                return _in_bulk(session, act, given, bulk)
            _refuse_filters(bulk)
            _ask_for_names(given, named)
            if not asks:
                del given["yes"]
            return run(session, **given)

        del called.__wrapped__
        shown = [_optional(parameter) if parameter.name in named else parameter for parameter in own[1:]]
        more = {name: option for name, option in BULK.items() if name != "tasks" or act in FOR_TASKS}
        if not asks:
            more["yes"] = YES
        options = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=declared)
            for name, (declared, default) in more.items()
        ]
        by_name = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in shown]
        called.__signature__ = inspect.Signature([own[0], *by_name, *options])  # type: ignore[attr-defined]
        command(app, act, panel)(called)

    return register


def _optional(parameter: inspect.Parameter) -> inspect.Parameter:
    """An argument that --all leaves away."""
    declared = parameter.annotation
    metadata = getattr(declared, "__metadata__", ())
    return parameter.replace(annotation=Annotated[str | None, *metadata], default=None)


def _refuse_names(given: dict[str, Any], named: list[str]) -> None:
    if any(given.pop(name, None) is not None for name in named):
        raise WrongUsage("--all is for all that fit: give no order with it, or leave --all away")


def _refuse_filters(bulk: dict[str, Any]) -> None:
    used = [name for name, (_, default) in BULK.items() if bulk[name] != default]
    if used:
        raise WrongUsage(f"--{used[0].replace('_', '-')} goes with --all")


def _ask_for_names(given: dict[str, Any], named: list[str]) -> None:
    missing = [{"order_id": "ID", "step": "STEP"}[name] for name in named if given.get(name) is None]
    if missing and not (missing == ["STEP"] and "line" in given):
        raise WrongUsage(f"Missing argument {' '.join(missing)}; or --all for all that fit")


def _in_bulk(session: Session, act: BulkActName, given: dict[str, Any], bulk: dict[str, Any]) -> int:
    from operations.bulk.bulk_runner import Pace

    wanted = _command_of(act, given, bulk)
    pace = Pace(bulk["pace"], bulk["stop_after"] or None)
    try:
        return asyncio.run(_done(session, wanted, pace, dry_run=bulk["dry_run"], ask=not given.get("yes")))
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


def _command_of(act: BulkActName, given: dict[str, Any], bulk: dict[str, Any]) -> BulkCommand:
    from cli.framework.actor import actor_of
    from operations.bulk.bulk_actions import BulkCommand
    from operations.bulk.bulk_runner import BulkFilter

    if given.get("line") or given.get("assess"):
        raise WrongUsage("--line and --assess are for one order")
    data = data_of(given.get("data") or [])
    if "to" in given:
        data = {"to": given["to"]}
    return BulkCommand(
        act,
        actor_of(given.get("by"), given.get("reason", "")),
        BulkFilter(
            system=bulk["system"],
            code=bulk["code"],
            product=bulk["product"],
            customer=bulk["customer"],
            queue=bulk["queue"],
            since=since_of(bulk["since"], datetime.now(UTC)),
            limit=bulk["limit"],
        ),
        work="tasks" if bulk["tasks"] else "fallout",
        data=data,
        override=given.get("override"),
    )


async def _done(session: Session, wanted: BulkCommand, pace: Pace, *, dry_run: bool, ask: bool) -> int:
    server = await session.orders()
    selection = await server.bulk_selection(wanted)
    if dry_run:
        _list(session, wanted, selection)
        return 0
    if ask and selection.targets and can_ask(session) and not _agreed(session, wanted, selection):
        session.show("Nothing was done.")
        return 1
    return await _run(session, wanted, selection, server.bulk_runner(wanted, pace))


async def _run(session: Session, wanted: BulkCommand, selection: Selection, runner: Runner) -> int:
    from operations.bulk.bulk_json import summary_json
    from views.order.bulk_result import result_line, summary_line

    try:
        async for result in runner.run(selection.targets):
            if not session.json:
                session.show(result_line(result))
    except asyncio.CancelledError:
        runner.interrupt(selection.targets)
        raise
    finally:
        if session.json:
            session.document(summary_json(wanted, runner.summary, selection))
        else:
            session.show(summary_line(runner.summary, selection.unanswered))
    return 0 if runner.summary.well and not selection.unanswered else 1


def _list(session: Session, wanted: BulkCommand, selection: Selection) -> None:
    from operations.bulk.bulk_json import selection_json
    from views.order.bulk_result import targets_table
    from views.shared.value_format import counted

    if session.json:
        session.document(selection_json(wanted, selection))
        return
    if selection.targets:
        session.show(targets_table(selection.targets))
        noun = "step" if selection.targets[0].step else "order"
        session.show(f"`{wanted.act}` would be done to {counted(len(selection.targets), noun)}; nothing was done.")
    else:
        session.show(f"Nothing fits: `{wanted.act}` would do nothing.")
    if selection.unanswered:
        session.remark(
            f"No worker answered for {', '.join(selection.unanswered)}: what of them is meant cannot be told."
        )


def _agreed(session: Session, wanted: BulkCommand, selection: Selection) -> bool:
    from views.order.bulk_result import targets_table
    from views.shared.value_format import counted

    session.show(targets_table(selection.targets[:20]))
    more = f" (and {len(selection.targets) - 20:,} more)" if len(selection.targets) > 20 else ""
    noun = "step" if selection.targets[0].step else "order"
    return agreed(session, f"Do `{wanted.act}` to these {counted(len(selection.targets), noun)}{more}?")
