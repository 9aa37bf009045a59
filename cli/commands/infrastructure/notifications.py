"""`notifications` and `resend`: what receivers have not been told yet, and sending it again."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.framework.command import command
from cli.framework.options import OrderId
from cli.framework.server_call import ask
from cli.framework.session import Session

PANEL = "Notifications"

Receiver = Annotated[str | None, typer.Option(metavar="NAME", help="Only this receiver.", show_default=False)]


def register(app: typer.Typer) -> None:
    command(app, "notifications", PANEL)(notifications)
    command(app, "resend", PANEL)(resend)


def notifications(
    session: Session,
    order_id: Annotated[
        str | None, typer.Argument(metavar="ID", help="An order's id; default: all orders.", show_default=False)
    ] = None,
    receiver: Receiver = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="So many orders at most.")] = 100,
) -> None:
    """List events that receivers have not got.

    Of one order: everything that is not delivered yet. Over all orders: what was given up.
    """
    if order_id is None:
        _over_all_orders(session, receiver, limit)
    else:
        _of_one(session, order_id, receiver)


def _over_all_orders(session: Session, receiver: str | None, limit: int) -> None:
    from operations.json_views import notifications_json
    from views.infrastructure.notifications import notifications_table

    found = ask(session, lambda server: server.undelivered(receiver, limit))
    if session.json:
        session.document(notifications_json(found))
        return
    if found.found:
        session.show(notifications_table(found.found))
        session.remark("`resend ID` sends those of an order again.")
    elif not found.unanswered:
        session.show("Every receiver has got everything, or will be told again by itself.")
    if found.unanswered:
        orders = ", ".join(found.unanswered)
        session.remark(f"No worker answered for {orders}: what was given up there cannot be told now.")


def _of_one(session: Session, order_id: str, receiver: str | None) -> None:
    from operations.json_views import notifications_of_order_json
    from views.infrastructure.notifications import notifications_table
    from views.shared.value_format import counted

    view = ask(session, lambda server: server.undelivered_of(order_id))
    chosen = [each for each in view.undelivered if receiver in (None, each.receiver)]
    view = view.model_copy(update={"undelivered": chosen})
    if session.json:
        session.document(notifications_of_order_json(view))
        return
    if chosen:
        session.show(notifications_table([view]))
        session.remark(f"`resend {order_id}` sends at once what was given up or waits.")
    else:
        session.show(f"Nothing of order {order_id} waits to be delivered.")
    if view.dropped:
        session.remark(f"{counted(view.dropped, 'event')} more had to be dropped: too many, or too long ago.")


def resend(
    session: Session,
    order_id: OrderId,
    receiver: Receiver = None,
    event: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Only this event; repeat it.", show_default=False)
    ] = None,
) -> None:
    """Send again what could not be delivered, in order.

    What waits for another attempt is tried at once.
    """
    from operations.json_views import resend_json
    from views.shared.value_format import counted

    answer = ask(session, lambda server: server.resend(order_id, receiver, event or None))
    if session.json:
        session.document(resend_json(order_id, answer))
    else:
        session.show(f"Sent on their way once more: {counted(answer.events, 'event')} of order {order_id}.")
