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
    from operations.reading.worklists import StepWorklist, is_in_queue
    from operations.responses import fallout_response
    from views.order.list_tables import fallout_table

    found = call_server(session, lambda server: server.list_fallout())
    if queue is not None:
        found = StepWorklist([each for each in found.items if is_in_queue(each.step, queue)], found.unanswered_orders)
    hint = "`why ID NO` explains one; `retry ID NO`, `complete ID NO` or `skip ID NO` resolves it."
    _print_worklist(
        session,
        found,
        WorklistLayout(fallout_response, fallout_table, hint, _empty_message("No step is in fallout", queue)),
    )


def tasks(session: Session, queue: QueueOption = None) -> None:
    """List tasks that wait for a person to do them."""
    from operations.responses import tasks_response
    from views.order.list_tables import tasks_table

    found = call_server(session, lambda server: server.list_tasks(queue))
    hint = "`complete ID NO --data NAME=VALUE` ends one."
    _print_worklist(
        session, found, WorklistLayout(tasks_response, tasks_table, hint, _empty_message("No task is open", queue))
    )


def _empty_message(message: str, queue: str | None) -> str:
    return f"{message} in queue {queue}." if queue else f"{message}."


@dataclass(frozen=True)
class WorklistLayout:
    """How a list of steps is told. `key`: in JSON; `hint`: what to do with one; `nothing`: what to say of none."""

    build_response: Callable[[StepWorklist], Response]
    build_table: Callable[[StepWorklist], RenderableType]
    hint: str
    empty_message: str


def _print_worklist(session: Session, steps: StepWorklist, layout: WorklistLayout) -> None:
    if session.is_json:
        session.print_json(layout.build_response(steps))
        return
    if steps.items:
        session.print(layout.build_table(steps))
        session.print_note(layout.hint)
    elif not steps.unanswered_orders:
        session.print(layout.empty_message)
    if steps.unanswered_orders:
        orders = ", ".join(steps.unanswered_orders)
        session.print_note(f"No worker answered for {orders}: which steps wait there cannot be told now.")
