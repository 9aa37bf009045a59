"""What ran when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from fastapi import Request

from console.pages.orders.order_reading import read_all_steps
from console.pages.orders.order_tabs import OrderTab, choice, page_number
from console.presenting.order.heading import OrderHeading
from console.presenting.order.timeline import FILTERS, TimelineRequest, order_timeline
from console.services import Console
from operations.client import OrderClient
from operations.errors import OperationError

if TYPE_CHECKING:
    from ledger.reading.attempts import StoredAttempt


async def timeline_values(console: Console, request: Request, heading: OrderHeading) -> dict[str, Any]:
    steps = await read_all_steps(console.orders, heading)
    attempts = await _read_attempts(console.orders, heading.order.order_id)
    wanted = TimelineRequest(
        choice(request, "show", [*FILTERS]), page_number(request), choice(request, "scale", ["short", "true"]) == "true"
    )
    timeline = order_timeline(heading.order, steps, attempts or (), wanted, datetime.now(UTC))
    return {"timeline": timeline, "filters": FILTERS, "wanted": wanted, "has_attempts": attempts is not None}


async def _read_attempts(orders: OrderClient, order_id: str) -> Sequence[StoredAttempt] | None:
    """None without a ledger, and if it does not answer: steps have their times all the same."""
    if orders.ledger is None:
        return None
    try:
        return await orders.read_attempts(order_id)
    except OperationError:
        return None


TIMELINE = OrderTab("timeline", "Timeline", "order/timeline.html", timeline_values)
