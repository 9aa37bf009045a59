"""`fallout` and `tasks`: what waits for a person, across orders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import RenderableType

from cli.framework.command import register_command
from cli.framework.options import value_option
from cli.framework.server_call import call_server
from cli.framework.session import Session

if TYPE_CHECKING:
    from operations.reading.worklists import StepWorklist
    from operations.responses import Response

PANEL = "What waits for a person"

QueueOption = Annotated[str | None, value_option("NAME", "Only what waits in this queue.")]
LimitOption = Annotated[
    int, typer.Option(metavar="N", min=1, max=10_000, help="List the steps of at most this many orders.")
]
CursorOption = Annotated[str | None, value_option("TEXT", "Continue a list: the `next_cursor` of its JSON.")]


def register(app: typer.Typer) -> None:
    register_command(app, "fallout", PANEL)(fallout)
    register_command(app, "tasks", PANEL)(tasks)


def fallout(session: Session, queue: QueueOption = None, limit: LimitOption = 100, cursor: CursorOption = None) -> None:
    """List steps that failed and wait for a decision.

    Orders are sorted by their start, newest first. The last line says how many there are.
    """
    from operations.responses import fallout_response
    from views.order.list_tables import fallout_table

    hint = "`why ID NO` explains one; `retry ID NO`, `complete ID NO` or `skip ID NO` resolves it."
    _print_worklist(
        session,
        call_server(session, lambda server: server.list_fallout(queue, limit, cursor)),
        WorklistLayout(fallout_response, fallout_table, "step", hint, _empty_message("No step is in fallout", queue)),
    )


def tasks(session: Session, queue: QueueOption = None, limit: LimitOption = 100, cursor: CursorOption = None) -> None:
    """List open tasks.

    Orders are sorted by their start, newest first. The last line says how many there are.
    """
    from operations.responses import tasks_response
    from views.order.list_tables import tasks_table

    hint = "`complete ID NO --data NAME=VALUE` completes one; `why ID NO` explains one that is escalated."
    _print_worklist(
        session,
        call_server(session, lambda server: server.list_tasks(queue, limit, cursor)),
        WorklistLayout(tasks_response, tasks_table, "task", hint, _empty_message("No task is open", queue)),
    )


def _empty_message(message: str, queue: str | None) -> str:
    return f"{message} in queue {queue}." if queue else f"{message}."


@dataclass(frozen=True)
class WorklistLayout:
    """How a worklist is printed. `noun` says what an item is called, `hint` what to do with it."""

    build_response: Callable[[StepWorklist], Response]
    build_table: Callable[[StepWorklist], RenderableType]
    noun: str
    hint: str
    empty_message: str


def _print_worklist(session: Session, worklist: StepWorklist, layout: WorklistLayout) -> None:
    if session.is_json:
        session.print_json(layout.build_response(worklist))
        return
    if worklist.items:
        from views.order.list_tables import worklist_total

        session.print(layout.build_table(worklist))
        session.print_note(worklist_total(worklist, layout.noun))
        session.print_note(layout.hint)
    elif not worklist.unanswered_orders:
        session.print(layout.empty_message)
    if worklist.interrupted:
        from views.order.list_tables import interrupted_note

        session.print_note(interrupted_note(worklist.interrupted))
    if worklist.unanswered_orders:
        orders = ", ".join(worklist.unanswered_orders)
        session.print_note(f"No worker answered for {orders}: their steps are unknown.")
