"""Reads one order for its page: no more of a large one than a page needs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

from console.presenting.order.heading import OrderHeading, order_heading
from operations.blockers.cross_order_blockers import trace_cross_order
from operations.blockers.order_blockers import Blocker, find_blockers
from operations.client import OrderClient
from operations.errors import OperationError
from operations.reading.order_details import OrderDetails
from workflows.contract.order_views import StepView
from workflows.contract.states import ENDED_ORDER_STATES, SETTLED, StepState

MAX_WHOLE = 1_000
"""Steps of an order that is always read whole."""
MAX_ACTIVE = 300
"""Steps under way that are read of a larger one, to say what it waits for."""
TRACE_SECONDS = 1.5
"""For what other orders wait for: a page does not wait longer."""
_ACTIVE = [state for state in StepState if state not in SETTLED and state is not StepState.PENDING]


async def read_heading(orders: OrderClient, overview: Awaitable[OrderDetails]) -> OrderHeading:
    """`overview`: the order without its steps. Raises NotFound, LedgerAway, ServerUnreachable."""
    details = await overview
    steps, is_whole = await _read_steps(orders, details)
    details = replace(details, steps=tuple(steps))
    heading = order_heading(details, await _blockers(orders, details), steps, datetime.now(UTC))
    return replace(heading, steps=steps if is_whole else None)


async def read_all_steps(orders: OrderClient, heading: OrderHeading) -> Sequence[StepView]:
    """Of a large order from the ledger, which is quicker, and at most about a second behind."""
    if heading.steps is not None:
        return heading.steps
    order_id = heading.order.order_id
    if orders.ledger is not None:
        with suppress(OperationError):
            stored = await orders.read(order_id, source="ledger")
            if len(stored.steps) == heading.order.step_count:
                return stored.steps
    return (await orders.read(order_id)).steps


async def _read_steps(orders: OrderClient, details: OrderDetails) -> tuple[Sequence[StepView], bool]:
    """The steps, and whether these are all."""
    order = details.order
    if details.source == "record" or not order.step_count:
        return (), True
    if order.step_count > MAX_WHOLE and order.state in ENDED_ORDER_STATES:
        return (), False
    if details.source == "ledger":
        return (await orders.read(order.order_id, source="ledger")).steps, True
    if order.step_count > MAX_WHOLE:
        page = await orders.read_steps_page(order.order_id, 0, MAX_ACTIVE, _ACTIVE)
        return page.steps, False
    steps: list[StepView] = []
    offset: int | None = 0
    while offset is not None:
        page = await orders.read_steps_page(order.order_id, offset)
        steps, offset = steps + page.steps, page.next_offset
    return steps, True


async def _blockers(orders: OrderClient, details: OrderDetails) -> Sequence[Blocker]:
    order = details.order
    if not details.steps and order.step_count and details.source != "record" and order.interrupted is None:
        return ()  # nothing of a large order is under way
    blockers = find_blockers(order, details.steps)
    with suppress(OperationError, TimeoutError):
        async with asyncio.timeout(TRACE_SECONDS):
            return await trace_cross_order(orders.read, details, blockers)
    return blockers
