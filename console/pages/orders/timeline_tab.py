"""What ran when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from fastapi import Request

from console.pages.orders.order_reading import read_all_steps
from console.pages.orders.order_tabs import OrderTab, choice, page_number
from console.presenting.order.heading import OrderHeading
from console.presenting.order.timeline import Timeline, draw_timeline, order_timeline
from console.presenting.order.timeline_choice import FILTERS, TimelineRequest, choose_steps
from console.services import Console
from operations.client import OrderClient
from operations.errors import OperationError

if TYPE_CHECKING:
    from ledger.reading.single_order.attempts import StoredAttempt


async def timeline_values(console: Console, request: Request, heading: OrderHeading) -> dict[str, Any]:
    is_true = choice(request, "scale", ["short", "true"]) == "true"
    wanted = TimelineRequest(choice(request, "show", [*FILTERS]), page_number(request), is_true)
    now = datetime.now(UTC)
    timeline, has_attempts = await _read_page(console.orders, heading, wanted, now) or await _read_all(
        console.orders, heading, wanted, now
    )
    return {"timeline": timeline, "filters": FILTERS, "wanted": wanted, "has_attempts": has_attempts}


async def _read_page(
    orders: OrderClient, heading: OrderHeading, wanted: TimelineRequest, now: datetime
) -> tuple[Timeline | None, bool] | None:
    """Of a large order only the steps that the page shows. None: everything has been read, or has to be."""
    order = heading.order
    times = None if heading.steps is not None else await orders.pages.step_times(order)
    if times is None:
        return None
    chosen = choose_steps(times, wanted, order.started_at, order.ended_at or now)
    if chosen is None:
        return None, True
    found = await orders.pages.attempted_steps(order, chosen.numbers)
    return None if found is None else (draw_timeline(order, chosen, *found, wanted, now), True)


async def _read_all(
    orders: OrderClient, heading: OrderHeading, wanted: TimelineRequest, now: datetime
) -> tuple[Timeline | None, bool]:
    """The timeline, and whether single attempts are known."""
    steps = await read_all_steps(orders, heading)
    attempts = await _read_attempts(orders, heading.order.order_id)
    return order_timeline(heading.order, steps, attempts or (), wanted, now), attempts is not None


async def _read_attempts(orders: OrderClient, order_id: str) -> Sequence[StoredAttempt] | None:
    """None without a ledger, and if it does not answer: steps have their times all the same."""
    if orders.ledger is None:
        return None
    try:
        return await orders.read_attempts(order_id)
    except OperationError:
        return None


TIMELINE = OrderTab("timeline", "Timeline", "order/timeline.html", timeline_values)
