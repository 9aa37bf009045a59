"""The Plan tab: the page around the plan, and the plan as a table."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import UTC, datetime

from fastapi import Request

from console.pages.orders.order_reading import read_all_steps
from console.pages.orders.order_tabs import OrderTab, page_number
from console.plan_reads import MarkedOrder
from console.presenting.order.heading import OrderHeading
from console.presenting.plan.page import PlanPage
from console.presenting.plan.table import plan_table
from console.services import Console
from operations.reading.order_details import OrderDetails

REFRESH_HEADER = "x-refresh"
"""Of scripts that ask for a page again, to show what has changed around the plan."""
MAX_INLINE_STEPS = 500
"""A browser without scripts gets the table of so many steps at once. That of a larger order is a page of its own, so
that nobody else waits for its steps to be read."""


def begin_plan(console: Console, request: Request, order_id: str) -> Awaitable[OrderDetails] | None:
    """While the page is made and its scripts start, the steps that they ask for are read."""
    if request.query_params.get("as") == "table" or REFRESH_HEADER in request.headers:
        return None
    return _overview(console.plans.begin(order_id))


async def _overview(begun: Awaitable[MarkedOrder]) -> OrderDetails:
    return (await begun).details


async def plan_values(console: Console, request: Request, heading: OrderHeading) -> dict[str, object]:
    is_table = request.query_params.get("as") == "table"
    is_refresh = REFRESH_HEADER in request.headers  # by a script, which has no use for the table
    table = None
    if is_table or (heading.order.step_count <= MAX_INLINE_STEPS and not is_refresh):
        steps = await read_all_steps(console.orders, heading)
        table = plan_table(steps, datetime.now(UTC), page_number(request))
    return {"plan": PlanPage(heading.url), "table": table, "is_table": is_table}


PLAN = OrderTab("plan", "Plan", "order/plan.html", plan_values, begin_plan, redraws_itself=True)
