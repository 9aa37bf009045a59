"""List and count orders. Visibility filters and sorts them, so the cost depends on the page, not on the number of
orders."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from temporalio.client import Client

from operations.errors import server_call
from operations.reading.order_summary import OrderSummary, order_summary
from operations.temporal.connection import server_address
from operations.temporal.cursor import decode_cursor, encode_cursor
from operations.temporal.visibility import quote_literal, time_literal
from workflows.contract.order_messages import ANY_QUEUE, ORDER_WORKFLOW_TYPE, SearchAttributes
from workflows.contract.states import Jeopardy, OrderState

MAX_PAGE_SIZE = 1_000
"""Executions that the server returns at once; it cuts larger pages (frontend.visibilityMaxPageSize)."""
NO_LIMIT = 1_000_000_000
"""As a limit: all orders that a bulk action may select."""


@dataclass(frozen=True)
class OrderFilter:
    """Which orders to list. None, False and empty do not restrict."""

    states: tuple[OrderState, ...] = ()
    """In one of these; empty: in any."""
    customer: str | None = None
    product: str | None = None
    late: bool = False
    """Late, and not ended; with `states`, also ended late."""
    fallout: bool = False
    open_tasks: bool = False
    queue: str | None = None
    """With `fallout` or `open_tasks`: orders with work in this queue, and those that do not show their queues."""
    since: datetime | None = None
    """Submitted then or later."""
    limit: int = 100
    running: bool = False

    @property
    def only_running(self) -> bool:
        return self.running or self.fallout or self.open_tasks or (self.late and not self.states)


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
    if criteria.states:
        terms.append(_any_of([_state_term(state) for state in dict.fromkeys(criteria.states)]))
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
    if criteria.queue is not None:
        shown = (f"{names.QUEUES} = {quote_literal(queue)}" for queue in (criteria.queue, ANY_QUEUE))
        terms.append(_any_of([*shown, f"{names.QUEUES} IS NULL"]))
    if criteria.only_running:
        terms.append("ExecutionStatus = 'Running'")
    if criteria.since:
        terms.append(f"StartTime >= {time_literal(criteria.since)}")
    return " AND ".join(terms)


def _any_of(terms: Sequence[str]) -> str:
    return terms[0] if len(terms) == 1 else "(" + " OR ".join(f"({term})" for term in terms) + ")"


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
    executions = client.list_workflows(visibility_query(criteria), next_page_token=decode_cursor(cursor))
    while len(latest) < criteria.limit and (executions.next_page_token or executions.current_page is None):
        async with server_call("list of orders", server_address(client)):
            await executions.fetch_next_page(page_size=min(criteria.limit - len(latest), MAX_PAGE_SIZE))
        for execution in executions.current_page or ():
            summary = order_summary(execution)
            latest.setdefault(summary.order_id, summary)  # an earlier revision ended before the later one began
    return OrderPage(list(latest.values()), encode_cursor(executions.next_page_token))


async def count_matching(client: Client, criteria: OrderFilter) -> int:
    """How many orders fit, on all pages. Each revision of an order counts."""
    async with server_call("count of orders", server_address(client)):
        return (await client.count_workflows(visibility_query(criteria))).count


async def count_orders(client: Client, criteria: OrderFilter) -> dict[OrderState, int]:
    """How many orders fit, for each state that has any. One count query for each state, or only for
    `criteria.states`. Each revision of an order counts."""
    states = list(dict.fromkeys(criteria.states or OrderState))
    in_state = [replace(criteria, states=(state,), running=criteria.only_running) for state in states]
    counts = await asyncio.gather(*(count_matching(client, each) for each in in_state))
    return {state: count for state, count in zip(states, counts, strict=True) if count}
