"""The JSON that bulk actions return. Programs rely on these keys."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from operations.bulk.bulk_actions import BulkCommand
from operations.bulk.bulk_runner import BulkOutcome, BulkResult, BulkSummary, BulkTarget, error_code, waiting_since
from operations.bulk.bulk_selection import BulkSelection
from operations.responses import OrderReference, Response
from workflows.contract.states import StepState


class BulkOrderResponse(OrderReference):
    """A whole order."""

    step: None = None


class BulkStepResponse(OrderReference):
    step: str
    number: int
    state: StepState
    code: str | None
    queue: str | None
    holder: str | None
    since: datetime | None


class BulkSelectionResponse(Response):
    """What a bulk action would be performed on."""

    act: str = Field(description="The action's name")
    dry_run: Literal[True] = True
    targets: list[BulkStepResponse | BulkOrderResponse]
    unanswered: list[str]


class BulkResultResponse(OrderReference):
    step: str | None
    outcome: BulkOutcome
    code: str | None
    message: str


class BulkSummaryResponse(Response):
    act: str = Field(description="The action's name")
    dry_run: Literal[False] = False
    stopped: str | None
    done: list[BulkResultResponse]
    already: list[BulkResultResponse]
    refused: list[BulkResultResponse]
    failed_again: list[BulkResultResponse]
    left: list[BulkResultResponse]
    unanswered: list[str]


class BulkSummaryLine(Response):
    """The last line of a bulk action's results."""

    summary: BulkSummaryResponse


def bulk_selection_response(command: BulkCommand, selection: BulkSelection) -> BulkSelectionResponse:
    return BulkSelectionResponse(
        act=command.action.name,
        targets=[_target_response(target) for target in selection.targets],
        unanswered=selection.unanswered_orders,
    )


def _target_response(target: BulkTarget) -> BulkStepResponse | BulkOrderResponse:
    step = target.step
    if step is None:
        return BulkOrderResponse(order_id=target.order_id)
    return BulkStepResponse(
        order_id=target.order_id,
        step=step.id,
        number=step.number,
        state=step.state,
        code=error_code(step),
        queue=step.queue,
        holder=step.holder,
        since=waiting_since(step),
    )


def bulk_result_response(result: BulkResult) -> BulkResultResponse:
    step = result.target.step
    return BulkResultResponse(
        order_id=result.target.order_id,
        step=step.id if step else None,
        outcome=result.outcome,
        code=result.code,
        message=result.message,
    )


def bulk_summary_response(command: BulkCommand, summary: BulkSummary, selection: BulkSelection) -> BulkSummaryResponse:
    def results(outcome: BulkOutcome) -> list[BulkResultResponse]:
        return [bulk_result_response(result) for result in summary.with_outcome(outcome)]

    return BulkSummaryResponse(
        act=command.action.name,
        stopped=summary.stop_reason,
        done=results("done"),
        already=results("already"),
        refused=results("refused"),
        failed_again=results("failed_again"),
        left=results("left"),
        unanswered=selection.unanswered_orders,
    )
