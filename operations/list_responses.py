"""The JSON of lists: orders, and what waits for a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import MISSING, Field

from operations.reading.list_orders import OrderPage
from operations.reading.provenance import Provenance
from operations.reading.worklists import StepWorklist
from operations.responses import NEXT_CURSOR, OrderReference, Response, SourcedResponse, source_fields
from workflows.contract.order_views import InterruptionKind
from workflows.contract.states import Jeopardy, OrderState
from workflows.contract.worklists import WorklistItem

if TYPE_CHECKING:
    from ledger.reading.work_lists.work_groups import FalloutGroup, TaskGroup


class OrderSummaryResponse(OrderReference):
    state: OrderState
    jeopardy: Jeopardy
    fallout: int = Field(description="Steps in fallout")
    open_tasks: int
    customer_id: str | None
    products: list[str]
    started_at: datetime
    ended_at: datetime | None
    customer_name: str | None = Field(None, description="Null without a ledger")
    requested_completion: datetime | None = None
    interrupted: InterruptionKind | None = Field(
        None,
        exclude_if=lambda kind: kind is None,
        description="How the order was ended from outside; once recovered, it continues. Absent if it was not",
    )


ORDER_COUNT: Any = Field(
    description="Orders on all pages; with `queue`, also some that may have no such step in this queue"
)


TOTAL: Any = Field(MISSING, description="On all pages. Absent if it is not counted: visibility does not for this list")
TOTAL_IS_EXACT: Any = Field(MISSING, description="False: there are more than `total`")


class OrderListResponse(SourcedResponse):
    orders: list[OrderSummaryResponse]
    next_cursor: str | None = NEXT_CURSOR
    total: int | MISSING = TOTAL
    total_is_exact: bool | MISSING = TOTAL_IS_EXACT


class CountedOrderListResponse(OrderListResponse):
    counts: dict[OrderState, int] = Field(description="By state. Empty if the total is not exact")


class OrderCountResponse(SourcedResponse):
    total: int
    total_is_exact: bool = Field(description="False: there are more than `total`")
    counts: dict[OrderState, int] = Field(description="By state. Empty if the total is not exact")


def order_list_response(page: OrderPage) -> OrderListResponse:
    return OrderListResponse.model_validate(_order_page_fields(page))


def counted_order_list_response(page: OrderPage) -> CountedOrderListResponse:
    return CountedOrderListResponse.model_validate(_order_page_fields(page) | {"counts": page.counts or {}})


def order_count_response(page: OrderPage) -> OrderCountResponse:
    return OrderCountResponse(
        total=page.total or 0,
        total_is_exact=page.total_is_exact,
        counts=page.counts or {},
        **source_fields(page.provenance),
    )


def _order_page_fields(page: OrderPage) -> dict[str, Any]:
    total = {} if page.total is None else {"total": page.total, "total_is_exact": page.total_is_exact}
    return {"orders": page.orders, "next_cursor": page.next_cursor, **total, **source_fields(page.provenance)}


def _is_empty(items: Sequence[object]) -> bool:
    return not items


class FalloutResponse(SourcedResponse):
    fallout: list[WorklistItem]
    unanswered: list[str] = Field(description="Orders that have such steps, but for which no worker answered")
    next_cursor: str | None = NEXT_CURSOR
    order_count: int = ORDER_COUNT
    total: int | MISSING = TOTAL
    total_is_exact: bool | MISSING = TOTAL_IS_EXACT
    interrupted: list[OrderSummaryResponse] = Field(
        [], exclude_if=_is_empty, description="Orders that were ended from outside: recover them. Absent if none"
    )


class TasksResponse(SourcedResponse):
    tasks: list[WorklistItem]
    unanswered: list[str] = Field(description="Orders that have tasks, but for which no worker answered")
    next_cursor: str | None = NEXT_CURSOR
    order_count: int = ORDER_COUNT
    total: int | MISSING = TOTAL
    total_is_exact: bool | MISSING = TOTAL_IS_EXACT
    interrupted: list[OrderSummaryResponse] = Field(
        [],
        exclude_if=_is_empty,
        description="Orders with tasks that were ended from outside: recover them, and their tasks are open again",
    )


def fallout_response(worklist: StepWorklist) -> FalloutResponse:
    return FalloutResponse(fallout=worklist.items, **_page_fields(worklist))


def tasks_response(worklist: StepWorklist) -> TasksResponse:
    return TasksResponse(tasks=worklist.items, **_page_fields(worklist))


def _page_fields(worklist: StepWorklist) -> dict[str, Any]:
    return {
        "unanswered": worklist.unanswered_orders,
        "next_cursor": worklist.next_cursor,
        "order_count": worklist.order_count,
        **({} if worklist.total is None else {"total": worklist.total, "total_is_exact": worklist.total_is_exact}),
        **source_fields(worklist.provenance),
        "interrupted": [OrderSummaryResponse.model_validate(order) for order in worklist.interrupted],
    }


class FalloutGroupResponse(Response):
    system: str | None
    code: str | None
    steps: int
    orders: int
    oldest: datetime | None = Field(description="When the first of them failed")


class FalloutGroupsResponse(SourcedResponse):
    groups: list[FalloutGroupResponse] = Field(description="The groups with the most steps first")


class TaskGroupResponse(Response):
    queue: str | None
    tasks: int
    late: int = Field(description="Those that are due, or late by their sla")
    unclaimed: int = Field(description="Those that nobody holds")
    up_to_an_hour: int = Field(description="How many have waited so long")
    up_to_a_day: int
    up_to_a_week: int
    longer: int
    oldest: datetime | None


class TaskGroupsResponse(SourcedResponse):
    groups: list[TaskGroupResponse] = Field(description="The queues with the most tasks first")


def fallout_groups_response(groups: Sequence[FalloutGroup], provenance: Provenance) -> FalloutGroupsResponse:
    found = [FalloutGroupResponse.model_validate(group) for group in groups]
    return FalloutGroupsResponse(groups=found, **source_fields(provenance))


def task_groups_response(groups: Sequence[TaskGroup], provenance: Provenance) -> TaskGroupsResponse:
    ages = ("up_to_an_hour", "up_to_a_day", "up_to_a_week", "longer")
    found = []
    for group in groups:
        fields = vars(group) | dict(zip(ages, group.by_age, strict=True))
        fields.pop("by_age")
        found.append(TaskGroupResponse.model_validate(fields))
    return TaskGroupsResponse(groups=found, **source_fields(provenance))
