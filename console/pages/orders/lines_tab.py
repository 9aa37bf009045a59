"""Order lines beside the fulfilment lines that they became."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from fastapi import Request

from activity_contract.line_reasons import LineReason
from console.pages.orders.order_reading import read_all_steps
from console.pages.orders.order_tabs import OrderTab, choice, page_number
from console.presenting.order.causes import line_causes
from console.presenting.order.heading import OrderHeading
from console.presenting.order.line_groups import FILTERS, LinesRequest, lines_page
from console.services import Console
from operations.client import OrderClient
from operations.errors import OperationError


async def lines_values(console: Console, request: Request, heading: OrderHeading) -> dict[str, Any]:
    steps = await read_all_steps(console.orders, heading)
    reasons = await _read_reasons(console.orders, heading.order.order_id)
    wanted = LinesRequest(choice(request, "show", [*FILTERS]), page_number(request))
    page = lines_page(heading.order, steps, line_causes(reasons), wanted, datetime.now(UTC))
    return {"lines": page, "filters": FILTERS, "has_reasons": bool(reasons)}


async def _read_reasons(orders: OrderClient, order_id: str) -> Sequence[LineReason]:
    """Empty without a ledger, and if it does not answer: the lines are there all the same."""
    if orders.ledger is None:
        return ()
    try:
        return await orders.read_line_reasons(order_id)
    except OperationError:
        return ()


LINES = OrderTab("lines", "Lines", "order/lines.html", lines_values)
