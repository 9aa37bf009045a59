"""`/orders`: the list of orders. All that it shows is in its address."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from starlette.responses import Response

from console.access.guard import allowed
from console.pages.orders.list_reading import ListReading, find_exact, read_list
from console.presenting.orders.list_page import (
    attention_counts,
    column_heads,
    field_groups,
    filter_chips,
    general_problems,
    kept_pairs,
    order_address,
    order_rows,
    state_counts,
    total_text,
)
from console.presenting.orders.order_query import GROUPINGS, PAGE_SIZES, OrderQuery, parse_order_query
from console.presenting.orders.saved_views import view_links
from console.services import Console
from operations.access.permissions import LIST_ORDERS
from workflows.contract.states import Jeopardy, OrderState


def order_list_routes(console: Console) -> APIRouter:
    routes = APIRouter(dependencies=[allowed(LIST_ORDERS)])

    @routes.get("/orders")
    async def list_orders(request: Request) -> Response:
        query = parse_order_query(request.query_params.multi_items(), datetime.now(UTC))
        if found := await _searched_order(console, query):
            return console.redirect(request, order_address(found))
        since = await console.live.mark("orders")
        reading = await read_list(console.orders, query)
        return _page(console, request, reading, since)

    return routes


async def _searched_order(console: Console, query: OrderQuery) -> str | None:
    """The order whose id is all that is searched for. Without a ledger, nothing else can be searched."""
    search = query.criteria.search
    only = {name for name, _ in query.pairs} == {"search"}
    if not search or not only or query.problems or "/" in search:
        return None
    return await find_exact(console.orders, search)


def _page(console: Console, request: Request, reading: ListReading, since: str) -> Response:
    query, page = reading.query, reading.page
    has_ledger = console.orders.ledger is not None
    return console.render(
        request,
        "orders/list.html",
        status=422 if query.problems else 200,
        query=query,
        page=page,
        rows=order_rows(page, reading.details, datetime.now(UTC)),
        heads=column_heads(query, has_ledger=has_ledger),
        views=view_links(query),
        states=state_counts(query, reading.by_state),
        attention=attention_counts(query, reading.attention),
        chips=filter_chips(query),
        fields=field_groups(query, has_ledger=has_ledger),
        kept=kept_pairs(query),
        problems=general_problems(query),
        total=total_text(page, query, reading.by_state),
        next_url=query.next_address(page.next_cursor, len(page.orders)) if page.next_cursor else "",
        first_url=query.address() if query.cursor else "",
        groupings=[(name, label, query.address(group=name)) for name, label in GROUPINGS.items()],
        ungrouped_url=query.address(group=None),
        sizes=[(size, query.address(size=str(size))) for size in PAGE_SIZES],
        fallout_groups=reading.fallout_groups,
        task_groups=reading.task_groups,
        has_ledger=has_ledger,
        since=since,
        order_states=[*OrderState],
        jeopardies=[*Jeopardy],
        can_submit="/submit" in console.pages,
        order_address=order_address,
    )
