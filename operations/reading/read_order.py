"""One order as it stands: what its workflow tells, joined with the attempts that only Temporal knows of."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.failure.v1 import Failure
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.client import Client

from activity_contract.calls import NOT_YET
from compiler.source.findings import did_you_mean
from operations.errors import NotFound, NoWorker, worker_call
from operations.reading.list_orders import OrderFilter, list_orders
from operations.reading.order_record import describe_order, view_from_record
from operations.reading.systems import system_holds, waiting_queue
from operations.temporal.connection import server_address
from workflows.contract.order_messages import QUERY_OVERVIEW, QUERY_STEPS, order_workflow_id
from workflows.contract.order_views import (
    ErrorView,
    OrderView,
    OverviewRequest,
    StepsPage,
    StepsPageRequest,
    StepView,
    SystemHoldView,
    UndoView,
)
from workflows.contract.states import StepState

QUERY_TIMEOUT = 5.0
"""Seconds. A query waits for nothing: without a worker it would not be answered."""
STEPS_PAGE_SIZE = 5_000
"""Steps asked for at once. Of an order that has ended, each question costs a replay of its last run."""
MAX_CONCURRENT_QUERIES = 8
"""Orders asked at the same time, so that a long list does not crowd out the orders' own work."""

DetailsSource = Literal["worker", "record"]


ACTIVE_STEP_STATES = (StepState.READY, StepState.IN_PROGRESS, StepState.FAILED, StepState.ON_HOLD)
"""Steps whose turn has come, but for those in fallout, which has a list of its own."""


def is_task(step: StepView) -> bool:
    """Whether it waits for a person: a manual step does, and what was escalated to a queue."""
    if step.kind == "manual":
        return step.state is StepState.IN_PROGRESS
    return step.escalated_to is not None and step.queue == step.escalated_to


def is_in_queue(step: StepView, queue: str) -> bool:
    """Whether the queue's people see it: their own steps, and those escalated to them."""
    return queue in (step.queue, step.escalated_to)


@dataclass(frozen=True)
class OrderDetails:
    """`source` `record`: no worker answered; only what search attributes and memo tell is filled in, without steps."""

    order: OrderView
    steps: tuple[StepView, ...]
    source: DetailsSource = "worker"

    def step(self, step_ref: str) -> StepView:
        return find_step(self.steps, step_ref, self.order.order_id)


@dataclass(frozen=True)
class WorklistItem:
    """A step that waits for a person, in a list over many orders."""

    order_id: str
    customer_id: str | None
    products: list[str]
    step: StepView


@dataclass(frozen=True)
class StepWorklist:
    items: list[WorklistItem]
    unanswered_orders: list[str]
    """Ids of orders that no worker answered for: they have such steps, which ones cannot be told now."""


def find_step(steps: Iterable[StepView], step_ref: str, order_id: str) -> StepView:
    """The step with this id or number. Raises NotFound, with the nearest id."""
    by_name = {step.id: step for step in steps}
    by_number = {str(step.number): step for step in by_name.values()}
    found = by_name.get(step_ref) or by_number.get(step_ref)
    if found is None:
        hint = did_you_mean(step_ref, by_name) or f"; `show {order_id}` lists its steps"
        raise NotFound(f"Order {order_id} has no step `{step_ref}`{hint}")
    return found


async def read_order(client: Client, order_id: str, *, steps: bool = True) -> OrderDetails:
    """The order and, if `steps`, all its steps. Ended orders too, as long as Temporal keeps them."""
    try:
        order = await query_overview(client, order_id)
        found = await read_steps(client, order_id) if steps else []
        pending = (await describe_order(client, order_id)).raw_description.pending_activities if steps else []
        holds = await system_holds(client, pending)
    except (NoWorker, NotFound):
        return OrderDetails(await view_from_record(await describe_order(client, order_id)), (), "record")
    return OrderDetails(order, tuple(with_attempts(found, pending, holds)))


async def query_overview(client: Client, order_id: str) -> OrderView:
    async with worker_call(f"Order {order_id}", server_address(client), QUERY_TIMEOUT):
        answer: OrderView = await client.get_workflow_handle(order_workflow_id(order_id)).query(
            QUERY_OVERVIEW,
            OverviewRequest(at=datetime.now(UTC)),
            result_type=OrderView,
            rpc_timeout=timedelta(seconds=QUERY_TIMEOUT),
        )
    return answer


async def query_steps_page(client: Client, order_id: str, request: StepsPageRequest) -> StepsPage:
    dated = request.model_copy(update={"at": datetime.now(UTC)})
    async with worker_call(f"Order {order_id}", server_address(client), QUERY_TIMEOUT):
        answer: StepsPage = await client.get_workflow_handle(order_workflow_id(order_id)).query(
            QUERY_STEPS, dated, result_type=StepsPage, rpc_timeout=timedelta(seconds=QUERY_TIMEOUT)
        )
    return answer


async def read_steps_page(client: Client, order_id: str, request: StepsPageRequest) -> StepsPage:
    """One page of steps. Raises NotFound, NoWorker."""
    try:
        page = await query_steps_page(client, order_id, request)
        record = await describe_order(client, order_id)
    except NotFound:
        await describe_order(client, order_id)
        raise
    pending = record.raw_description.pending_activities
    return page.model_copy(update={"steps": with_attempts(page.steps, pending, await system_holds(client, pending))})


async def read_steps(client: Client, order_id: str, states: Sequence[StepState] | None = None) -> list[StepView]:
    """All steps (in `states`, if given), page by page: an answer of over 2 MB would fail."""
    steps: list[StepView] = []
    offset: int | None = 0
    while offset is not None:
        wanted = list(states) if states is not None else None
        page = await query_steps_page(
            client, order_id, StepsPageRequest(offset=offset, limit=STEPS_PAGE_SIZE, states=wanted)
        )
        steps += page.steps
        offset = page.next_offset
    return steps


