"""`list`, `show`, `watch` and `why`: what has become of orders."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.framework.command import command
from cli.framework.options import OrderId
from cli.framework.server_call import ask
from cli.framework.session import Session
from cli.user_input.value_parsing import since_of
from workflows.contract.states import OrderState

if TYPE_CHECKING:
    from operations.client import Orders

PANEL = "Orders"


def register(app: typer.Typer) -> None:
    command(app, "list", PANEL)(list_)
    command(app, "show", PANEL)(show)
    command(app, "watch", PANEL)(watch)
    command(app, "why", PANEL)(why)


def list_(
    session: Session,
    state: Annotated[OrderState | None, typer.Option(help="Orders in this state.", show_default=False)] = None,
    customer: Annotated[
        str | None, typer.Option(metavar="ID", help="Orders of this customer.", show_default=False)
    ] = None,
    product: Annotated[
        str | None, typer.Option(metavar="ID", help="Orders of this commercial product.", show_default=False)
    ] = None,
    late: Annotated[bool, typer.Option("--late", help="Orders that are late.")] = False,
    fallout: Annotated[bool, typer.Option("--fallout", help="Orders with a step in fallout.")] = False,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="WHEN",
            help="Orders submitted since: a time (2026-12-01) or how long ago (2h, 3d).",
            show_default=False,
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="So many at most.")] = 100,
) -> None:
    """List orders, newest first."""
    from operations.json_views import orders_json
    from operations.reading.list_orders import OrderFilter
    from views.order.listings import orders_table
    from views.shared.value_format import counted

    wanted = OrderFilter(
        state=state,
        customer=customer,
        product=product,
        late=late,
        fallout=fallout,
        since=since_of(since, datetime.now(UTC)),
        limit=limit,
    )
    orders = ask(session, lambda server: server.list(wanted))
    if session.json:
        session.document(orders_json(orders))
    elif orders:
        session.show(orders_table(orders))
        if len(orders) == limit:
            session.remark(f"The newest {counted(limit, 'order')}; --limit shows more.")
    elif wanted == OrderFilter(limit=limit):
        session.show("There are no orders yet. `start orders/home_security.yaml` submits one.")
    else:
        session.show("No order fits. (A change may take a second until it is listed.)")


def show(session: Session, order_id: OrderId) -> None:
    """Show an order: lines, steps, states, times, errors."""
    from operations.json_views import order_json
    from views.order.details import order_view

    reading = ask(session, lambda server: server.read(order_id))
    if session.json:
        session.document(order_json(reading))
    else:
        session.show(*order_view(reading))


def watch(session: Session, order_id: OrderId) -> None:
    """Follow an order live until it ends.

    With -o json: one document, as `show` gives it, once the order has ended.
    """
    from operations.json_views import order_json
    from views.order.follow import follow
    from views.order.progress import heading

    async def watched(server: Orders) -> None:
        if session.json:
            await server.wait(order_id)
            session.document(order_json(await server.read(order_id)))
            return
        ended = await follow(server, order_id, session.console)
        if not session.terminal and not ended.steps:
            session.show(heading(ended.order, ended.steps, datetime.now(UTC)))

    ask(session, watched)


def why(
    session: Session,
    order_id: OrderId,
    step: Annotated[
        str | None, typer.Argument(help="A step's id, or its number in `show`; default: the order.", show_default=False)
    ] = None,
) -> None:
    """Say what an order or a step waits for.

    Since when, whose move it is, and what would move it.
    """
    from operations.blockers.order_blockers import ended_sentence
    from operations.json_views import reasons_json
    from views.order.why import reasons_view

    reading, reasons = ask(session, lambda server: server.why(order_id, step))
    about = reading.step(step) if step else None
    if session.json:
        session.document(reasons_json(reading, list(reasons), about))
    else:
        session.show(*reasons_view(reading, reasons, ended_sentence(reading.order, about)))
