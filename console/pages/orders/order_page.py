"""`/orders/{id}`: one order. `?view=` chooses the tab."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from console.access.guard import allowed
from console.pages.orders.history_tab import HISTORY
from console.pages.orders.lines_tab import LINES
from console.pages.orders.order_reading import read_heading
from console.pages.orders.order_tabs import OrderTab
from console.pages.orders.timeline_tab import TIMELINE
from console.pages.plan.plan_tab import PLAN
from console.presenting.order.heading import OrderHeading
from console.services import Console
from operations.access.permissions import READ_ORDER
from operations.errors import NotFound

ORDER_TABS: tuple[OrderTab, ...] = (LINES, PLAN, TIMELINE, HISTORY)
"""In their order on the page. The first one is shown unless the address names another."""
STEP_PAGE = "/orders/{order_id}/steps/{number}"


def order_page_routes(console: Console) -> APIRouter:
    routes = APIRouter(dependencies=[allowed(READ_ORDER)])

    @routes.get("/orders/{order_id}")
    async def show_order(request: Request, order_id: str) -> Response:
        since = await console.live.mark(f"order/{order_id}")
        view = request.query_params.get("view")
        wanted = next((each for each in ORDER_TABS if each.name == view), ORDER_TABS[0])
        begun = wanted.begin(console, request, order_id)
        try:
            heading = await read_heading(console.orders, begun or console.orders.read(order_id, steps=False))
        except NotFound:
            return console.render(request, "order/unknown.html", status=404, order_id=order_id)
        tabs = _tabs_of(heading)
        tab = next((each for each in tabs if each.name == view), tabs[0])
        return console.render(
            request,
            tab.template,
            heading=heading,
            tab=tab,
            tabs=tabs,
            since=since,
            links_steps=STEP_PAGE in console.pages,
            has_ledger=console.orders.ledger is not None,
            temporal_url=console.settings.temporal_page(order_id),
            **await tab.values(console, request, heading),
        )

    return routes


def _tabs_of(heading: OrderHeading) -> list[OrderTab]:
    """An order without a plan has only a history."""
    return [*ORDER_TABS] if heading.has_plan else [HISTORY]
