"""`claim`, `assign` and `note`: who has what waits for a person, and what there is to say about it."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.commands.bulk_command import bulk_command
from cli.commands.steps.step_actions import PANEL, act_as_seen
from cli.framework.actor import actor_of, seen_step
from cli.framework.answers import tell
from cli.framework.command import command
from cli.framework.options import By, OrderId, Reason, StepName
from cli.framework.server_call import ask
from cli.framework.session import Session

To = Annotated[str, typer.Option("--to", metavar="NAME", help="Who gets it; empty: nobody, it is for all again.")]


def register(app: typer.Typer) -> None:
    bulk_command(app, "claim", PANEL)(claim)
    bulk_command(app, "assign", PANEL)(assign)
    command(app, "note", PANEL)(note)


def claim(session: Session, order_id: OrderId, step: StepName, reason: Reason = "", by: By = None) -> None:
    """Take a task, or a step in fallout, that nobody has."""
    seen = ask(session, lambda server: seen_step(server, order_id, step))
    act_as_seen(session, "claim", order_id, step, seen, None, actor_of(by, reason))


def assign(session: Session, order_id: OrderId, step: StepName, to: To, reason: Reason = "", by: By = None) -> None:
    """Hand a task, or a step in fallout, to somebody, whoever has it now."""
    seen = ask(session, lambda server: seen_step(server, order_id, step))
    act_as_seen(session, "assign", order_id, step, seen, {"to": to}, actor_of(by, reason))


def note(
    session: Session,
    order_id: OrderId,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What there is to say.")],
    step: Annotated[
        str | None, typer.Option(metavar="STEP", help="The step that it is about.", show_default=False)
    ] = None,
    by: By = None,
) -> None:
    """Leave a note in an order's history."""
    actor = actor_of(by, "")
    tell(session, order_id, ask(session, lambda server: server.note(order_id, text, actor, step)))
