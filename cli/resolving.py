"""`retry`, `skip` and `complete`: a person resolves a step."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from cli.asking import ask
from cli.command import command
from cli.reading import OrderId
from cli.session import Session
from cli.values import data_of

if TYPE_CHECKING:
    from operations import Orders
    from operations.acting import ActName
    from workflows.messages import ActAnswer, Actor, StepView

PANEL = "Resolving steps"

StepName = Annotated[str, typer.Argument(metavar="STEP", help="The step's id, or its number in `show`.")]
Reason = Annotated[str, typer.Option(help="Why; kept with the order.")]
By = Annotated[str | None, typer.Option(help="Who; default: the login.", show_default=False)]
DATA_HELP = "NAME=VALUE (repeat it), @FILE.json, or a JSON object"


def register(app: typer.Typer) -> None:
    command(app, "retry", PANEL)(retry)
    command(app, "skip", PANEL)(skip)
    command(app, "complete", PANEL)(complete)


def retry(
    session: Session,
    order_id: OrderId,
    step: StepName,
    data: Annotated[list[str] | None, typer.Option(help=f"Changed input: {DATA_HELP}.", show_default=False)] = None,
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
        list[str] | None, typer.Option(help=f"The output that later steps need: {DATA_HELP}.", show_default=False)
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
        list[str] | None, typer.Option(help=f"What its form asks for, or its output: {DATA_HELP}.", show_default=False)
    ] = None,
    reason: Reason = "",
    by: By = None,
) -> None:
    """End a person's task, or a step in fallout, with data."""
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

    async def done(server: Orders) -> ActAnswer:
        seen = await seen_step(server, order_id, step)
        data = data_of(given or [], seen.form if seen else None)
        return await server.act(
            StepCommand(
                act,
                order_id,
                seen.id if seen else step,
                actor,
                data=data,
                expected=seen.state if seen else None,
            )
        )

    answer = ask(session, done)
    if session.json:
        session.document(act_json(order_id, answer))
    else:
        session.show(answer.message)


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
