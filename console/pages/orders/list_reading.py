"""What the list of orders shows: a page of rows, and how many orders fit each of its filters."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from console.presenting.orders.list_page import count_text
from console.presenting.orders.order_query import OrderQuery, with_problem, with_version
from ledger.reading.filters.order_filter import OrderFilter
from ledger.reading.filters.work_filter import WorkFilter
from operations.client import OrderClient
from operations.errors import OperationError, OperationRefused
from operations.reading.list_orders import OrderPage
from workflows.contract.order_messages import RefusalCode
from workflows.contract.states import Jeopardy, OrderState

if TYPE_CHECKING:
    from ledger.reading.order_lists.row_details import RowDetails
    from ledger.reading.work_lists.work_groups import FalloutGroup, TaskGroup

NO_ORDERS = OrderPage([], None)


@dataclass(frozen=True)
class ListReading:
    query: OrderQuery
    """With the problems that only a search finds."""
    page: OrderPage = NO_ORDERS
    by_state: Mapping[OrderState, int] | None = None
    """Whatever `state` says. None: more orders fit than are counted."""
    attention: Mapping[str, str] = field(default_factory=dict)
    """By the key of ATTENTION, as text. Empty without a ledger."""
    details: Mapping[str, RowDetails] = field(default_factory=dict)
    """By order id. Empty without a ledger."""
    fallout_groups: Sequence[FalloutGroup] | None = None
    task_groups: Sequence[TaskGroup] | None = None


async def read_list(orders: OrderClient, query: OrderQuery) -> ListReading:
    """Raises OperationError if neither the ledger nor Temporal answers."""
    if query.problems:
        return ListReading(query)
    if query.grouping and orders.ledger is None:
        return ListReading(with_problem(query, "group", "Only a ledger counts groups, and none is configured here"))
    try:
        query = await _resolve_version(orders, query)
        page, counted = await asyncio.gather(
            orders.list_orders(query.criteria, query.cursor, query.sort_text), _count_attention(orders, query.criteria)
        )
    except OperationRefused as error:
        if error.code not in (RefusalCode.INVALID, RefusalCode.NOT_FOUND, RefusalCode.AMBIGUOUS):
            raise
        return ListReading(with_problem(query, _blamed(error), error.message))
    from_ledger = page.provenance.source == "ledger"
    by_state, details = await asyncio.gather(_count_states(orders, query, page), _details(orders, page))
    attention = _with_total(counted, query.criteria, page) if from_ledger else {}
    reading = ListReading(query, page, by_state, attention, details)
    return await _grouped(orders, reading) if from_ledger and query.grouping else reading


async def _resolve_version(orders: OrderClient, query: OrderQuery) -> OrderQuery:
    named = query.criteria.catalogue_version
    return query if named is None else with_version(query, await orders.find_catalogue_version(named))


def _blamed(error: OperationRefused) -> str:
    """The parameter that an error is about, as far as it says so."""
    if error.code in (RefusalCode.NOT_FOUND, RefusalCode.AMBIGUOUS):
        return "catalogue_version"
    return "cursor" if "cursor" in error.message else next(iter(error.data.get("needs", ())), "list")


async def _count_states(orders: OrderClient, query: OrderQuery, page: OrderPage) -> Mapping[OrderState, int] | None:
    if not query.criteria.states and page.total is not None:
        return page.counts if page.total_is_exact else None
    counts = await orders.count_orders(replace(query.criteria, states=()))
    return counts or ({} if page.total == 0 or orders.ledger is None else None)


async def _count_attention(orders: OrderClient, criteria: OrderFilter) -> dict[str, str]:
    """Of the orders that pass the other filters, but for those that the list itself shows. Empty without a ledger, and
    if it takes too long: the list is there all the same."""
    wanted = {key: each for key, each in _attention_filters(criteria).items() if each != criteria}
    if orders.ledger is not None:
        with suppress(OperationError):
            totals = await orders.ledger.ask(lambda reader: reader.count_each(wanted))
            return {key: count_text(total.count, is_exact=total.is_exact) for key, total in totals.items()}
    return {}


def _attention_filters(criteria: OrderFilter) -> dict[str, OrderFilter]:
    """By the key of ATTENTION."""
    base = replace(criteria, fallout=False, late=False, jeopardy=(), open_tasks=False)
    return {
        "fallout": replace(base, fallout=True),
        "late": replace(base, late=True),
        "at_risk": replace(base, jeopardy=(Jeopardy.AT_RISK,)),
        "tasks": replace(base, open_tasks=True),
    }


def _with_total(counted: Mapping[str, str], criteria: OrderFilter, page: OrderPage) -> dict[str, str]:
    """With the number of orders that the list itself shows."""
    shown = [key for key, each in _attention_filters(criteria).items() if each == criteria]
    return {**counted, **{key: count_text(page.total or 0, is_exact=page.total_is_exact) for key in shown}}


async def _details(orders: OrderClient, page: OrderPage) -> Mapping[str, RowDetails]:
    """Empty without a ledger, and if it takes too long: the list is there all the same."""
    if orders.ledger is None or page.provenance.source != "ledger" or not page.orders:
        return {}
    order_ids = [order.order_id for order in page.orders]
    with suppress(OperationError):
        return await orders.ledger.ask(lambda reader: reader.read_row_details(order_ids))
    return {}


async def _grouped(orders: OrderClient, reading: ListReading) -> ListReading:
    criteria = reading.query.criteria
    work = WorkFilter(
        queue=criteria.queue,
        holder=criteria.holder,
        system=criteria.system,
        code=criteria.code,
        customer=criteria.customer,
        product=criteria.product,
        search=criteria.search,
    )
    if reading.query.grouping == "cause":
        fallout, _ = await orders.group_fallout(work)
        return replace(reading, fallout_groups=fallout)
    tasks, _ = await orders.group_tasks(work)
    return replace(reading, task_groups=tasks)


async def find_exact(orders: OrderClient, order_id: str) -> str | None:
    """The id of the order that is called so. None: there is none, or nobody can say now."""
    try:
        return (await orders.read(order_id, steps=False)).order.order_id
    except OperationError:
        return None
