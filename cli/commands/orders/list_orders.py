"""`list`: a page of orders, and how many there are in each state."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.publishing.catalogue_in_force import note_refused_edits
from cli.framework.command import register_command
from cli.framework.freshness import note_source
from cli.framework.options import value_option
from cli.framework.server_call import call_server
from cli.framework.session import Session
from cli.user_input.value_parsing import check_sort, parse_since, parse_until
from ledger.reading.order_filter import OrderFilter
from ledger.reading.sorting import OrderColumn, parse_order_sort
from workflows.contract.states import Jeopardy, OrderState

if TYPE_CHECKING:
    from operations.client import OrderClient
    from operations.reading.list_orders import OrderPage

PANEL = "Orders"
NOTE_TIMEOUT = 1.0
"""Seconds. Nobody waits longer for what is only a note."""
DATES, PEOPLE = "By date", "By what waits for people"


def register(app: typer.Typer) -> None:
    register_command(app, "list", PANEL)(list_orders)


def list_orders(
    session: Session,
    state: Annotated[list[OrderState] | None, value_option("STATE", "Only orders in this state (repeat it).")] = None,
    customer: Annotated[str | None, value_option("ID", "Only orders of this customer.")] = None,
    product: Annotated[str | None, value_option("ID", "Only orders with this commercial product.")] = None,
    search: Annotated[
        str | None, value_option("TEXT", "Only orders whose ids and names have words that begin like these.")
    ] = None,
    external_id: Annotated[str | None, value_option("ID", "Only orders with a line of this id elsewhere.")] = None,
    system: Annotated[str | None, value_option("ID", "Only orders with a step that calls this system.")] = None,
    catalogue_version: Annotated[
        str | None, value_option("VERSION", "Only orders on this version of the catalogue, named as in `versions`.")
    ] = None,
    jeopardy: Annotated[
        list[Jeopardy] | None, value_option("JEOPARDY", "on_track, at_risk or late (repeat it).")
    ] = None,
    late: Annotated[bool, typer.Option("--late", help="Only late orders; without --state, open ones.")] = False,
    is_open: Annotated[bool, typer.Option("--open", help="Only orders that have not ended.")] = False,
    fallout: Annotated[
        bool, typer.Option("--fallout", help="Only orders with a step in fallout.", rich_help_panel=PEOPLE)
    ] = False,
    code: Annotated[
        str | None, value_option("CODE", "Only orders with a step in fallout with this error code.", PEOPLE)
    ] = None,
    queue: Annotated[str | None, value_option("NAME", "Only orders with work in this queue.", PEOPLE)] = None,
    holder: Annotated[
        str | None, value_option("NAME", "Only orders with a step that this person holds.", PEOPLE)
    ] = None,
    since: Annotated[
        str | None, value_option("WHEN", "Only orders submitted since: 2026-12-01, 2h, 3d.", DATES)
    ] = None,
    until: Annotated[str | None, value_option("WHEN", "Only orders submitted before.", DATES)] = None,
    ended_since: Annotated[str | None, value_option("WHEN", "Only orders that ended since.", DATES)] = None,
    ended_until: Annotated[str | None, value_option("WHEN", "Only orders that ended before.", DATES)] = None,
    requested_since: Annotated[
        str | None, value_option("WHEN", "Only orders wanted since then; 3d is in three days.", DATES)
    ] = None,
    requested_until: Annotated[str | None, value_option("WHEN", "Only orders wanted before then.", DATES)] = None,
    sort: Annotated[
        str | None,
        value_option("COLUMN", f"Sort by {', '.join(OrderColumn)}; with :asc or :desc."),
    ] = None,
    count: Annotated[bool, typer.Option("--count", help="Only say how many fit, by state.")] = False,
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=10_000, help="List at most this many.")] = 100,
    cursor: Annotated[str | None, value_option("TEXT", "Continue a list: the `next_cursor` of its JSON.")] = None,
) -> None:
    """List open orders, then ended ones.

    Open orders are sorted by their start, newest first; ended ones by their end, last ended first. The last line counts
    all orders that fit, by state. With a ledger, --sort sorts by a column.
    """
    check_sort(sort, parse_order_sort)
    now = datetime.now(UTC)
    criteria = OrderFilter(
        states=tuple(state or ()),
        customer=customer,
        product=product,
        search=search,
        external_id=external_id,
        system=system,
        catalogue_version=catalogue_version,
        jeopardy=tuple(jeopardy or ()),
        late=late,
        running=is_open,
        fallout=fallout,
        code=code,
        queue=queue,
        holder=holder,
        since=parse_since(since, now),
        until=parse_since(until, now, "--until"),
        ended_since=parse_since(ended_since, now, "--ended-since"),
        ended_until=parse_since(ended_until, now, "--ended-until"),
        requested_since=parse_until(requested_since, now, "--requested-since"),
        requested_until=parse_until(requested_until, now, "--requested-until"),
        limit=1 if count else limit,
    )
    page = call_server(session, lambda server: _read_page(session, server, criteria, cursor, sort))
    if count:
        _print_count(session, page)
    else:
        _print_page(session, page, criteria, sort)


def _print_count(session: Session, page: OrderPage) -> None:
    from operations.list_responses import order_count_response
    from views.order.list_tables import counts_table, orders_count

    if session.is_json:
        session.print_json(order_count_response(page))
        return
    if page.counts:
        session.print(counts_table(page.counts))
    session.print(orders_count(page))
    note_source(session, page.provenance)


def _print_page(session: Session, page: OrderPage, criteria: OrderFilter, sort: str | None) -> None:
    if session.is_json:
        from operations.list_responses import counted_order_list_response

        session.print_json(counted_order_list_response(page))
        return
    if page.orders:
        from views.order.list_tables import orders_table, orders_total

        is_about_dates = "requested" in (sort or "") or criteria.requested_since or criteria.requested_until
        session.print(orders_table(page.orders, shows_requested=bool(is_about_dates)))
        session.print_note(orders_total(page))
    elif criteria == OrderFilter(limit=criteria.limit):
        session.print("There are no orders yet. `start orders/home_security.yaml` submits one.")
    else:
        hint = "" if page.provenance.source == "ledger" else " (A change is listed after about a second.)"
        session.print(f"No order fits.{hint}")
    note_source(session, page.provenance)


async def _read_page(
    session: Session, server: OrderClient, criteria: OrderFilter, cursor: str | None, sort: str | None
) -> OrderPage:
    """With its counts by state, also where they are another question."""
    from operations.errors import OperationError

    if criteria.catalogue_version is not None:
        version = await server.find_catalogue_version(criteria.catalogue_version)
        criteria = replace(criteria, catalogue_version=version)
    if server.ledger is None:
        page, counts = await asyncio.gather(server.list_orders(criteria, cursor, sort), server.count_orders(criteria))
        page = replace(page, counts=counts, total=sum(counts.values()))
    else:
        page = await server.list_orders(criteria, cursor, sort)
        if page.counts is None:
            counts = await server.count_orders(criteria)
            page = replace(page, counts=counts, total=sum(counts.values()))
    with suppress(OperationError, TimeoutError):  # the list is there, and this is only a note
        async with asyncio.timeout(NOTE_TIMEOUT):
            await note_refused_edits(session, server)
    return page
