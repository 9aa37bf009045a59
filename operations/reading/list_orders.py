"""List and count orders. Visibility filters and sorts them, so the cost depends on the page, not on the number of
orders."""

from __future__ import annotations

import asyncio
import base64
import zlib
from dataclasses import dataclass, replace
from datetime import datetime

from temporalio.client import Client

from operations.errors import OperationRefused, server_call
from operations.reading.order_summary import OrderSummary, order_summary
from operations.temporal.connection import server_address
from operations.temporal.visibility import quote_literal, time_literal
from workflows.contract.order_messages import ORDER_WORKFLOW_TYPE, RefusalCode, SearchAttributes
from workflows.contract.states import Jeopardy, OrderState

MAX_PAGE_SIZE = 1_000
"""Executions that the server returns at once; it cuts larger pages (frontend.visibilityMaxPageSize)."""
CHECKSUM_BYTES = 4
NO_LIMIT = 20_000
"""As a limit: all orders that a bulk action may select."""


@dataclass(frozen=True)
class OrderFilter:
    """Which orders to list. None and False do not restrict."""

    state: OrderState | None = None
    customer: str | None = None
    product: str | None = None
    late: bool = False
    fallout: bool = False
    open_tasks: bool = False
    since: datetime | None = None
    """Submitted then or later."""
    limit: int = 100
    running: bool = False


@dataclass(frozen=True)
class OrderPage:
    orders: list[OrderSummary]
    """Open orders first, newest first; then ended orders by the time of their end, latest first."""
    next_cursor: str | None
    """Continues the list after this page; None after the last one."""


def visibility_query(criteria: OrderFilter) -> str:
    """The visibility query. A run that continues as new does not count: its successor does."""
    names = SearchAttributes
    terms = [f"WorkflowType = {quote_literal(ORDER_WORKFLOW_TYPE)}", "ExecutionStatus != 'ContinuedAsNew'"]
    if criteria.state:
        terms.append(_state_term(criteria.state))
    if criteria.customer is not None:
        terms.append(f"{names.CUSTOMER_ID} = {quote_literal(criteria.customer)}")
    if criteria.product is not None:
        terms.append(f"{names.PRODUCTS} = {quote_literal(criteria.product)}")
    if criteria.late:
        terms.append(f"{names.JEOPARDY} = {quote_literal(Jeopardy.LATE.value)}")
    if criteria.fallout:
        terms.append(f"{names.FALLOUT_COUNT} > 0")
    if criteria.open_tasks:
        terms.append(f"{names.OPEN_TASKS} > 0")
    if criteria.fallout or criteria.open_tasks or criteria.running:
        terms.append("ExecutionStatus = 'Running'")
    if criteria.since:
        terms.append(f"StartTime >= {time_literal(criteria.since)}")
    return " AND ".join(terms)


def _state_term(state: OrderState) -> str:
    """Matches what `order_state` shows, also for orders that reported no state or were ended from outside."""
    name = SearchAttributes.ORDER_STATE
    reported = f"{name} = {quote_literal(state.value)}"
    match state:
        case OrderState.ACKNOWLEDGED:
            return f"({reported} OR {name} IS NULL) AND ExecutionStatus = 'Running'"
        case OrderState.REJECTED:
            return f"({reported} OR {name} IS NULL) AND ExecutionStatus = 'Failed'"
        case OrderState.CANCELLED:
            return f"({reported} OR ExecutionStatus = 'Canceled')"
        case OrderState.FAILED:
            engine_failed = f"ExecutionStatus = 'Failed' AND {name} != {quote_literal(OrderState.REJECTED.value)}"
            return f"({reported} OR ExecutionStatus IN ('Terminated', 'TimedOut') OR ({engine_failed}))"
        case _:
            return f"{reported} AND ExecutionStatus IN ('Running', 'Completed')"


async def list_orders(client: Client, criteria: OrderFilter, cursor: str | None = None) -> OrderPage:
    """Up to `criteria.limit` orders that fit, in the server's own order: open ones first, newest first; then ended
    ones, last ended first. An order with several revisions appears once a page, by its latest.

    One call for each 1,000 orders, and one more only where earlier revisions left room. Raises OperationRefused for a
    cursor that no page returned.
    """
    latest: dict[str, OrderSummary] = {}
    executions = client.list_workflows(visibility_query(criteria), next_page_token=_decode_cursor(cursor))
    async with server_call("list of orders", server_address(client)):
        while len(latest) < criteria.limit and (executions.next_page_token or executions.current_page is None):
            await executions.fetch_next_page(page_size=min(criteria.limit - len(latest), MAX_PAGE_SIZE))
            for execution in executions.current_page or ():
                summary = order_summary(execution)
                latest.setdefault(summary.order_id, summary)  # an earlier revision ended before the later one began
    return OrderPage(list(latest.values()), _encode_cursor(executions.next_page_token))


def _encode_cursor(page_token: bytes | None) -> str | None:
    """The server's token with a checksum: the server answers a token that it does not know with an internal error."""
    if not page_token:
        return None
    return base64.urlsafe_b64encode(zlib.crc32(page_token).to_bytes(CHECKSUM_BYTES) + page_token).decode()


def _decode_cursor(cursor: str | None) -> bytes | None:
    if cursor is None:
        return None
    try:
        decoded = base64.urlsafe_b64decode(cursor)
    except ValueError:
        decoded = b""
    checksum, page_token = decoded[:CHECKSUM_BYTES], decoded[CHECKSUM_BYTES:]
    if not page_token or checksum != zlib.crc32(page_token).to_bytes(CHECKSUM_BYTES):
        raise OperationRefused(RefusalCode.INVALID, "The cursor is not one that a list of orders returned")
    return page_token


async def count_orders(client: Client, criteria: OrderFilter) -> dict[OrderState, int]:
    """How many orders fit, for each state that has any. One count query for each state, or only for
    `criteria.state`. Each revision of an order counts."""
    states = [criteria.state] if criteria.state else list(OrderState)
    async with server_call("count of orders", server_address(client)):
        counts = await asyncio.gather(
            *(client.count_workflows(visibility_query(replace(criteria, state=state))) for state in states)
        )
    return {state: found.count for state, found in zip(states, counts, strict=True) if found.count}