def with_attempts(
    steps: Iterable[StepView],
    pending: Iterable[PendingActivityInfo],
    holds: Mapping[str, SystemHoldView] | None = None,
) -> list[StepView]:
    """`steps` with what the workflow cannot know: the attempts that Temporal makes by itself, last failure, next try,
    and by `holds` (`holds_of`) whether a system keeps the call waiting; of the step, or of its undo.

    An activity's id is the step's, or the step's with a suffix after `/`, which never stands in a step's id.
    """
    by_step = {activity.activity_id.partition("/")[0]: activity for activity in pending}
    return [_with_attempts(step, by_step.get(step.id), holds or {}) for step in steps]


def _with_attempts(
    step: StepView, activity: PendingActivityInfo | None, holds: Mapping[str, SystemHoldView]
) -> StepView:
    if activity is None:
        return step
    if step.undo is not None and step.undo.state == StepState.IN_PROGRESS:
        return _with_undo_attempts(step, step.undo, activity, holds)
    return _with_pending_activity(step, activity, holds) if step.state is StepState.IN_PROGRESS else step


def _with_undo_attempts(
    step: StepView, undo: UndoView, activity: PendingActivityInfo, holds: Mapping[str, SystemHoldView]
) -> StepView:
    """What is under way takes the step back: attempts and hold are the undo's, and the step stays as it was."""
    shared = ("attempts", "error", "waits_for", "next_attempt_at")
    seen = {"state": StepState.IN_PROGRESS} | {name: getattr(undo, name) for name in shared}
    joined = _with_pending_activity(step.model_copy(update=seen), activity, holds)
    changes = {"state": joined.state.value} | {name: getattr(joined, name) for name in shared}
    return step.model_copy(update={"undo": undo.model_copy(update=changes), "system_hold": joined.system_hold})


def _with_pending_activity(
    step: StepView, activity: PendingActivityInfo, holds: Mapping[str, SystemHoldView]
) -> StepView:
    """A call that waits on the queue of a system which is off, or whose breaker is open, is on hold: it burns no
    attempt meanwhile, and the time of the next one means nothing."""
    joined = _with_retry_info(step, activity)
    hold = holds.get(waiting_queue(activity) or "")
    if hold is None:
        return joined
    changes: dict[str, object] = {
        "state": StepState.ON_HOLD,
        "next_attempt_at": None,
        "waits_for": f"system {hold.system}, which is {'switched off' if hold.off else 'failing'}",
        "system_hold": hold,
    }
    if not _is_polling(activity):
        changes["attempts"] = max(step.attempts, activity.attempt - 1)
    return joined.model_copy(update=changes)


def _is_polling(activity: PendingActivityInfo) -> bool:
    """It was answered, and what is waited for was not there yet: no failure."""
    return activity.last_failure.application_failure_info.type == NOT_YET


def _with_retry_info(step: StepView, activity: PendingActivityInfo) -> StepView:
    if not activity.HasField("last_failure"):
        return step.model_copy(update={"attempts": max(step.attempts, activity.attempt)})
    next_at = _activity_time(activity, "next_attempt_schedule_time")
    if _is_polling(activity):
        return step.model_copy(update={"next_attempt_at": next_at})
    waiting = next_at is not None and next_at > datetime.now(UTC)
    return step.model_copy(
        update={
            "state": StepState.FAILED if waiting else step.state,
            "attempts": max(step.attempts, activity.attempt - 1 if waiting else activity.attempt),
            "next_attempt_at": next_at if waiting else None,
            "error": _error_view(activity.last_failure, _activity_time(activity, "last_attempt_complete_time")),
        }
    )


def _error_view(failure: Failure, at: datetime | None) -> ErrorView:
    return ErrorView(code=failure.application_failure_info.type or "error", message=failure.message, at=at)


def _activity_time(activity: PendingActivityInfo, name: str) -> datetime | None:
    stamp: Timestamp = getattr(activity, name)
    return stamp.ToDatetime(tzinfo=UTC) if activity.HasField(name) else None  # type: ignore[arg-type]


async def collect_worklist(
    client: Client, criteria: OrderFilter, states: Sequence[StepState], kind: str | None
) -> StepWorklist:
    """The steps in `states` (of `kind`, if given) of all orders that fit `wanted`.

    Visibility names the orders, each tells its steps. Where a whole round of them is silent, the others are not asked.
    """
    orders = await list_orders(client, criteria)
    found: list[WorklistItem] = []
    unanswered: list[str] = []
    heard = False
    for start in range(0, len(orders), MAX_CONCURRENT_QUERIES):
        round_ = orders[start : start + MAX_CONCURRENT_QUERIES]
        if unanswered and not heard:
            unanswered += [order.order_id for order in round_]
            continue
        answers = await asyncio.gather(*(_steps_or_none(client, order.order_id, states) for order in round_))
        for order, steps in zip(round_, answers, strict=True):
            if steps is None:
                unanswered.append(order.order_id)
                continue
            heard = True
            found += [
                WorklistItem(order.order_id, order.customer_id, order.products, step)
                for step in steps
                if kind is None or step.kind == kind
            ]
    return StepWorklist(found, unanswered)


async def _steps_or_none(client: Client, order_id: str, states: Sequence[StepState]) -> list[StepView] | None:
    try:
        return await read_steps(client, order_id, states)
    except NotFound:
        return []
    except NoWorker:
        return None
