"""Who did what, when, why and with which data."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fastapi import Request

from console.pages.orders.order_tabs import OrderTab, choice, page_number
from console.presenting.order.heading import OrderHeading
from console.presenting.order.story import FILTERS, order_story
from console.services import Console
from ledger.reading.single_order.history_page import HistoryPage, HistoryRequest, history_page
from operations.client import OrderClient
from operations.errors import OperationError

if TYPE_CHECKING:
    from workflows.contract.order_changes import AmendmentRecord


async def history_values(console: Console, request: Request, heading: OrderHeading) -> dict[str, Any]:
    step = request.query_params.get("step", "")
    wanted = HistoryRequest(choice(request, "show", [*FILTERS]), step, page_number(request))
    shown, amendments = await asyncio.gather(
        _read_page(console.orders, heading, wanted), _read_amendments(console.orders, heading.order.order_id)
    )
    story = order_story(wanted, shown, amendments or ())
    return {"story": story, "filters": FILTERS, "has_amendments": amendments is not None}


async def _read_page(orders: OrderClient, heading: OrderHeading, wanted: HistoryRequest) -> HistoryPage:
    """Of an order of which only Temporal's record is known: what that has."""
    page = await orders.pages.history(heading.order, wanted)
    if page is not None:
        return page
    try:
        history = (await orders.read_history(heading.order.order_id)).order.history
    except OperationError:
        history = heading.order.history
    names = {step.id: step.summary or step.name for step in heading.steps or ()}
    return replace(history_page(history, wanted), step_names=names)


async def _read_amendments(orders: OrderClient, order_id: str) -> Sequence[AmendmentRecord] | None:
    """None without a ledger, and if it does not answer."""
    if orders.ledger is None:
        return None
    try:
        return await orders.read_amendments(order_id)
    except OperationError:
        return None


HISTORY = OrderTab("history", "History", "order/history.html", history_values)
