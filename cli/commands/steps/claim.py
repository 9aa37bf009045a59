"""`assign` and `note`: who holds a step that waits for a person, and what there is to say about it."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.commands.bulk_command import register_action, register_bulk_command
from cli.commands.steps.step_actions import PANEL, send_step_action
from cli.framework.actor import make_actor
from cli.framework.options import ByOption, OrderIdArgument, ReasonOption, StepArgument
from cli.framework.print_result import print_answer
from cli.framework.server_call import call_server
from cli.framework.session import Session
from workflows.contract import actions

AssigneeOption = Annotated[
    str, typer.Option("--to", metavar="NAME", help="Who gets it. An empty name returns it to its queue.")
]


def register(app: typer.Typer) -> None:
    register_bulk_command(app, actions.ASSIGN, PANEL)(assign)
    register_action(app, actions.NOTE, PANEL)(note)


def assign(
    session: Session,
    order_id: OrderIdArgument,
    step: StepArgument,
    to: AssigneeOption,
    reason: ReasonOption = "",
    by: ByOption = None,
) -> None:
    send_step_action(session, actions.ASSIGN, order_id, step, lambda _step: {"to": to}, make_actor(by, reason))


def note(
    session: Session,
    order_id: OrderIdArgument,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The note.")],
    step: Annotated[
        str | None, typer.Option(metavar="STEP", help="The step that it is about.", show_default=False)
    ] = None,
    by: ByOption = None,
) -> None:
    from workflows.contract.order_messages import NoteAction

    request = NoteAction(text=text, actor=make_actor(by, ""), step=step)
    print_answer(
        session, order_id, call_server(session, lambda server: server.perform_action(order_id, actions.NOTE, request))
    )
