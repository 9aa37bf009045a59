"""`fallout` and `tasks`: what waits for a person, across orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli.asking import ask
from cli.command import command
from cli.session import Session

if TYPE_CHECKING:
    from operations.reading import StepList

PANEL = "What waits for a person"

Queue = Annotated[str | None, typer.Option(metavar="NAME", help="Only what waits in this queue.", show_default=False)]


def register(app: typer.Typer) -> None:
    command(app, "fallout", PANEL)(fallout)
    command(app, "tasks", PANEL)(tasks)


def fallout(session: Session, queue: Queue = None) -> None:
    """List steps that failed and wait for a decision."""
    from operations.json_shapes import step_list_json
    from operations.reading import StepList
    from views.orders import fallout_table

    found = ask(session, lambda server: server.fallout())
    if queue is not None:
        found = StepList([each for each in found.found if each.step.queue == queue], found.unanswered)
    if session.json:
        session.document(step_list_json(found, "fallout"))
        return
    if found.found:
        session.show(fallout_table(found))
        session.remark("`why ID NO` explains one; `retry ID NO`, `complete ID NO` or `skip ID NO` resolves it.")
    elif not found.unanswered:
        session.show(_nothing("No step is in fallout", queue))
    _unanswered(session, found)


def tasks(session: Session, queue: Queue = None) -> None:
    """List tasks that wait for a person to do them."""
    from operations.json_shapes import step_list_json
    from views.orders import tasks_table

    found = ask(session, lambda server: server.tasks(queue))
    if session.json:
        session.document(step_list_json(found, "tasks"))
        return
    if found.found:
        session.show(tasks_table(found))
        session.remark("`complete ID NO --data NAME=VALUE` ends one.")
    elif not found.unanswered:
        session.show(_nothing("No task is open", queue))
    _unanswered(session, found)


def _nothing(said: str, queue: str | None) -> str:
    return f"{said} in queue {queue}." if queue else f"{said}."


def _unanswered(session: Session, found: StepList) -> None:
    if found.unanswered:
        orders = ", ".join(found.unanswered)
        session.remark(f"No worker answered for {orders}: which steps wait there cannot be told now.")
