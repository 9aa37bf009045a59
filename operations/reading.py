"""One order as it stands: what its workflow tells, joined with the attempts that only Temporal knows of."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.failure.v1 import Failure
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.client import Client, WorkflowExecutionDescription
from temporalio.service import RPCError

from compiler.findings import did_you_mean
from operations.connection import address_of
from operations.errors import NotFound, NoWorker, asking, is_missing
from operations.listing import OrderFilter, OrderSummary, list_orders, summary_of
from operations.submission import MEMO_REVISION
from workflows.messages import (
    QUERY_OVERVIEW,
    QUERY_STEPS,
    ErrorView,
    OrderView,
    StepsPage,
    StepsPageRequest,
    StepView,
    workflow_id,
)
from workflows.states import StepState

QUERY_DEADLINE = timedelta(seconds=5)
"""A query waits for nothing: without a worker it would not be answered."""
PAGE = 500
AT_ONCE = 8
"""Orders asked at the same time, so that a long list does not crowd out the orders' own work."""

Source = Literal["worker", "record"]


@dataclass(frozen=True)
class OrderReading:
    """`source` `record`: no worker answered; only what search attributes and memo tell is filled in, without steps."""

    order: OrderView
    steps: tuple[StepView, ...]
    source: Source = "worker"

    def step(self, wanted: str) -> StepView:
        return find_step(self.steps, wanted, self.order.order_id)


@dataclass(frozen=True)
class StepOfOrder:
    """A step that waits for a person, in a list over many orders."""

    order_id: str
    customer_id: str | None
    products: list[str]
    step: StepView


@dataclass(frozen=True)
class StepList:
    found: list[StepOfOrder]
    unanswered: list[str]
    """Ids of orders that no worker answered for: they have such steps, which ones cannot be told now."""


def find_step(steps: Iterable[StepView], wanted: str, order_id: str) -> StepView:
    """The step with this id or number. Raises NotFound, with the nearest id."""
    by_name = {step.id: step for step in steps}
    by_number = {str(step.number): step for step in by_name.values()}
    found = by_name.get(wanted) or by_number.get(wanted)
    if found is None:
        hint = did_you_mean(wanted, by_name) or f"; `show {order_id}` lists its steps"
        raise NotFound(f"Order {order_id} has no step `{wanted}`{hint}")
    return found


async def describe(client: Client, order_id: str) -> WorkflowExecutionDescription:
    """Temporal's record of the order's latest run. Raises NotFound."""
    async with asking(f"Order {order_id}", address_of(client)):
        try:
            return await client.get_workflow_handle(workflow_id(order_id)).describe(rpc_timeout=timedelta(seconds=10))
        except RPCError as error:
            if is_missing(error):
                raise NotFound(f"There is no order {order_id}; `list` shows the orders there are") from error
            raise


async def read(client: Client, order_id: str, *, steps: bool = True) -> OrderReading:
    """The order and, if `steps`, all its steps. Ended orders too, as long as Temporal keeps them."""
    description = await describe(client, order_id)
    try:
        order = await overview(client, order_id)
        found = await read_steps(client, order_id) if steps else []
    except NoWorker:
        return OrderReading(await _from_record(description), (), "record")
    return OrderReading(order, tuple(with_attempts(found, description.raw_description.pending_activities)))


async def overview(client: Client, order_id: str) -> OrderView:
    async with asking(f"Order {order_id}", address_of(client)):
        answer: OrderView = await client.get_workflow_handle(workflow_id(order_id)).query(
            QUERY_OVERVIEW, result_type=OrderView, rpc_timeout=QUERY_DEADLINE
        )
    return answer


async def steps_page(client: Client, order_id: str, request: StepsPageRequest) -> StepsPage:
    async with asking(f"Order {order_id}", address_of(client)):
        answer: StepsPage = await client.get_workflow_handle(workflow_id(order_id)).query(
            QUERY_STEPS, request, result_type=StepsPage, rpc_timeout=QUERY_DEADLINE
        )
    return answer


