"""Who did what, when, why and with which data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fastapi import Request

from console.pages.orders.order_tabs import OrderTab, choice, page_number
from console.presenting.order.heading import OrderHeading
from console.presenting.order.story import FILTERS, order_story
from console.services import Console
from operations.client import OrderClient
from operations.errors import OperationError
from workflows.contract.order_views import HistoryEntry

if TYPE_CHECKING:
    from workflows.contract.order_changes import AmendmentRecord


async def history_values(console: Console, request: Request, heading: OrderHeading) -> dict[str, Any]:
    history = await _read_history(console.orders, heading)
    amendments = await _read_amendments(console.orders, heading.order.order_id)
    step = request.query_params.get("step", "")
    story = order_story(history, amendments or (), choice(request, "show", [*FILTERS]), step, page_number(request))
    return {"story": story, "filters": FILTERS, "has_amendments": amendments is not None}


async def _read_history(orders: OrderClient, heading: OrderHeading) -> Sequence[HistoryEntry]:
    """Of an order of which only Temporal's record is known: what that has."""
    try:
        return (await orders.read_history(heading.order.order_id)).order.history
    except OperationError:
        return heading.order.history


async def _read_amendments(orders: OrderClient, order_id: str) -> Sequence[AmendmentRecord] | None:
    """None without a ledger, and if it does not answer."""
    if orders.ledger is None:
        return None
    try:
        return await orders.read_amendments(order_id)
    except OperationError:
        return None


HISTORY = OrderTab("history", "History", "order/history.html", history_values)
