"""One order with its steps: what its workflow answers, joined with the attempts that only Temporal knows."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from temporalio.client import Client

from compiler.source.findings import did_you_mean
from operations.errors import NotFound, NoWorker
from operations.reading.interruptions import as_interrupted, read_interruption, without_waits
from operations.reading.order_summary import order_summary
from operations.reading.pending_attempts import with_attempts
from operations.reading.provenance import Provenance
from operations.reading.temporal_record import describe_order, view_from_record
from operations.systems import system_holds
from operations.temporal.workflow_calls import query_workflow
from workflows.contract.order_messages import QUERY_OVERVIEW, QUERY_STEPS, Alternative, order_workflow_id
from workflows.contract.order_views import OrderView, OverviewRequest, StepsPage, StepsPageRequest, StepView
from workflows.contract.states import OrderState, StepState

QUERY_TIMEOUT = 5.0
"""Seconds. A worker answers a query at once, so silence means that there is none."""
STEPS_PAGE_SIZE = 5_000
"""Steps in one query. Each query of an ended order replays its last run."""
PART_OF_STEPS = 2_500
"""Steps in one of several queries at once."""

if TYPE_CHECKING:
    from ledger.reading.single_order.order_storage import OrderStorage
    from ledger.reading.single_order.submissions import StoredSubmission

DetailsSource = Literal["worker", "record", "ledger"]


@dataclass(frozen=True)
class OrderDetails:
    """An order and its steps. If neither a worker nor the ledger answered, `source` is `record`. Then there are no
    steps, and the order has only what search attributes and memo hold."""

    order: OrderView
    steps: tuple[StepView, ...]
    source: DetailsSource = "worker"
    provenance: Provenance | None = None
    """How old it is. None unless it is from the ledger."""
    ledger_failure: str | None = None
    """Why the ledger was not asked, although there is one."""
    order_failure: str | None = None
    """Why the ledger answers, although the order itself was asked."""
    storage: OrderStorage | None = None
    """None unless it is from the ledger."""
    submission: StoredSubmission | None = None
    """The one that was asked for. None: the latest, without being asked for."""

    @property
    def is_current(self) -> bool:
        """Whether it is the latest submission of the order."""
        return self.submission is None or self.submission.is_current

    def step(self, step_ref: str) -> StepView:
        return find_step(self.steps, step_ref, self.order.order_id)


def find_step(steps: Iterable[StepView], step_ref: str, order_id: str) -> StepView:
    """The step with this id or number. Raises NotFound, with the nearest id."""
    by_id = {step.id: step for step in steps}
    by_number = {str(step.number): step for step in by_id.values()}
    step = by_id.get(step_ref) or by_number.get(step_ref)
    if step is None:
        show = Alternative(action="show", parameters={"order_id": order_id}, effect="lists its steps")
        raise NotFound(f"Order {order_id} has no step `{step_ref}`{did_you_mean(step_ref, by_id)}", show)
    return step


async def read_order(client: Client, order_id: str, *, steps: bool = True) -> OrderDetails:
    """The order and, if `steps`, all its steps. Works for ended orders as long as Temporal keeps them."""
    try:
        order = await _with_end(client, await query_overview(client, order_id))
        return await _read_rest(client, order, steps=steps)
    except (NoWorker, NotFound):
        record = await describe_order(client, order_id)
        view = as_interrupted(await view_from_record(record), await read_interruption(client, record))
        return OrderDetails(view, (), "record")


async def add_steps(client: Client, order: OrderView) -> OrderDetails:
    """The order, which a worker has just told without its steps, with all of them. Raises NotFound, NoWorker."""
    return await _read_rest(client, order, steps=True)


async def _read_rest(client: Client, order: OrderView, *, steps: bool) -> OrderDetails:
    views = await _read_all_steps(client, order) if steps else []
    record = await describe_order(client, order.order_id)
    pending = record.raw_description.pending_activities if steps else []
    holds = await system_holds(client, pending)
    if interruption := await read_interruption(client, record):
        return OrderDetails(as_interrupted(order, interruption), tuple(without_waits(views)))
    return OrderDetails(order, tuple(with_attempts(views, pending, holds)))


async def _with_end(client: Client, order: OrderView) -> OrderView:
    """A rejected order does not know when its workflow ended, but Temporal's record does."""
    if order.state is not OrderState.REJECTED or order.ended_at is not None:
        return order
    record = await describe_order(client, order.order_id)
    return order.model_copy(update={"ended_at": record.close_time})


async def query_overview(client: Client, order_id: str) -> OrderView:
    request = OverviewRequest(at=datetime.now(UTC), with_data=True)
    return await query_workflow(
        client, order_workflow_id(order_id), f"Order {order_id}", QUERY_OVERVIEW, request, OrderView, QUERY_TIMEOUT
    )


async def query_steps_page(client: Client, order_id: str, request: StepsPageRequest) -> StepsPage:
    dated = request.model_copy(update={"at": datetime.now(UTC)})
    return await query_workflow(
        client, order_workflow_id(order_id), f"Order {order_id}", QUERY_STEPS, dated, StepsPage, QUERY_TIMEOUT
    )


async def read_steps_page(client: Client, order_id: str, request: StepsPageRequest) -> StepsPage:
    """One page of steps. Raises NotFound, NoWorker."""
    try:
        page = await query_steps_page(client, order_id, request)
        record = await describe_order(client, order_id)
        if order_summary(record).interrupted:
            return page.model_copy(update={"steps": without_waits(page.steps)})
    except NotFound:
        await describe_order(client, order_id)
        raise
    pending = record.raw_description.pending_activities
    return page.model_copy(update={"steps": with_attempts(page.steps, pending, await system_holds(client, pending))})


async def _read_all_steps(client: Client, order: OrderView) -> list[StepView]:
    """Of a large order several parts at once: while the order answers for one, another is decoded."""
    starts = range(0, order.step_count, PART_OF_STEPS)
    if order.ended_at is not None or len(starts) < 2:
        return await read_steps(client, order.order_id)
    ends = (*starts[1:], None)
    parts = await asyncio.gather(
        *(_read_part(client, order.order_id, *part) for part in zip(starts, ends, strict=True))
    )
    return [step for part in parts for step in part]


async def _read_part(client: Client, order_id: str, start: int, end: int | None) -> list[StepView]:
    """The steps from the position `start` to before `end`; None: to the last."""
    steps: list[StepView] = []
    offset: int | None = start
    while offset is not None and (end is None or offset < end):
        limit = STEPS_PAGE_SIZE if end is None else end - offset
        page = await query_steps_page(client, order_id, StepsPageRequest(offset=offset, limit=limit))
        steps += page.steps
        offset = page.next_offset
    return steps


async def read_steps(client: Client, order_id: str, states: Sequence[StepState] | None = None) -> list[StepView]:
    """All steps, or only those in `states`. Reads page by page, because an answer of over 2 MB would fail."""
    steps: list[StepView] = []
    offset: int | None = 0
    while offset is not None:
        request = StepsPageRequest(
            offset=offset, limit=STEPS_PAGE_SIZE, states=list(states) if states is not None else None
        )
        page = await query_steps_page(client, order_id, request)
        steps += page.steps
        offset = page.next_offset
    return steps
