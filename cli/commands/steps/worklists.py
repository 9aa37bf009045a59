"""`fallout` and `tasks`: what waits for a person, across orders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import RenderableType

from cli.framework.command import command
from cli.framework.server_call import ask
from cli.framework.session import Session

if TYPE_CHECKING:
    from operations.reading.read_order import StepList

PANEL = "What waits for a person"

Queue = Annotated[str | None, typer.Option(metavar="NAME", help="Only what waits in this queue.", show_default=False)]


def register(app: typer.Typer) -> None:
    command(app, "fallout", PANEL)(fallout)
    command(app, "tasks", PANEL)(tasks)


def fallout(session: Session, queue: Queue = None) -> None:
    """List steps that failed and wait for a decision."""
    from operations.reading.read_order import StepList, is_in
    from views.order.listings import fallout_table

    found = ask(session, lambda server: server.fallout())
    if queue is not None:
        found = StepList([each for each in found.found if is_in(each.step, queue)], found.unanswered)
    hint = "`why ID NO` explains one; `retry ID NO`, `complete ID NO` or `skip ID NO` resolves it."
    _told(session, found, Worklist("fallout", fallout_table, hint, _nothing("No step is in fallout", queue)))


def tasks(session: Session, queue: Queue = None) -> None:
    """List tasks that wait for a person to do them."""
    from views.order.listings import tasks_table

    found = ask(session, lambda server: server.tasks(queue))
    hint = "`complete ID NO --data NAME=VALUE` ends one."
    _told(session, found, Worklist("tasks", tasks_table, hint, _nothing("No task is open", queue)))


def _nothing(said: str, queue: str | None) -> str:
    return f"{said} in queue {queue}." if queue else f"{said}."


@dataclass(frozen=True)
class Worklist:
    """How a list of steps is told. `key`: in JSON; `hint`: what to do with one; `nothing`: what to say of none."""

    key: str
    table: Callable[[StepList], RenderableType]
    hint: str
    nothing: str


def _told(session: Session, found: StepList, how: Worklist) -> None:
    from operations.json_views import step_list_json

    if session.json:
        session.document(step_list_json(found, how.key))
        return
    if found.found:
        session.show(how.table(found))
        session.remark(how.hint)
    elif not found.unanswered:
        session.show(how.nothing)
    if found.unanswered:
        orders = ", ".join(found.unanswered)
        session.remark(f"No worker answered for {orders}: which steps wait there cannot be told now.")
