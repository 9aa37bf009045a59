"""`list`, `show`, `watch` and `why`: what has become of orders."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.framework.command import register_command
from cli.framework.options import OrderIdArgument
from cli.framework.server_call import call_server
from cli.framework.session import Session
from cli.user_input.value_parsing import parse_since
from workflows.contract.states import OrderState

if TYPE_CHECKING:
    from operations.client import OrderClient

PANEL = "Orders"


def register(app: typer.Typer) -> None:
    register_command(app, "list", PANEL)(list_orders)
    register_command(app, "show", PANEL)(show)
    register_command(app, "watch", PANEL)(watch)
    register_command(app, "why", PANEL)(why)


def list_orders(
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
    from operations.json_views import order_list_json
    from operations.reading.list_orders import OrderFilter
    from views.order.listings import orders_table
    from views.shared.value_format import pluralize

    wanted = OrderFilter(
        state=state,
        customer=customer,
        product=product,
        late=late,
        fallout=fallout,
        since=parse_since(since, datetime.now(UTC)),
        limit=limit,
    )
    orders = call_server(session, lambda server: server.list_orders(wanted))
    if session.is_json:
        session.print_json(order_list_json(orders))
    elif orders:
        session.print(orders_table(orders))
        if len(orders) == limit:
            session.print_note(f"The newest {pluralize(limit, 'order')}; --limit shows more.")
    elif wanted == OrderFilter(limit=limit):
        session.print("There are no orders yet. `start orders/home_security.yaml` submits one.")
    else:
        session.print("No order fits. (A change may take a second until it is listed.)")


def show(session: Session, order_id: OrderIdArgument) -> None:
    """Show an order: lines, steps, states, times, errors."""
    from operations.json_views import order_json
    from views.order.details import render_order

    reading = call_server(session, lambda server: server.read(order_id))
    if session.is_json:
        session.print_json(order_json(reading))
    else:
        session.print(*render_order(reading))


def watch(session: Session, order_id: OrderIdArgument) -> None:
    """Follow an order live until it ends.

    With -o json: one document, as `show` gives it, once the order has ended.
    """
    from operations.json_views import order_json
    from views.order.follow import follow
    from views.order.progress import progress_heading

    async def follow_until_ended(server: OrderClient) -> None:
        if session.is_json:
            await server.wait_until_ended(order_id)
            session.print_json(order_json(await server.read(order_id)))
            return
        ended = await follow(server, order_id, session.console)
        if not session.is_terminal and not ended.steps:
            session.print(progress_heading(ended.order, ended.steps, datetime.now(UTC)))

    call_server(session, follow_until_ended)


def why(
    session: Session,
    order_id: OrderIdArgument,
    step: Annotated[
        str | None, typer.Argument(help="A step's id, or its number in `show`; default: the order.", show_default=False)
    ] = None,
) -> None:
    """Say what an order or a step waits for.

    Since when, whose move it is, and what would move it.
    """
    from operations.blockers.order_blockers import ended_sentence
    from operations.json_views import blockers_json
    from views.order.why import render_why

    reading, reasons = call_server(session, lambda server: server.find_blockers(order_id, step))
    about = reading.step(step) if step else None
    if session.is_json:
        session.print_json(blockers_json(reading, list(reasons), about))
    else:
        session.print(*render_why(reading, reasons, ended_sentence(reading.order, about)))
