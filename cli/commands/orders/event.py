"""`event` and `set`: an order is told what happened, or what has changed."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.framework.actor import actor_of
from cli.framework.command import command
from cli.framework.errors import WrongUsage
from cli.framework.options import DATA_HELP, By, OrderId, Reason
from cli.framework.server_call import ask
from cli.framework.session import Session
from cli.user_input.value_parsing import data_of, pairs_of

if TYPE_CHECKING:
    from operations.client import Orders
    from operations.events.deliver_events import Delivered
    from workflows.contract.order_messages import EventDelivery

PANEL = "Orders"


def register(app: typer.Typer) -> None:
    command(app, "event", PANEL)(event)
    command(app, "set", PANEL)(set_)


def event(
    session: Session,
    order_id: OrderId,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The event's name.")],
    key: Annotated[
        str | None, typer.Option(metavar="KEY", help="The key by which a step knows it.", show_default=False)
    ] = None,
    data: Annotated[
        list[str] | None, typer.Option(metavar="DATA", help=f"What it says: {DATA_HELP}.", show_default=False)
    ] = None,
    event_id: Annotated[
        str | None, typer.Option(metavar="ID", help="The same id counts once; default: a new one.", show_default=False)
    ] = None,
    step: Annotated[
        str | None,
        typer.Option(metavar="STEP", help="The step that it is for, where it fits several.", show_default=False),
    ] = None,
) -> None:
    """Deliver an event to an order.

    One that comes before its step, or before its order, is kept until then.
    """
    from operations.json_views import plain
    from workflows.contract.order_messages import EventDelivery

    delivery = EventDelivery(
        event_id=event_id or f"cli:{uuid.uuid4()}",
        name=name,
        key=key,
        payload=data_of(data or []),
        step=step,
        at=datetime.now(UTC),
    )
    delivered, is_there = ask(session, lambda server: _delivered(server, order_id, delivery))
    if session.json:
        session.document(plain(delivered) | {"order_id": order_id, "event_id": delivery.event_id})
    elif is_there:
        session.show(_outcome(delivered, order_id, name))
    else:
        session.show(f"There is no order {order_id} yet: event {name} is kept until it comes.")


async def _delivered(server: Orders, order_id: str, delivery: EventDelivery) -> tuple[Delivered, bool]:
    """What became of it, and whether the order is there: a slip in its id must not look like success."""
    from operations.errors import NotFound

    delivered = await server.event(order_id, delivery)
    if delivered.status == "kept":
        try:
            await server.read(order_id, steps=False)
        except NotFound:
            return delivered, False
    return delivered, True


def _outcome(delivered: Delivered, order_id: str, name: str) -> str:
    step = f" {delivered.step}" if delivered.step else ""
    said = {
        "completed": f"Event {name} completed step{step} of order {order_id}.",
        "delivered": f"Event {name} was handed to order {order_id}.",
        "kept": f"Event {name} is kept: nothing in order {order_id} waits for it yet.",
        "duplicate": f"Event {name} with this id had come before; it counts once.",
        "late": f"Event {name} came late: step{step} of order {order_id} is done without it.",
    }
    return said[delivered.status]


def set_(
    session: Session,
    order_id: OrderId,
    pairs: Annotated[list[str], typer.Argument(metavar="NAME=VALUE", help="Characteristics.")],
    reason: Reason = "",
    by: By = None,
) -> None:
    """Set characteristics that an order's conditions read."""
    from operations.json_views import act_json

    values = pairs_of(pairs)
    if not values:
        raise WrongUsage("Say what to set: NAME=VALUE")
    actor = actor_of(by, reason)
    answer = ask(session, lambda server: server.set(order_id, values, actor))
    if session.json:
        session.document(act_json(order_id, answer))
    else:
        session.show(answer.message)
