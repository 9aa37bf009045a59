"""`list`: a page of orders, and how many there are in each state."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.framework.command import register_command
from cli.framework.server_call import call_server
from cli.framework.session import Session
from cli.user_input.value_parsing import parse_since
from workflows.contract.states import OrderState

if TYPE_CHECKING:
    from operations.client import OrderClient
    from operations.reading.list_orders import OrderFilter, OrderPage

PANEL = "Orders"


def register(app: typer.Typer) -> None:
    register_command(app, "list", PANEL)(list_orders)


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
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="List at most this many.")] = 100,
    cursor: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="Continue a list: the `next_cursor` of its JSON.", show_default=False),
    ] = None,
) -> None:
    """List open orders, newest first, then ended ones.

    Ended orders are sorted by the time of their end, last ended first.
    """
    from operations.reading.list_orders import OrderFilter

    criteria = OrderFilter(
        state=state,
        customer=customer,
        product=product,
        late=late,
        fallout=fallout,
        since=parse_since(since, datetime.now(UTC)),
        limit=limit,
    )
    page, counts = call_server(session, lambda server: _read_page(server, criteria, cursor))
    if session.is_json:
        from operations.responses import counted_order_list_response

        session.print_json(counted_order_list_response(page, counts))
    elif page.orders:
        from views.order.list_tables import orders_table, orders_total

        session.print(orders_table(page.orders))
        session.print_note(orders_total(page, counts))
    elif criteria == OrderFilter(limit=limit):
        session.print("There are no orders yet. `start orders/home_security.yaml` submits one.")
    else:
        session.print("No order fits. (A change may take a second until it is listed.)")


async def _read_page(
    server: OrderClient, criteria: OrderFilter, cursor: str | None
) -> tuple[OrderPage, dict[OrderState, int]]:
    return await asyncio.gather(server.list_orders(criteria, cursor), server.count_orders(criteria))
