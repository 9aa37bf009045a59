"""`list`: a page of orders, and how many there are in each state."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.publishing.catalogue_in_force import note_refused_edits
from cli.framework.command import register_command
from cli.framework.freshness import note_search, note_source
from cli.framework.options import value_option
from cli.framework.server_call import call_server
from cli.framework.session import Session
from cli.user_input.order_filter_options import resolve_version, takes_order_filter
from cli.user_input.value_parsing import check_sort
from ledger.reading.filters.order_filter import OrderFilter
from ledger.reading.paging.sorting import OrderColumn, parse_order_sort

if TYPE_CHECKING:
    from operations.client import OrderClient
    from operations.reading.list_orders import OrderPage

PANEL = "Orders"
NOTE_TIMEOUT = 1.0
"""Seconds. Nobody waits longer for what is only a note."""


def register(app: typer.Typer) -> None:
    register_command(app, "list", PANEL)(takes_order_filter(list_orders))


def list_orders(
    session: Session,
    criteria: OrderFilter,
    sort: Annotated[
        str | None,
        value_option("COLUMN", f"Sort by {', '.join(OrderColumn)}; with :asc or :desc."),
    ] = None,
    count: Annotated[bool, typer.Option("--count", help="Only say how many fit, by state.")] = False,
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=10_000, help="List at most this many.")] = 100,
    cursor: Annotated[
        str | None, value_option("TEXT", "Continue a list: what its last line names, also `next_cursor` of its JSON.")
    ] = None,
) -> None:
    """List open orders, then ended ones.

    Open orders are sorted by their start, newest first; ended ones by their end, last ended first. The last line counts
    all orders that fit, by state. With a ledger, --sort sorts by a column.
    """
    check_sort(sort, parse_order_sort)
    criteria = replace(criteria, limit=1 if count else limit)
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
    _note_archived(session, page)
    note_source(session, page.provenance)


def _print_page(session: Session, page: OrderPage, criteria: OrderFilter, sort: str | None) -> None:
    if session.is_json:
        from operations.list_responses import counted_order_list_response

        session.print_json(counted_order_list_response(page))
        return
    if page.orders:
        from views.order.list_tables import orders_table, orders_total

        is_about_dates = "requested" in (sort or "") or criteria.requested_since or criteria.requested_until
        sorted_by = (sort or "").partition(":")[0].capitalize()
        keeps = (sorted_by, "Name") if criteria.search else (sorted_by,)
        session.print(orders_table(page.orders, shows_requested=bool(is_about_dates), keeps=keeps))
        session.print_note(orders_total(page))
    elif criteria == OrderFilter(limit=criteria.limit):
        session.print("There are no orders yet. `start orders/home_security.yaml` submits one.")
    else:
        hint = "" if page.provenance.source == "ledger" else " (A change is listed after about a second.)"
        session.print(f"No order fits.{hint}")
        if not _note_archived(session, page):
            note_search(session, criteria.search)
    note_source(session, page.provenance)


def _note_archived(session: Session, page: OrderPage) -> bool:
    """Returns whether there are archived orders that fit."""
    from views.order.list_tables import archived_note

    if page.archived is None or not page.archived.count:
        return False
    session.print_note(archived_note(page.archived))
    return True


async def _read_page(
    session: Session, server: OrderClient, criteria: OrderFilter, cursor: str | None, sort: str | None
) -> OrderPage:
    """With its counts by state, also where they are another question."""
    from operations.errors import OperationError

    criteria = await resolve_version(server, criteria)
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
