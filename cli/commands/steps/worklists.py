"""`fallout` and `tasks`: what waits for a person, across orders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import RenderableType

from cli.framework.command import register_command
from cli.framework.server_call import call_server
from cli.framework.session import Session

if TYPE_CHECKING:
    from operations.reading.worklists import StepWorklist
    from operations.responses import Response

PANEL = "What waits for a person"

QueueOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="Only what waits in this queue.", show_default=False)
]


def register(app: typer.Typer) -> None:
    register_command(app, "fallout", PANEL)(fallout)
    register_command(app, "tasks", PANEL)(tasks)


def fallout(session: Session, queue: QueueOption = None) -> None:
    """List steps that failed and wait for a decision."""
    from operations.responses import fallout_response
    from views.order.list_tables import fallout_table

    worklist = call_server(session, lambda server: server.list_fallout(queue))
    hint = "`why ID NO` explains one; `retry ID NO`, `complete ID NO` or `skip ID NO` resolves it."
    empty = "No step is in fallout" + (f" in queue {queue}." if queue else ".")
    _print_worklist(session, worklist, WorklistLayout(fallout_response, fallout_table, hint, empty))


def tasks(session: Session, queue: QueueOption = None) -> None:
    """List open tasks."""
    from operations.responses import tasks_response
    from views.order.list_tables import tasks_table

    worklist = call_server(session, lambda server: server.list_tasks(queue))
    hint = "`complete ID NO --data NAME=VALUE` completes one."
    empty = "No task is open" + (f" in queue {queue}." if queue else ".")
    _print_worklist(session, worklist, WorklistLayout(tasks_response, tasks_table, hint, empty))


@dataclass(frozen=True)
class WorklistLayout:
    """How a worklist is printed. `hint` says what to do with an item."""

    build_response: Callable[[StepWorklist], Response]
    build_table: Callable[[StepWorklist], RenderableType]
    hint: str
    empty_message: str


def _print_worklist(session: Session, worklist: StepWorklist, layout: WorklistLayout) -> None:
    if session.is_json:
        session.print_json(layout.build_response(worklist))
        return
    if worklist.items:
        session.print(layout.build_table(worklist))
        session.print_note(layout.hint)
    elif not worklist.unanswered_orders:
        session.print(layout.empty_message)
    if worklist.unanswered_orders:
        orders = ", ".join(worklist.unanswered_orders)
        session.print_note(f"No worker answered for {orders}: their steps are unknown.")
