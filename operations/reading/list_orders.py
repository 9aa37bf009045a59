"""List and count orders. Temporal's visibility store filters and sorts, so the cost depends on the page and not on the
number of orders."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from temporalio.client import Client
from temporalio.service import RPCError

from ledger.reading.filters.order_filter import OrderFilter
from operations.errors import is_workflow_not_found, server_call
from operations.reading.order_summary import order_summary
from operations.reading.provenance import VISIBILITY, Provenance
from operations.temporal.connection import server_address
from operations.temporal.cursor import decode_cursor, encode_cursor
from operations.temporal.visibility import quote_literal, time_literal
from workflows.contract.order_messages import ANY_QUEUE, ORDER_WORKFLOW_TYPE, SearchAttributes
from workflows.contract.order_summary import OrderSummary
from workflows.contract.states import Jeopardy, OrderState

if TYPE_CHECKING:
    from ledger.reading.order_lists.archived_matches import ArchivedMatches

MAX_PAGE_SIZE = 1_000
"""How many executions the server returns at once. It cuts larger pages (frontend.visibilityMaxPageSize)."""
MAX_CONCURRENT_READS = 16
"""Page size for records of orders that were ended from outside."""
NO_LIMIT = 1_000_000_000
"""A limit that admits all orders that a bulk action may select."""


@dataclass(frozen=True)
class OrderPage:
    orders: list[OrderSummary]
    """Open orders first, newest first; then ended orders by the time of their end, latest first."""
    next_cursor: str | None
    """Continues the list after this page. None on the last page."""
    total: int | None = None
    """Orders on all pages. None: not counted. If `total_is_exact` is false, there are more."""
    total_is_exact: bool = True
    counts: dict[OrderState, int] | None = None
    """By state, if the total is exact. None: not counted."""
    provenance: Provenance = VISIBILITY
    archived: ArchivedMatches | None = None
    """If no order fits: archived orders that do, as far as the ledger knows."""


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
    if criteria.catalogue_version is not None:
        terms.append(f"{names.CATALOGUE_VERSION} = {quote_literal(criteria.catalogue_version)}")
    if criteria.late:
        terms.append(f"{names.JEOPARDY} = {quote_literal(Jeopardy.LATE.value)}")
    if criteria.fallout:
        terms.append(_fallout_term(running=criteria.only_running or criteria.interrupted))
    if criteria.open_tasks:
        terms.append(f"{names.OPEN_TASKS} > 0")
    if criteria.queue is not None:
        shown = (f"{names.QUEUES} = {quote_literal(queue)}" for queue in (criteria.queue, ANY_QUEUE))
        terms.append(_any_of([*shown, f"{names.QUEUES} IS NULL"]))
    if criteria.interrupted:
        terms.append(_INTERRUPTED_TERM)
    elif criteria.only_running:
        terms.append("ExecutionStatus = 'Running'")
    if criteria.jeopardy:
        terms.append(_any_of([f"{names.JEOPARDY} = {quote_literal(each.value)}" for each in criteria.jeopardy]))
    for attribute, since, until in (
        ("StartTime", criteria.since, criteria.until),
        ("CloseTime", criteria.ended_since, criteria.ended_until),
        (names.REQUESTED_COMPLETION, criteria.requested_since, criteria.requested_until),
    ):
        terms += [f"{attribute} >= {time_literal(since)}"] if since else []
        terms += [f"{attribute} < {time_literal(until)}"] if until else []
    return " AND ".join(terms)


def _any_of(terms: Sequence[str]) -> str:
    return terms[0] if len(terms) == 1 else "(" + " OR ".join(f"({term})" for term in terms) + ")"


_ENGINE_FAILED = (
    f"ExecutionStatus = 'Failed' AND {SearchAttributes.ORDER_STATE} != {quote_literal(OrderState.REJECTED.value)}"
)
_INTERRUPTED_TERM = f"(ExecutionStatus IN ('Terminated', 'TimedOut') OR ({_ENGINE_FAILED}))"
"""Matches what `interruption_kind` finds."""


def _fallout_term(*, running: bool) -> str:
    """Orders in fallout. An order that was ended from outside also waits for a person, so it counts unless only running
    orders are wanted."""
    in_fallout = f"{SearchAttributes.FALLOUT_COUNT} > 0"
    return in_fallout if running else f"(({in_fallout} AND ExecutionStatus = 'Running') OR {_INTERRUPTED_TERM})"


def _state_term(state: OrderState) -> str:
    """Matches the state that `order_state` shows, even if an order reported no state or was ended from outside."""
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
            return f"({reported} OR {_INTERRUPTED_TERM})"
        case _:
            return f"{reported} AND ExecutionStatus IN ('Running', 'Completed')"


async def list_orders(client: Client, criteria: OrderFilter, cursor: str | None = None) -> OrderPage:
    """Up to `criteria.limit` orders that match, in the server's own order. Open orders come first, the newest first.
    Ended orders follow, the last ended first. If an order has several revisions, a page shows only the latest. A run
    that was ended from outside is left out if a later run has taken its place.

    Makes one call for each 1,000 orders. Makes one more if earlier revisions left room on the page. Raises
    OperationRefused for a cursor that no page returned.
    """
    latest: dict[str, OrderSummary] = {}
    executions = client.list_workflows(visibility_query(criteria), next_page_token=decode_cursor(cursor))
    while len(latest) < criteria.limit and (executions.next_page_token or executions.current_page is None):
        async with server_call("list of orders", server_address(client)):
            await executions.fetch_next_page(page_size=min(criteria.limit - len(latest), MAX_PAGE_SIZE))
        found = [order_summary(execution) for execution in executions.current_page or ()]
        superseded = await superseded_runs(client, found)
        for summary in found:
            if summary.run_id not in superseded:
                latest.setdefault(summary.order_id, summary)  # an earlier revision ended before the later one began
    return OrderPage(list(latest.values()), encode_cursor(executions.next_page_token))


async def count_matching(client: Client, criteria: OrderFilter) -> int:
    """How many orders match, on all pages. Each revision of an order counts."""
    async with server_call("count of orders", server_address(client)):
        return (await client.count_workflows(visibility_query(criteria))).count


async def count_orders(client: Client, criteria: OrderFilter) -> dict[OrderState, int]:
    """How many orders match, for each state that has any. Makes one count query for each state, or for each of
    `criteria.states`. Each revision of an order counts. A run that was ended from outside does not count if the order
    has a later run."""
    states = list(dict.fromkeys(criteria.states or OrderState))
    in_state = [replace(criteria, states=(state,), running=criteria.only_running) for state in states]
    counts = await asyncio.gather(*(count_matching(client, each) for each in in_state))
    by_state = dict(zip(states, counts, strict=True))
    if by_state.get(OrderState.FAILED) and not criteria.only_running:
        by_state[OrderState.FAILED] -= await _count_superseded(client, criteria)
    return {state: count for state, count in by_state.items() if count}


async def _count_superseded(client: Client, criteria: OrderFilter) -> int:
    query = visibility_query(replace(criteria, states=(OrderState.FAILED,), interrupted=True))
    async with server_call("count of orders", server_address(client)):
        interrupted = [order_summary(each) async for each in client.list_workflows(query, limit=MAX_PAGE_SIZE)]
    return len(await superseded_runs(client, interrupted))


async def superseded_runs(client: Client, orders: Sequence[OrderSummary]) -> set[str]:
    """The ids of runs that were ended from outside, if the order has a later run: it was recovered, or submitted as a
    new revision. Makes one call for each run that was ended from outside."""
    limit = asyncio.Semaphore(MAX_CONCURRENT_READS)

    async def latest_run(order: OrderSummary) -> str:
        async with limit, server_call(f"Order {order.order_id}", server_address(client)):
            try:
                return (await client.get_workflow_handle(order.workflow_id).describe()).run_id
            except RPCError as error:
                if not is_workflow_not_found(error):
                    raise
                return order.run_id

    interrupted = [order for order in orders if order.interrupted]
    latest = await asyncio.gather(*map(latest_run, interrupted))
    return {order.run_id for order, run_id in zip(interrupted, latest, strict=True) if run_id != order.run_id}
