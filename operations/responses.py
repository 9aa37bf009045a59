"""The JSON that `-o json` and the gateway return. Programs rely on these keys.

The gateway's published schema is generated from these models.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import MISSING, BaseModel, ConfigDict, Field

from operations.blockers.kept_events import kept_event_sentences
from operations.blockers.order_blockers import Blocker, ended_sentence, lateness_sentence
from operations.events.undelivered_notifications import UndeliveredList
from operations.reading.list_orders import OrderPage
from operations.reading.order_details import DetailsSource, OrderDetails
from operations.reading.worklists import StepWorklist
from operations.submission.submit_order import SubmissionResult
from operations.systems import SystemStatus
from workflows.contract.catalogue_messages import WorkerCatalogue
from workflows.contract.order_messages import ActionResult, Alternative
from workflows.contract.order_views import HistoryEntry, InterruptionKind, LineHeader, LineView, OrderHeader, StepView
from workflows.contract.outbox_messages import UndeliveredEvent
from workflows.contract.states import Jeopardy, OrderState
from workflows.contract.switch_messages import SwitchResult, SystemSwitchView
from workflows.contract.worklists import WorklistItem


class Response(BaseModel):
    """Fields that are `MISSING` do not appear in the JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True)


class OrderReference(Response):
    order_id: str


class SubmissionResponse(OrderReference):
    workflow_id: str
    run_id: str
    state: OrderState
    already_running: bool
    same_order: bool = Field(description="False: the running order has different content")
    waiting_for_worker: bool = Field(description="The order is stored, and no worker has answered yet")
    findings: list[dict[str, Any]] | MISSING = MISSING
    warnings: list[dict[str, Any]] | MISSING = Field(MISSING, description="Absent if there are none")
    steps: int | MISSING = MISSING
    catalogue_version: str | MISSING | None = Field(
        MISSING, description="Like `findings` and `steps`, absent until a worker has answered"
    )


def submission_response(submission: SubmissionResult) -> SubmissionResponse:
    decision = submission.decision
    return SubmissionResponse(
        order_id=submission.order_id,
        workflow_id=submission.workflow_id,
        run_id=submission.run_id,
        state=submission.state,
        already_running=submission.already_running,
        same_order=submission.same_content,
        waiting_for_worker=submission.waiting_for_worker,
        findings=decision.findings if decision else MISSING,
        warnings=decision.warnings if decision and decision.warnings else MISSING,
        steps=decision.steps if decision else MISSING,
        catalogue_version=decision.catalogue_version if decision else MISSING,
    )


class OrderSummaryResponse(OrderReference):
    state: OrderState
    jeopardy: Jeopardy
    fallout: int = Field(description="Steps in fallout")
    open_tasks: int
    customer_id: str | None
    products: list[str]
    started_at: datetime
    ended_at: datetime | None
    interrupted: InterruptionKind | None = Field(
        None,
        exclude_if=lambda kind: kind is None,
        description="How the order was ended from outside; once recovered, it continues. Absent if it was not",
    )


NEXT_CURSOR: Any = Field(description="Continues the list after this page; null on the last page")
ORDER_COUNT: Any = Field(
    description="Orders on all pages; with `queue`, also some that may have no such step in this queue"
)


class OrderListResponse(Response):
    orders: list[OrderSummaryResponse]
    next_cursor: str | None = NEXT_CURSOR


class CountedOrderListResponse(OrderListResponse):
    counts: dict[OrderState, int]


def counted_order_list_response(page: OrderPage, counts: Mapping[OrderState, int]) -> CountedOrderListResponse:
    return CountedOrderListResponse.model_validate(dict(vars(page), counts=counts))


class OrderLineResponse(LineHeader):
    model_config = ConfigDict(from_attributes=True)

    requested_completion: datetime | None
    forecast: datetime | None
    jeopardy: Jeopardy
    parent: str | None = Field(description="The order line that contains this one")


class OrderResponse(OrderHeader):
    source: DetailsSource = Field(
        description="`record`: no worker answered, and only what Temporal's own record contains is filled in"
    )
    order_lines: list[OrderLineResponse]
    lines: list[LineView] = Field(description="Fulfilment lines")


class OrderWithStepsResponse(OrderResponse):
    steps: list[StepView]


def order_response(details: OrderDetails) -> OrderResponse:
    return OrderResponse.model_validate(_order_fields(details))


def order_with_steps_response(details: OrderDetails) -> OrderWithStepsResponse:
    return OrderWithStepsResponse.model_validate(_order_fields(details) | {"steps": details.steps})


def _order_fields(details: OrderDetails) -> dict[str, Any]:
    return dict(details.order) | {"source": details.source}


class StepsPageResponse(Response):
    steps: list[StepView]
    next_offset: int | None = Field(description="Where the next page begins; null on the last page")


def _is_empty(items: Sequence[object]) -> bool:
    return not items


class FalloutResponse(Response):
    fallout: list[WorklistItem]
    unanswered: list[str] = Field(description="Orders that have such steps, but for which no worker answered")
    next_cursor: str | None = NEXT_CURSOR
    order_count: int = ORDER_COUNT
    interrupted: list[OrderSummaryResponse] = Field(
        [], exclude_if=_is_empty, description="Orders that were ended from outside: recover them. Absent if none"
    )


