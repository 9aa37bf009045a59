"""What a bulk job and the activities that do its work say to each other."""

from __future__ import annotations

from typing import Any, Literal

from activity_contract.payloads import WireModel

QUERY_STEP_OUTCOME = "step_outcome"  # FulfilOrder: StepOutcomeRequest → StepOutcome

BulkAnswerKind = Literal["done", "already", "refused", "unanswered"]


class BulkUpdate(WireModel):
    """One request of a bulk job to one order."""

    position: int
    """Among the job's targets; it makes the update's id, so that an update that is sent twice counts once."""
    workflow_id: str
    request: dict[str, Any]


class BulkBatch(WireModel):
    job: str
    update: str
    """The name of the update."""
    updates: list[BulkUpdate]
    per_second: float


class BulkAnswer(WireModel):
    position: int
    kind: BulkAnswerKind
    message: str
    code: str | None = None
    """Of a refusal."""


class BulkBatchResult(WireModel):
    answers: list[BulkAnswer]


class StepOutcomeRequest(WireModel):
    step: str


class StepOutcome(WireModel):
    """How a step stands: its undo, while that is under way."""

    state: str
    code: str | None = None
    message: str = ""


class StepAsked(WireModel):
    position: int
    workflow_id: str
    step: str


class StepsAsked(WireModel):
    steps: list[StepAsked]


class StepFound(WireModel):
    position: int
    outcome: StepOutcome | None
    """None: the order has ended, or nobody answered."""


class StepsFound(WireModel):
    steps: list[StepFound]
