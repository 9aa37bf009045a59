"""Who acts, on which step, and how the result of an action is reported."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from cli.framework.session import Session

if TYPE_CHECKING:
    from operations.client import Orders
    from workflows.contract.order_messages import ActAnswer, Actor
    from workflows.contract.order_views import StepView

StepName = Annotated[str, typer.Argument(metavar="STEP", help="The step's id, or its number in `show`.")]


Reason = Annotated[str, typer.Option(metavar="TEXT", help="Why; kept with the order.")]


By = Annotated[str | None, typer.Option(metavar="NAME", help="Who; default: the login.", show_default=False)]


def actor_of(by: str | None, reason: str) -> Actor:
    """Who acts. Raises WrongUsage where nobody is named and the login is not known."""
    from cli.framework.errors import WrongUsage
    from workflows.contract.order_messages import Actor

    if by is None:
        try:
            by = getpass.getuser()
        except (OSError, KeyError) as error:
            raise WrongUsage("Your login is not known here: say who you are with --by NAME") from error
    return Actor(by=by, reason=reason)


def tell(session: Session, order_id: str, answer: ActAnswer) -> None:
    from operations.json_views import act_json

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
