"""The JSON that `-o json` and the gateway return. Programs rely on these keys.

The gateway's published schema is generated from these models.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from pydantic import MISSING, BaseModel, ConfigDict, Field

from operations.blockers.kept_events import kept_event_sentences
from operations.blockers.order_blockers import Blocker, ended_sentence, lateness_sentence
from operations.events.undelivered_notifications import UndeliveredList
from operations.reading.order_details import DetailsSource, OrderDetails
from operations.reading.provenance import ListSource, Provenance
from operations.submission.submit_order import SubmissionResult
from operations.systems import SystemStatus
from workflows.contract.catalogue_messages import WorkerCatalogue
from workflows.contract.order_messages import ActionResult, Alternative
from workflows.contract.order_views import LineHeader, LineView, OrderHeader, StepView
from workflows.contract.outbox_messages import UndeliveredEvent
from workflows.contract.states import Jeopardy, OrderState
from workflows.contract.switch_messages import SwitchResult, SystemSwitchView

if TYPE_CHECKING:
    pass


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
    note: str | MISSING = Field(MISSING, description="What could not be checked; absent if nothing")


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
        note=submission.note or MISSING,
    )


class SourcedResponse(Response):
    """Says where a list comes from, and how old it may be."""

    source: ListSource = Field(description="`ledger`, or Temporal's `visibility`, which lags by about a second")
    as_of: datetime | MISSING = Field(MISSING, description="The ledger has all changes until then")
    lag_seconds: float | MISSING = Field(MISSING, description="How old `as_of` was when the answer was made")
    is_fed: bool | MISSING = Field(MISSING, description="Whether a worker writes to the ledger now")
    ledger_failure: str | MISSING = Field(MISSING, description="Why the ledger was not asked, although there is one")


def source_fields(provenance: Provenance | None, failure: str | None = None) -> dict[str, Any]:
    """Without those that say nothing. None: the order itself, or Temporal's record, has answered."""
    fields: dict[str, Any] = {"ledger_failure": failure}
    if provenance is not None:
        fields = {"source": provenance.source, "ledger_failure": failure or provenance.ledger_failure}
        if provenance.source == "ledger":
            fields |= {"as_of": provenance.as_of, "is_fed": provenance.is_fed}
            fields["lag_seconds"] = round(provenance.lag_seconds or 0.0, 3)
    return {name: value for name, value in fields.items() if value is not None}


class OrderLineResponse(LineHeader):
    model_config = ConfigDict(from_attributes=True)

    requested_completion: datetime | None
    forecast: datetime | None
    jeopardy: Jeopardy
    parent: str | None = Field(description="The order line that contains this one")


class OrderResponse(OrderHeader):
    source: DetailsSource = Field(
        description="`worker`: the order itself. `ledger`: it has ended, or no worker answers. `record`: neither "
        "answers, and only what Temporal's own record contains is filled in"
    )
    as_of: datetime | MISSING = Field(MISSING, description="From the ledger, which has all changes until then")
    lag_seconds: float | MISSING = Field(MISSING, description="How old `as_of` was when the answer was made")
    is_fed: bool | MISSING = Field(MISSING, description="Whether a worker writes to the ledger now")
    ledger_failure: str | MISSING = Field(MISSING, description="Why the ledger was not asked, although there is one")
    order_lines: list[OrderLineResponse]
    lines: list[LineView] = Field(description="Fulfilment lines")


class OrderWithStepsResponse(OrderResponse):
    steps: list[StepView]


def order_response(details: OrderDetails) -> OrderResponse:
    return OrderResponse.model_validate(_order_fields(details))


def order_with_steps_response(details: OrderDetails) -> OrderWithStepsResponse:
    return OrderWithStepsResponse.model_validate(_order_fields(details) | {"steps": details.steps})


def _order_fields(details: OrderDetails) -> dict[str, Any]:
    return dict(details.order) | source_fields(details.provenance, details.ledger_failure) | {"source": details.source}


class StepsPageResponse(Response):
    steps: list[StepView]
    next_offset: int | None = Field(description="Where the next page begins; null on the last page")


class ActionResponse(ActionResult, OrderReference):
    pass


def action_response(order_id: str, result: ActionResult) -> ActionResponse:
    return ActionResponse(order_id=order_id, **dict(result))


NEXT_CURSOR: Any = Field(description="Continues the list after this page; null on the last page")


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
    return SystemListResponse(systems=[system_response(status) for status in statuses])


def system_response(status: SystemStatus) -> SystemResponse:
    return SystemResponse(**dict(status.view), waiting=status.waiting_calls, limited_by_hand=status.manual_rate_limit)


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
