"""Orders by what visibility knows of them: search attributes, status, times."""

from __future__ import annotations

import heapq
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from temporalio.client import Client, WorkflowExecution, WorkflowExecutionStatus

from operations.errors import OperationRefused, server_call
from operations.temporal.connection import server_address
from workflows.contract.order_messages import ORDER_WORKFLOW_TYPE, RefusalCode, SearchAttributes
from workflows.contract.states import Jeopardy, OrderState

ORDER_WORKFLOW_PREFIX = "order/"
MAX_SCANNED = 20_000
"""SQL visibility does not sort, so the newest are picked here; among so many at most."""


@dataclass(frozen=True)
class OrderFilter:
    """Which orders; what is None does not matter."""

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
class OrderSummary:
    """An order as Temporal's record has it, without asking a worker. Visibility lags about a second behind."""

    order_id: str
    workflow_id: str
    run_id: str
    state: OrderState
    jeopardy: Jeopardy
    fallout: int
    open_tasks: int
    customer_id: str | None
    products: list[str]
    catalogue_version: str | None
    requested_completion: datetime | None
    started_at: datetime
    ended_at: datetime | None


def quote_literal(value: str) -> str:
    """`value` as a literal of a visibility query, whatever it contains. Refused where no query can carry it."""
    if "\0" in value:
        raise OperationRefused(RefusalCode.INVALID, "A search cannot contain the character NUL")
    escaped = value.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def visibility_query(criteria: OrderFilter) -> str:
    """The visibility query for `wanted`. Runs that only continue as another one do not count."""
    names = SearchAttributes
    terms = [f"WorkflowType = {quote_literal(ORDER_WORKFLOW_TYPE)}", "ExecutionStatus != 'ContinuedAsNew'"]
    if criteria.state:
        terms.append(f"{names.ORDER_STATE} = {quote_literal(criteria.state.value)}")
    if criteria.customer is not None:
        terms.append(f"{names.CUSTOMER_ID} = {quote_literal(criteria.customer)}")
    if criteria.product is not None:
        terms.append(f"{names.PRODUCTS} = {quote_literal(criteria.product)}")
    if criteria.late:
        terms.append(f"{names.JEOPARDY} = {quote_literal(Jeopardy.LATE.value)}")
    if criteria.fallout:
        terms.append(f"{names.FALLOUT_COUNT} > 0 AND ExecutionStatus = 'Running'")
    if criteria.open_tasks:
        terms.append(f"{names.OPEN_TASKS} > 0 AND ExecutionStatus = 'Running'")
    if criteria.running:
        terms.append("ExecutionStatus = 'Running'")
    if criteria.since:
        terms.append(f"StartTime >= {quote_literal(_utc_literal(criteria.since))}")
    return " AND ".join(terms)


def _utc_literal(moment: datetime) -> str:
    try:
        return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    except OverflowError as error:
        raise OperationRefused(
            RefusalCode.INVALID, f"{moment.isoformat()} is not within the years 1 to 9999 in UTC"
        ) from error


async def list_orders(client: Client, criteria: OrderFilter) -> list[OrderSummary]:
    """The newest `wanted.limit` orders that fit, newest first; an order with several runs by its latest."""
    latest: dict[str, OrderSummary] = {}
    async with server_call("list of orders", server_address(client)):
        async for execution in _scan(client, visibility_query(criteria)):
            summary = order_summary(execution)
            known = latest.get(summary.order_id)
            if known is None or known.started_at < summary.started_at:
                latest[summary.order_id] = summary
    return heapq.nlargest(criteria.limit, latest.values(), key=lambda order: (order.started_at, order.order_id))


async def _scan(client: Client, query: str) -> AsyncIterator[WorkflowExecution]:
    async for execution in client.list_workflows(query, limit=MAX_SCANNED, page_size=1000):
        yield execution


STATE_BY_STATUS: Mapping[WorkflowExecutionStatus | None, OrderState] = {
    WorkflowExecutionStatus.COMPLETED: OrderState.COMPLETED,
    WorkflowExecutionStatus.FAILED: OrderState.REJECTED,
    WorkflowExecutionStatus.TERMINATED: OrderState.FAILED,
    WorkflowExecutionStatus.CANCELED: OrderState.CANCELLED,
    WorkflowExecutionStatus.TIMED_OUT: OrderState.FAILED,
}
"""Where the order could not say: no worker has taken it up yet, or someone ended it with Temporal's own tools."""

FORCED_END_STATUSES = {
    WorkflowExecutionStatus.TERMINATED,
    WorkflowExecutionStatus.CANCELED,
    WorkflowExecutionStatus.TIMED_OUT,
}


def order_state(execution: WorkflowExecution, reported_state: str | None) -> OrderState:
    """The order's own word, unless it has none or was ended without being asked."""
    if reported_state is None or execution.status in FORCED_END_STATUSES:
        return STATE_BY_STATUS.get(execution.status, OrderState.ACKNOWLEDGED)
    if execution.status is WorkflowExecutionStatus.FAILED and reported_state != OrderState.REJECTED:
        return OrderState.FAILED  # the engine could not go on with it; all else that fails has been rejected
    return OrderState(reported_state)


def order_summary(execution: WorkflowExecution) -> OrderSummary:
    names = SearchAttributes
    said: dict[str, Any] = {pair.key.name: pair.value for pair in execution.typed_search_attributes}
    return OrderSummary(
        order_id=execution.id.removeprefix(ORDER_WORKFLOW_PREFIX),
        workflow_id=execution.id,
        run_id=execution.run_id,
        state=order_state(execution, said.get(names.ORDER_STATE)),
        jeopardy=Jeopardy(said.get(names.JEOPARDY, Jeopardy.ON_TRACK)),
        fallout=int(said.get(names.FALLOUT_COUNT, 0)),
        open_tasks=int(said.get(names.OPEN_TASKS, 0)),
        customer_id=said.get(names.CUSTOMER_ID),
        products=list(said.get(names.PRODUCTS, [])),
        catalogue_version=said.get(names.CATALOGUE_VERSION),
        requested_completion=said.get(names.REQUESTED_COMPLETION),
        started_at=execution.start_time,
        ended_at=execution.close_time,
    )
