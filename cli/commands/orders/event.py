"""`event` and `set`: deliver an event to an order, and set its characteristics."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.bulk_command import register_action
from cli.framework.actor import make_actor
from cli.framework.command import register_command
from cli.framework.errors import UsageError
from cli.framework.options import DATA_HELP, ByOption, OrderIdArgument, ReasonOption, value_option
from cli.framework.server_call import call_server
from cli.framework.session import Session
from cli.user_input.value_parsing import parse_data, parse_pairs
from workflows.contract import actions

if TYPE_CHECKING:
    from operations.client import OrderClient
    from operations.events.deliver_events import DeliveryResult
    from workflows.contract.order_messages import EventDelivery

PANEL = "Orders"


def register(app: typer.Typer) -> None:
    register_command(app, "event", PANEL)(send_event)
    register_action(app, actions.SET, PANEL)(set_characteristics)


def send_event(
    session: Session,
    order_id: OrderIdArgument,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The event's name.")],
    key: Annotated[str | None, value_option("KEY", "The key that the step waits for.")] = None,
    data: Annotated[list[str] | None, value_option("DATA", f"The event's data: {DATA_HELP}.")] = None,
    event_id: Annotated[str | None, value_option("ID", "The same id counts once. Default: a new id.")] = None,
    step: Annotated[str | None, value_option("STEP", "The step to deliver it to, where it fits several.")] = None,
) -> None:
    """Deliver an event to an order.

    An event that arrives before its step or its order is kept until then.
    """
    from workflows.contract.order_messages import EventDelivery

    delivery = EventDelivery(
        event_id=event_id or f"cli:{uuid.uuid4()}",
        name=name,
        key=key,
        payload=parse_data(data or []),
        step=step,
        at=datetime.now(UTC),
    )
    delivered, is_there = call_server(session, lambda server: _deliver(server, order_id, delivery))
    if session.is_json:
        session.print_json(
            {"status": delivered.status, "step": delivered.step, "order_id": order_id, "event_id": delivery.event_id}
        )
    elif is_there:
        session.print(_outcome_message(delivered, order_id, name))
    else:
        session.print(f"There is no order {order_id} yet: event {name} is kept until it is submitted.")


async def _deliver(server: OrderClient, order_id: str, delivery: EventDelivery) -> tuple[DeliveryResult, bool]:
    """The result, and whether the order exists: a typing error in its id must not look like success."""
    from operations.errors import NotFound

    delivered = await server.deliver_event(order_id, delivery)
    if delivered.status == "kept":
        try:
            await server.read(order_id, steps=False)
        except NotFound:
            return delivered, False
    return delivered, True


def _outcome_message(result: DeliveryResult, order_id: str, name: str) -> str:
    step = f" {result.step}" if result.step else ""
    messages = {
        "completed": f"Event {name} completed step{step} of order {order_id}.",
        "delivered": f"Event {name} was delivered to order {order_id}.",
        "kept": f"Event {name} is kept: nothing in order {order_id} waits for it yet.",
        "duplicate": f"Event {name} with this id arrived before; it counts once.",
        "late": f"Event {name} is late: step{step} of order {order_id} is done without it.",
    }
    return messages[result.status]


def set_characteristics(
    session: Session,
    order_id: OrderIdArgument,
    pairs: Annotated[list[str], typer.Argument(metavar="NAME=VALUE", help="Characteristics to set.")],
    reason: ReasonOption = "",
    by: ByOption = None,
) -> None:
    from operations.responses import action_response
    from workflows.contract.order_messages import SetCharacteristics

    values = parse_pairs(pairs)
    if not values:
        raise UsageError("Give at least one NAME=VALUE")
    request = SetCharacteristics(characteristics=values, actor=make_actor(by, reason))
    answer = call_server(session, lambda server: server.perform_action(order_id, actions.SET, request))
    if session.is_json:
        session.print_json(action_response(order_id, answer))
    else:
        session.print(answer.message)