class TasksResponse(Response):
    tasks: list[WorklistItem]
    unanswered: list[str] = Field(description="Orders that have tasks, but for which no worker answered")
    next_cursor: str | None = NEXT_CURSOR
    order_count: int = ORDER_COUNT
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
        "interrupted": [OrderSummaryResponse.model_validate(order) for order in worklist.interrupted],
    }


class HistoryResponse(OrderReference):
    state: OrderState
    history: list[HistoryEntry]


class ActionResponse(ActionResult, OrderReference):
    pass


def action_response(order_id: str, result: ActionResult) -> ActionResponse:
    return ActionResponse(order_id=order_id, **dict(result))


class UndeliveredOrderEvent(UndeliveredEvent, OrderReference):
    pass


class UndeliveredResponse(Response):
    notifications: list[UndeliveredOrderEvent]
    unanswered: list[str] = Field(description="Orders for which no worker answered")
    next_cursor: str | None = NEXT_CURSOR


def undelivered_response(undelivered: UndeliveredList) -> UndeliveredResponse:
    return UndeliveredResponse(
        notifications=[
            UndeliveredOrderEvent(order_id=outbox.order_id, **dict(event))
            for outbox in undelivered.outboxes
            for event in outbox.undelivered
        ],
        unanswered=undelivered.unanswered_orders,
        next_cursor=undelivered.next_cursor,
    )


class ResendResponse(OrderReference):
    events: int = Field(description="Events that are sent again")


class BlockerResponse(Response):
    """Something that an order or a step waits for."""

    step: str | None
    number: int | None
    waits_for: str
    since: datetime | None
    whose_move: str = Field(validation_alias="responsible")
    moved_by: str = Field(validation_alias="unblocked_by")
    holds_up: int = Field(validation_alias="blocked_step_count", description="Later steps that wait for this one")
    beyond: list[str] = Field(validation_alias="other_order_details", description="What it waits for in other orders")
    sentence: str
    actions: list[Alternative] = Field(description="What a person can do to unblock it")


class BlockersResponse(OrderReference):
    state: OrderState
    step: str | None
    ended: str | None = Field(description="A sentence, if nothing is waited for any more")
    lateness: str | None = Field(description="A sentence, if the order is late or will be")
    reasons: list[BlockerResponse]
    kept: list[str] = Field(description="Sentences: events that the order keeps, and why no step has taken them")


def blockers_response(
    details: OrderDetails, blockers: Sequence[Blocker], step: StepView | None = None
) -> BlockersResponse:
    return BlockersResponse(
        order_id=details.order.order_id,
        state=details.order.state,
        step=step.id if step else None,
        ended=ended_sentence(details.order, step),
        lateness=lateness_sentence(details.order, details.steps),
        reasons=[BlockerResponse.model_validate(blocker) for blocker in blockers],
        kept=kept_event_sentences(details.order),
    )


class SystemResponse(SystemSwitchView):
    waiting: int | None = Field(description="Calls that wait, approximately; null if unknown")
    limited_by_hand: float | None = Field(description="Calls a second, if somebody limited them with Temporal's tools")


class SystemListResponse(Response):
    systems: list[SystemResponse]


def system_list_response(statuses: Sequence[SystemStatus]) -> SystemListResponse:
    return SystemListResponse(
        systems=[
            SystemResponse(**dict(status.view), waiting=status.waiting_calls, limited_by_hand=status.manual_rate_limit)
            for status in statuses
        ]
    )


class SystemSwitchResponse(SystemSwitchView):
    message: str
    already: bool = Field(description="The system was in this state before")


def system_switch_response(result: SwitchResult) -> SystemSwitchResponse:
    return SystemSwitchResponse(**dict(result.system), message=result.message, already=result.already)


class RefusedEditResponse(Response):
    since: datetime
    findings: list[str] = Field(description="The first findings, each with its place if it has one")
    more: int = Field(description="Findings that are left out")


class WorkerCatalogueResponse(Response):
    worker: str
    definitions: str = Field(description="The folder, as the worker's machine names it")
    version: str = Field(description="Of the catalogue in force")
    since: datetime
    refused: RefusedEditResponse | None = Field(description="Why the definitions, as they are now, are not in force")
    published: int | None = Field(description="The published version in force. None: it reads its own definitions")
    reported_at: datetime


class CatalogueResponse(Response):
    workers: list[WorkerCatalogueResponse] = Field(description="Live workers, the newest report first")


def catalogue_response(workers: Sequence[WorkerCatalogue]) -> CatalogueResponse:
    return CatalogueResponse(
        workers=[
            WorkerCatalogueResponse(
                published=worker.publications.number if worker.publications else None,
                **worker.model_dump(exclude={"stored", "publications"}),
            )
            for worker in workers
        ]
    )


class DeliveryResponse(Response):
    status: Literal["completed", "delivered", "kept", "duplicate", "late"]
    order_id: str | None
    step: str | None
