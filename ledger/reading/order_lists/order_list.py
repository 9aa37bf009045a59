"""Lists of orders: a page, its total, and the counts by state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, select

from ledger.reading.filters.order_filter import OrderFilter
from ledger.reading.order_lists.order_search import OrderSearch, OrderTotal
from ledger.reading.paging.cursor import decode_cursor, encode_cursor, list_digest
from ledger.reading.paging.sorting import OrderColumn, Sort
from ledger.schema.tables import catalogue_versions, order_documents, orders
from ledger.schema.value_lists import IsOneOf
from workflows.contract.order_messages import order_workflow_id
from workflows.contract.order_summary import OrderSummary
from workflows.contract.order_views import InterruptionKind
from workflows.contract.states import Jeopardy, OrderState


@dataclass(frozen=True)
class OrderList:
    orders: list[OrderSummary]
    next_cursor: str | None
    total: OrderTotal


def read_order_list(
    connection: Connection, criteria: OrderFilter, sort: Sort[OrderColumn], cursor: str | None = None
) -> OrderList:
    """At most `criteria.limit` orders that fit, from behind the cursor. Raises InvalidSearch."""
    digest = list_digest("orders", replace(criteria, limit=0), str(sort))
    after = decode_cursor(cursor, digest)
    total, page = OrderSearch(connection, criteria).read(sort, after)
    following = encode_cursor(page.next, digest) if page.next else None
    return OrderList(read_summaries(connection, page.keys), following, total)


def count_orders(connection: Connection, criteria: OrderFilter) -> OrderTotal:
    """Raises InvalidSearch."""
    return OrderSearch(connection, criteria).total()


def read_summaries(connection: Connection, keys: Sequence[int]) -> list[OrderSummary]:
    """In the order of `keys`."""
    columns = (orders, order_documents.c.products, catalogue_versions.c.version)
    documents = orders.outerjoin(order_documents, order_documents.c.order_key == orders.c.key)
    source = documents.outerjoin(catalogue_versions, catalogue_versions.c.key == orders.c.catalogue_version_key)
    query = select(*columns).select_from(source).where(IsOneOf(orders.c.key, "keys"))
    by_key = {
        row.key: OrderSummary(
            order_id=row.order_id,
            workflow_id=order_workflow_id(row.order_id),
            run_id=row.run_id,
            state=OrderState(row.state),
            jeopardy=Jeopardy(row.jeopardy),
            fallout=row.fallout,
            open_tasks=row.open_tasks,
            customer_id=row.customer_id,
            customer_name=row.customer_name,
            products=list(row.products or ()),
            catalogue_version=row.version,
            requested_completion=row.requested_completion,
            started_at=row.started_at,
            ended_at=row.ended_at,
            interrupted=InterruptionKind(row.interrupted_kind) if row.interrupted_kind else None,
        )
        for row in connection.execute(query, {"keys": keys})
    }
    return [by_key[key] for key in keys if key in by_key]
