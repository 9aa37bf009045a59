"""`list`: a page of orders, and how many there are in each state."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.publishing.catalogue_in_force import note_refused_edits
from cli.framework.command import register_command
from cli.framework.options import value_option
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
    state: Annotated[list[OrderState] | None, value_option("STATE", "Only orders in this state (repeat it).")] = None,
    customer: Annotated[str | None, value_option("ID", "Only orders of this customer.")] = None,
    product: Annotated[str | None, value_option("ID", "Only orders with this commercial product.")] = None,
    catalogue_version: Annotated[
        str | None, value_option("VERSION", "Only orders on this version of the catalogue, named as in `versions`.")
    ] = None,
    late: Annotated[bool, typer.Option("--late", help="Only late orders; without --state, open ones.")] = False,
    fallout: Annotated[bool, typer.Option("--fallout", help="Only orders with a step in fallout.")] = False,
    since: Annotated[str | None, value_option("WHEN", "Only orders submitted since: 2026-12-01, 2h, 3d.")] = None,
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=10_000, help="List at most this many.")] = 100,
    cursor: Annotated[str | None, value_option("TEXT", "Continue a list: the `next_cursor` of its JSON.")] = None,
) -> None:
    """List open orders, then ended ones.

    Open orders are sorted by their start, newest first; ended ones by their end, last ended first. The last line counts
    all orders that fit, by state.
    """
    from operations.reading.list_orders import OrderFilter

    criteria = OrderFilter(
        states=tuple(state or ()),
        customer=customer,
        product=product,
        catalogue_version=catalogue_version,
        late=late,
        fallout=fallout,
        since=parse_since(since, datetime.now(UTC)),
        limit=limit,
    )
    page, counts = call_server(session, lambda server: _read_page(session, server, criteria, cursor))
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
        session.print("No order fits. (A change is listed after about a second.)")


async def _read_page(
    session: Session, server: OrderClient, criteria: OrderFilter, cursor: str | None
) -> tuple[OrderPage, dict[OrderState, int]]:
    if criteria.catalogue_version is not None:
        version = await server.find_catalogue_version(criteria.catalogue_version)
        criteria = replace(criteria, catalogue_version=version)
    found = await asyncio.gather(server.list_orders(criteria, cursor), server.count_orders(criteria))
    await note_refused_edits(session, server)
    return found