async def read_steps(client: Client, order_id: str, states: Sequence[StepState] | None = None) -> list[StepView]:
    """All steps (in `states`, if given), page by page: an answer of over 2 MB would fail."""
    steps: list[StepView] = []
    offset: int | None = 0
    while offset is not None:
        wanted = list(states) if states is not None else None
        page = await steps_page(client, order_id, StepsPageRequest(offset=offset, limit=PAGE, states=wanted))
        steps += page.steps
        offset = page.next_offset
    return steps


async def _from_record(description: WorkflowExecutionDescription) -> OrderView:
    known: OrderSummary = summary_of(description)
    memo: dict[str, Any] = dict(await description.memo())
    return OrderView(
        order_id=known.order_id,
        state=known.state,
        jeopardy=known.jeopardy,
        forecast=None,
        revision=int(memo.get(MEMO_REVISION, 1)),
        customer={"id": known.customer_id} if known.customer_id else {},
        priority=int(memo.get("priority", 3)),
        requested_start=None,
        requested_completion=known.requested_completion,
        characteristics={},
        products=known.products,
        catalogue_version=known.catalogue_version,
        started_at=known.started_at,
        ended_at=known.ended_at,
        fallout=known.fallout,
        open_tasks=known.open_tasks,
        step_count=int(memo.get("steps", 0)),
    )


def with_attempts(steps: Iterable[StepView], pending: Iterable[PendingActivityInfo]) -> list[StepView]:
    """`steps` with what the workflow cannot know: the attempts that Temporal makes by itself, the last failure, the next."""
    by_step = {activity.activity_id.split("#", 1)[0]: activity for activity in pending}
    return [_joined(step, by_step[step.id]) if step.id in by_step else step for step in steps]


def _joined(step: StepView, activity: PendingActivityInfo) -> StepView:
    if not activity.HasField("last_failure"):
        return step.model_copy(update={"attempts": max(step.attempts, activity.attempt)})
    next_at = _moment(activity, "next_attempt_schedule_time")
    waiting = next_at is not None and next_at > datetime.now(UTC)
    made = activity.attempt - 1 if waiting else activity.attempt
    return step.model_copy(
        update={
            "state": StepState.FAILED if waiting and step.state is StepState.IN_PROGRESS else step.state,
            "attempts": max(step.attempts, made),
            "next_attempt_at": next_at if waiting else None,
            "error": _error_view(activity.last_failure, _moment(activity, "last_attempt_complete_time")),
        }
    )


def _error_view(failure: Failure, at: datetime | None) -> ErrorView:
    return ErrorView(code=failure.application_failure_info.type or "error", message=failure.message, at=at)


def _moment(activity: PendingActivityInfo, name: str) -> datetime | None:
    stamp: Timestamp = getattr(activity, name)
    return stamp.ToDatetime(tzinfo=UTC) if activity.HasField(name) else None  # type: ignore[arg-type]


async def steps_across(client: Client, wanted: OrderFilter, states: Sequence[StepState], kind: str | None) -> StepList:
    """The steps in `states` (and of `kind`) of all orders that fit `wanted`: visibility first, then each order's word."""
    orders = await list_orders(client, wanted)
    gate = asyncio.Semaphore(AT_ONCE)

    async def asked(order: OrderSummary) -> list[StepView] | None:
        async with gate:
            try:
                return await read_steps(client, order.order_id, states)
            except NotFound:
                return []
            except NoWorker:
                return None

    answers = await asyncio.gather(*(asked(order) for order in orders))
    found = [
        StepOfOrder(order.order_id, order.customer_id, order.products, step)
        for order, steps in zip(orders, answers, strict=True)
        for step in steps or ()
        if kind is None or step.kind == kind
    ]
    return StepList(found, [order.order_id for order, steps in zip(orders, answers, strict=True) if steps is None])
