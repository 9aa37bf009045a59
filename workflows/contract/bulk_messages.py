"""A bulk job: one action on many orders or steps, done by a workflow, so that it outlives whoever has begun it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, field_serializer, field_validator

from workflows.contract.actions import ActionSpec
from workflows.contract.compressed_list import compress_items, decompress_items
from workflows.contract.order_messages import Actor, Message, OrderAction, StepAction
from workflows.contract.states import StepState

BULK_WORKFLOW_TYPE = "BulkAction"
BULK_PREFIX = "bulk/"
MEMO_BULK = "bulk"  # BulkJobCard
MAX_TARGETS = 10_000

SIGNAL_PAUSE = "pause"  # Actor
SIGNAL_CONTINUE = "continue"  # Actor
SIGNAL_STOP = "stop"  # Actor
QUERY_PROGRESS = "progress"  # None → BulkProgress
QUERY_RESULTS = "results"  # BulkResultsRequest → BulkResultsPage


def bulk_workflow_id(job: str) -> str:
    return f"{BULK_PREFIX}{job}"


class BulkJobTarget(Message):
    """A whole order, or a step as the person saw it."""

    order_id: str
    step: str | None = None
    number: int | None = None
    state: StepState | None = None
    """None: the action does not depend on it, as for an undo."""
    holder: str | None = None


class BulkOutcome(StrEnum):
    WAITING = "waiting"
    """Not tried yet."""
    DONE = "done"
    ALREADY = "already"
    """It had been done before."""
    REFUSED = "refused"
    FAILED_AGAIN = "failed_again"
    UNANSWERED = "unanswered"
    """No worker answered; it may still be carried out."""
    LEFT = "left"
    """Not tried, and not going to be: somebody else holds it, or the job was stopped."""


class BulkOrder(Message):
    """What a job does with each target."""

    action: str
    actor: Actor
    data: dict[str, Any] | None = None
    override: str | None = None
    take_over: bool = False


class BulkJobInput(Message):
    job: str
    order: BulkOrder
    targets: list[BulkJobTarget]
    per_second: float = 5.0
    max_failures: int | None = 5
    """The job stops after this many failures. None: no limit. Targets that have failed, together with those whose
    outcome is not known yet, never exceed it."""
    watch_seconds: float = 10.0
    """A step that was tried again counts as a success if it has not failed by then."""
    earlier: dict[str, Any] | None = None
    """What an earlier run of the workflow has done (workflows/core/bulk/bulk_run.py). None: this is the first one."""

    @field_serializer("targets", when_used="json")
    def _compress(self, targets: list[BulkJobTarget]) -> str:
        return compress_items(_TARGETS, targets)

    @field_validator("targets", mode="before")
    @classmethod
    def _decompress(cls, targets: object) -> object:
        return decompress_items(_TARGETS, targets)


_TARGETS = TypeAdapter(list[BulkJobTarget])

BulkState = Literal["running", "paused", "stopped", "done"]


class BulkJobCard(Message):
    """In the workflow's memo, for lists of jobs."""

    action: str
    by: str
    """Account and person, as people read it: `portal for ann`."""
    reason: str = ""
    total: int
    about: str = ""
    """What was chosen, in words: `steps in fallout, system crm, timeout`."""
    on_behalf_of: Annotated[str | None, Field(exclude_if=lambda name: name is None)] = None
    request_digest: Annotated[str, Field(exclude_if=lambda digest: not digest)] = ""
    """Of the request, if it named the job's id: the same request begins one job. Both are only serialised if they are
    set, so that clients of an earlier release can read the card."""


class BulkProgress(Message):
    job: str
    order: BulkOrder
    state: BulkState
    total: int
    counts: dict[BulkOutcome, int]
    failures: int
    per_second: float
    max_failures: int | None
    started_at: datetime
    ended_at: datetime | None = None
    changed_by: str | None = None
    """Who has paused, continued or stopped it last."""
    stop_reason: str | None = None
    """Why it ended before all targets were tried."""


class BulkTargetResult(Message):
    position: int
    target: BulkJobTarget
    outcome: BulkOutcome
    message: str = ""
    code: str | None = None


class BulkResultsRequest(Message):
    offset: int = 0
    limit: int = 500
    outcome: BulkOutcome | None = None


class BulkResultsPage(Message):
    results: list[BulkTargetResult]
    next_offset: int | None = None
    """Among the results with the requested outcome."""

    @field_serializer("results", when_used="json")
    def _compress(self, results: list[BulkTargetResult]) -> str:
        return compress_items(_RESULTS, results)

    @field_validator("results", mode="before")
    @classmethod
    def _decompress(cls, results: object) -> object:
        return decompress_items(_RESULTS, results)


_RESULTS = TypeAdapter(list[BulkTargetResult])


def bulk_request(spec: ActionSpec, order: BulkOrder, target: BulkJobTarget) -> StepAction | OrderAction:
    """The request to one target. `spec` is not `recover`, which is no update."""
    if target.step is None or spec.request is OrderAction:
        return OrderAction(actor=order.actor, step=target.step, override=order.override, take_over=order.take_over)
    return StepAction(
        step=target.step,
        actor=order.actor,
        data=order.data,
        expected=target.state,
        expected_holder=target.holder or "",
        take_over=order.take_over,
    )
