"""`claim`, `assign` and `note`: who has what waits for a person, and what there is to say about it."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.commands.bulk_command import register_bulk_command
from cli.commands.steps.step_actions import PANEL, send_step_action
from cli.framework.actor import find_step, make_actor
from cli.framework.command import register_command
from cli.framework.options import ByOption, OrderIdArgument, ReasonOption, StepArgument
from cli.framework.print_result import print_answer
from cli.framework.server_call import call_server
from cli.framework.session import Session

AssigneeOption = Annotated[
    str, typer.Option("--to", metavar="NAME", help="Who gets it; empty: nobody, it is for all again.")
]


def register(app: typer.Typer) -> None:
    register_bulk_command(app, "claim", PANEL)(claim)
    register_bulk_command(app, "assign", PANEL)(assign)
    register_command(app, "note", PANEL)(note)


def claim(
    session: Session, order_id: OrderIdArgument, step: StepArgument, reason: ReasonOption = "", by: ByOption = None
) -> None:
    """Take a task, or a step in fallout, that nobody has."""
    seen = call_server(session, lambda server: find_step(server, order_id, step))
    send_step_action(session, "claim", order_id, step, seen, None, make_actor(by, reason))


def assign(
    session: Session,
    order_id: OrderIdArgument,
    step: StepArgument,
    to: AssigneeOption,
    reason: ReasonOption = "",
    by: ByOption = None,
) -> None:
    """Hand a task, or a step in fallout, to somebody, whoever has it now."""
    seen = call_server(session, lambda server: find_step(server, order_id, step))
    send_step_action(session, "assign", order_id, step, seen, {"to": to}, make_actor(by, reason))


def note(
    session: Session,
    order_id: OrderIdArgument,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What there is to say.")],
    step: Annotated[
        str | None, typer.Option(metavar="STEP", help="The step that it is about.", show_default=False)
    ] = None,
    by: ByOption = None,
) -> None:
    """Leave a note in an order's history."""
    actor = make_actor(by, "")
    print_answer(session, order_id, call_server(session, lambda server: server.add_note(order_id, text, actor, step)))
