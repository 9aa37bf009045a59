"""`retry`, `skip` and `complete`: a person resolves a step."""

from __future__ import annotations

import getpass
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from cli.asking import ask
from cli.command import command
from cli.forms import filled_in
from cli.reading import OrderId
from cli.session import Session
from cli.values import data_of

if TYPE_CHECKING:
    from operations import Orders
    from operations.acting import ActName
    from workflows.messages import Actor, StepView

PANEL = "What waits for a person"

StepName = Annotated[str, typer.Argument(metavar="STEP", help="The step's id, or its number in `show`.")]
Reason = Annotated[str, typer.Option(metavar="TEXT", help="Why; kept with the order.")]
By = Annotated[str | None, typer.Option(metavar="NAME", help="Who; default: the login.", show_default=False)]
DATA_HELP = "NAME=VALUE (repeat it), @FILE.json, or a JSON object"


def register(app: typer.Typer) -> None:
    command(app, "retry", PANEL)(retry)
    command(app, "skip", PANEL)(skip)
    command(app, "complete", PANEL)(complete)


def retry(
    session: Session,
    order_id: OrderId,
    step: StepName,
    data: Annotated[
        list[str] | None, typer.Option(metavar="DATA", help=f"Changed input: {DATA_HELP}.", show_default=False)
    ] = None,
    reason: Reason = "",
    by: By = None,
) -> None:
    """Try a step in fallout again, once its cause is mended."""
    _act(session, "retry", order_id, step, data, actor_of(by, reason))


def skip(
    session: Session,
    order_id: OrderId,
    step: StepName,
    data: Annotated[
        list[str] | None,
        typer.Option(metavar="DATA", help=f"The output that later steps need: {DATA_HELP}.", show_default=False),
    ] = None,
    reason: Reason = "",
    by: By = None,
) -> None:
    """Leave a step out; what waits for it goes on."""
    _act(session, "skip", order_id, step, data, actor_of(by, reason))


def complete(
    session: Session,
    order_id: OrderId,
    step: StepName,
    data: Annotated[
        list[str] | None,
        typer.Option(metavar="DATA", help=f"What its form asks for, or its output: {DATA_HELP}.", show_default=False),
    ] = None,
    reason: Reason = "",
    by: By = None,
) -> None:
    """End a person's task, or a step in fallout, with data.

    In a terminal, a task's form is asked for where no data is given.
    """
    _act(session, "complete", order_id, step, data, actor_of(by, reason))


def actor_of(by: str | None, reason: str) -> Actor:
    """Who acts. Raises WrongUsage where nobody is named and the login is not known."""
    from cli.failures import WrongUsage
    from workflows.messages import Actor

    if by is None:
        try:
            by = getpass.getuser()
        except (OSError, KeyError) as error:
            raise WrongUsage("Your login is not known here: say who you are with --by NAME") from error
    return Actor(by=by, reason=reason)


def _act(session: Session, act: ActName, order_id: str, step: str, given: list[str] | None, actor: Actor) -> None:
    from operations.acting import StepCommand
    from operations.json_shapes import act_json

    data_of(given or [])  # a mistake in it is told before a server is asked
    seen = ask(session, lambda server: seen_step(server, order_id, step))
    data = data_of(given or [], seen.form if seen else None)
    if act == "complete" and data is None and seen is not None and seen.form and _can_ask(session):
        data = filled_in(session, seen.form)
    command = StepCommand(
        act,
        order_id,
        seen.id if seen else step,
        actor,
        data=data,
        expected=seen.state if seen else None,
    )
    answer = ask(session, lambda server: server.act(command))
    if session.json:
        session.document(act_json(order_id, answer))
    else:
        session.show(answer.message)


def _can_ask(session: Session) -> bool:
    return session.terminal and not session.json and sys.stdin.isatty()


async def seen_step(server: Orders, order_id: str, wanted: str) -> StepView | None:
    """The step as a person sees it now, so that an act on what has changed meanwhile is refused; None: none such."""
    from operations.errors import NotFound

    offset: int | None = int(wanted) - 1 if wanted.isdecimal() and int(wanted) > 0 else 0
    limit = 1 if wanted.isdecimal() else 500
    try:
        while offset is not None:
            page = await server.steps_page(order_id, offset=offset, limit=limit)
            for step in page.steps:
                if wanted in (step.id, str(step.number)):
                    return step
            offset = None if wanted.isdecimal() else page.next_offset
    except NotFound:
        return None
    return None
