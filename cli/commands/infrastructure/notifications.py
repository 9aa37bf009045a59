"""`notifications` and `resend`: what receivers have not been told yet, and sending it again."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.framework.command import register_command
from cli.framework.options import OrderIdArgument
from cli.framework.server_call import call_server
from cli.framework.session import Session

PANEL = "Notifications"

ReceiverOption = Annotated[str | None, typer.Option(metavar="NAME", help="Only this receiver.", show_default=False)]


def register(app: typer.Typer) -> None:
    register_command(app, "notifications", PANEL)(notifications)
    register_command(app, "resend", PANEL)(resend)


def notifications(
    session: Session,
    order_id: Annotated[
        str | None, typer.Argument(metavar="ID", help="An order's id; default: all orders.", show_default=False)
    ] = None,
    receiver: ReceiverOption = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="So many orders at most.")] = 100,
) -> None:
    """List events that receivers have not got.

    Of one order: everything that is not delivered yet. Over all orders: what was given up.
    """
    if order_id is None:
        _show_all_orders(session, receiver, limit)
    else:
        _show_one_order(session, order_id, receiver)


def _show_all_orders(session: Session, receiver: str | None, limit: int) -> None:
    from operations.responses import undelivered_response
    from views.infrastructure.notifications import notifications_table

    found = call_server(session, lambda server: server.list_undelivered(receiver, limit))
    if session.is_json:
        session.print_json(undelivered_response(found))
        return
    if found.outboxes:
        session.print(notifications_table(found.outboxes))
        session.print_note("`resend ID` sends those of an order again.")
    elif not found.unanswered_orders:
        session.print("Every receiver has got everything, or will be told again by itself.")
    if found.unanswered_orders:
        orders = ", ".join(found.unanswered_orders)
        session.print_note(f"No worker answered for {orders}: what was given up there cannot be told now.")


def _show_one_order(session: Session, order_id: str, receiver: str | None) -> None:
    from views.infrastructure.notifications import notifications_table
    from views.shared.value_format import pluralize

    view = call_server(session, lambda server: server.read_outbox(order_id))
    chosen = [each for each in view.undelivered if receiver in (None, each.receiver)]
    view = view.model_copy(update={"undelivered": chosen})
    if session.is_json:
        session.print_json(view)
        return
    if chosen:
        session.print(notifications_table([view]))
        session.print_note(f"`resend {order_id}` sends at once what was given up or waits.")
    else:
        session.print(f"Nothing of order {order_id} waits to be delivered.")
    if view.dropped:
        session.print_note(f"{pluralize(view.dropped, 'event')} more had to be dropped: too many, or too long ago.")


def resend(
    session: Session,
    order_id: OrderIdArgument,
    receiver: ReceiverOption = None,
    event: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Only this event; repeat it.", show_default=False)
    ] = None,
) -> None:
    """Send again what could not be delivered, in order.

    What waits for another attempt is tried at once.
    """
    from operations.responses import ResendResponse
    from views.shared.value_format import pluralize

    answer = call_server(session, lambda server: server.resend(order_id, receiver, event or None))
    if session.is_json:
        session.print_json(ResendResponse(order_id=order_id, events=answer.events))
    else:
        session.print(f"Sent on their way once more: {pluralize(answer.events, 'event')} of order {order_id}.")
