"""`retry`, `skip`, `complete`, `proceed`: a person resolves a step, or with --all many of them."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.asking import ask
from cli.bulk import bulk_command, can_ask
from cli.forms import filled_in
from cli.reading import OrderId
from cli.session import Session
from cli.values import data_of

if TYPE_CHECKING:
    from operations.acting import ActName
    from operations.orders import Orders
    from workflows.contract.order_messages import ActAnswer, Actor
    from workflows.contract.order_views import StepView

PANEL = "What waits for a person"

StepName = Annotated[str, typer.Argument(metavar="STEP", help="The step's id, or its number in `show`.")]
Reason = Annotated[str, typer.Option(metavar="TEXT", help="Why; kept with the order.")]
By = Annotated[str | None, typer.Option(metavar="NAME", help="Who; default: the login.", show_default=False)]
DATA_HELP = "NAME=VALUE (repeat it), @FILE.json, or a JSON object"


def register(app: typer.Typer) -> None:
    bulk_command(app, "retry", PANEL)(retry)
    bulk_command(app, "skip", PANEL)(skip)
    bulk_command(app, "complete", PANEL)(complete)
    bulk_command(app, "proceed", PANEL)(proceed)


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
    act(session, "retry", order_id, step, data, actor_of(by, reason))


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
    act(session, "skip", order_id, step, data, actor_of(by, reason))


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
    act(session, "complete", order_id, step, data, actor_of(by, reason))


def proceed(session: Session, order_id: OrderId, step: StepName, reason: Reason = "", by: By = None) -> None:
    """Let a step go on without waiting for a step of another order."""
    act(session, "proceed", order_id, step, None, actor_of(by, reason))


def actor_of(by: str | None, reason: str) -> Actor:
    """Who acts. Raises WrongUsage where nobody is named and the login is not known."""
    from cli.failures import WrongUsage
    from workflows.contract.order_messages import Actor

    if by is None:
        try:
            by = getpass.getuser()
        except (OSError, KeyError) as error:
            raise WrongUsage("Your login is not known here: say who you are with --by NAME") from error
    return Actor(by=by, reason=reason)


def act(session: Session, name: ActName, order_id: str, step: str, given: list[str] | None, actor: Actor) -> None:
    """Does it to the step as it is found now, and says what came of it; `given`: what --data says."""
    data_of(given or [])  # a mistake in it is told before a server is asked
    seen = ask(session, lambda server: seen_step(server, order_id, step))
    form = form_of(seen)
    data = data_of(given or [], form)
    if name == "complete" and data is None and form and can_ask(session):
        data = filled_in(session, form)
    act_as_seen(session, name, order_id, step, seen, data, actor)


def form_of(seen: StepView | None) -> dict[str, Any] | None:
    """Of the task, or of what a person does to undo it."""
    if seen is None:
        return None
    return (seen.undo.form if seen.undo else None) or seen.form


def act_as_seen(
    session: Session,
    name: ActName,
    order_id: str,
    step: str,
    seen: StepView | None,
    data: dict[str, Any] | None,
    actor: Actor,
) -> None:
    """Refused where the step has changed since it was seen, or somebody else has taken it."""
    from operations.acting import StepCommand

    command = StepCommand(
        name,
        order_id,
        seen.id if seen else step,
        actor,
        data=data,
        expected=seen.state if seen else None,
        expected_holder=(seen.holder or "") if seen else None,
    )
    tell(session, order_id, ask(session, lambda server: server.act(command)))


def tell(session: Session, order_id: str, answer: ActAnswer) -> None:
    from operations.json_shapes import act_json

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
