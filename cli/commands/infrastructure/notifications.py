"""`notifications` and `resend`: events that receivers have not got, and sending them again."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.framework.command import register_command
from cli.framework.options import OrderIdArgument, value_option
from cli.framework.server_call import call_server
from cli.framework.session import Session

PANEL = "Notifications"

ReceiverOption = Annotated[str | None, value_option("NAME", "Only this receiver.")]


def register(app: typer.Typer) -> None:
    register_command(app, "notifications", PANEL)(notifications)
    register_command(app, "resend", PANEL)(resend)


def notifications(
    session: Session,
    order_id: Annotated[
        str | None, typer.Argument(metavar="ID", help="An order's id. Default: all orders.", show_default=False)
    ] = None,
    receiver: ReceiverOption = None,
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=1_000, help="Read at most this many orders.")] = 100,
) -> None:
    """List events that receivers have not got.

    For one order, all undelivered events; over all orders, the events that were given up.
    """
    if order_id is None:
        _show_all_orders(session, receiver, limit)
    else:
        _show_one_order(session, order_id, receiver)


def _show_all_orders(session: Session, receiver: str | None, limit: int) -> None:
    from operations.responses import undelivered_response
    from views.infrastructure.notifications import notifications_table

    undelivered = call_server(session, lambda server: server.list_undelivered(receiver, limit))
    if session.is_json:
        session.print_json(undelivered_response(undelivered))
        return
    if undelivered.outboxes:
        session.print(notifications_table(undelivered.outboxes))
        session.print_note("`resend ID` sends an order's events again.")
    elif not undelivered.unanswered_orders:
        session.print("No event was given up: each is delivered, or will be tried again.")
    if undelivered.next_cursor is not None:
        session.print_note("There may be more: --limit reads more orders.")
    if undelivered.unanswered_orders:
        orders = ", ".join(undelivered.unanswered_orders)
        session.print_note(f"No worker answered for {orders}: their events are not listed.")


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
        session.print_note(f"`resend {order_id}` sends these events at once.")
    else:
        session.print(f"All events of order {order_id} are delivered.")
    if view.dropped:
        session.print_note(f"{pluralize(view.dropped, 'more event')} had to be dropped: too many, or too old.")


def resend(
    session: Session,
    order_id: OrderIdArgument,
    receiver: ReceiverOption = None,
    event: Annotated[list[str] | None, value_option("ID", "Only this event (repeat it).")] = None,
) -> None:
    """Send undelivered events again, in order.

    Events that wait for another attempt are tried at once.
    """
    from operations.responses import ResendResponse
    from views.shared.value_format import pluralize

    answer = call_server(session, lambda server: server.resend(order_id, receiver, event or None))
    session.print_result(
        ResendResponse(order_id=order_id, events=answer.events),
        f"Sending {pluralize(answer.events, 'event')} of order {order_id} again.",
    )
