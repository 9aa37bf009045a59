"""The JSON of what happened to an order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import MISSING, Field

from operations.reading.order_details import DetailsSource, OrderDetails
from operations.reading.provenance import Provenance
from operations.responses import OrderReference, Response, SourcedResponse, source_fields
from workflows.contract.order_views import HistoryEntry, InterruptionKind
from workflows.contract.states import OrderState

if TYPE_CHECKING:
    from ledger.reading.single_order.attempts import StoredAttempt
    from ledger.reading.single_order.submissions import StoredSubmission
    from workflows.contract.order_changes import AmendmentRecord


class HistoryResponse(OrderReference):
    state: OrderState
    history: list[HistoryEntry]
    source: DetailsSource = Field(description="`ledger`: complete, and with the data that people entered")
    as_of: datetime | MISSING = Field(MISSING, description="From the ledger, which has all changes until then")
    lag_seconds: float | MISSING = Field(MISSING, description="How old `as_of` was when the answer was made")
    is_fed: bool | MISSING = Field(MISSING, description="Whether a worker writes to the ledger now")
    ledger_failure: str | MISSING = Field(MISSING, description="Why the ledger was not asked, although there is one")


def history_response(details: OrderDetails, entries: Sequence[HistoryEntry] | None = None) -> HistoryResponse:
    """`entries`: some of those of the order. None: all."""
    fields = source_fields(details.provenance, details.ledger_failure) | {"source": details.source}
    history = [*(details.order.history if entries is None else entries)]
    return HistoryResponse(order_id=details.order.order_id, state=details.order.state, history=history, **fields)


class ListedSubmissionResponse(Response):
    number: int = Field(description="From 1, by start")
    state: OrderState
    interrupted: InterruptionKind | MISSING = Field(
        MISSING, description="How it was ended from outside. Absent if it was not"
    )
    started_at: datetime
    ended_at: datetime | None
    revision: int | None = Field(description="Null: it is archived. `submission` of the order read reads its file")
    catalogue_version: str | None = Field(description="Null: it was not compiled, or is archived")
    current: bool = Field(description="Whether it is the latest one, which is read without `submission`")
    archived: bool = Field(description="Whether it was moved into the archive")
    erased_at: datetime | None = Field(description="When its personal data was erased; null: it was not")


class SubmissionListResponse(OrderReference, SourcedResponse):
    submissions: list[ListedSubmissionResponse] = Field(description="The oldest first")


def submission_list_response(
    order_id: str, submissions: Sequence[StoredSubmission], provenance: Provenance
) -> SubmissionListResponse:
    listed = [
        ListedSubmissionResponse(
            number=each.number,
            state=each.state,
            interrupted=each.interrupted or MISSING,
            started_at=each.started_at,
            ended_at=each.ended_at,
            revision=each.revision,
            catalogue_version=each.catalogue_version,
            current=each.is_current,
            archived=each.storage.archive_file is not None,
            erased_at=each.storage.erased_at,
        )
        for each in submissions
    ]
    return SubmissionListResponse(order_id=order_id, submissions=listed, **source_fields(provenance))


class AttemptResponse(Response):
    step: str
    number: int = Field(description="From 1, for each call that the step makes")
    undo: bool = Field(description="Whether it undid the step")
    started_at: datetime
    ended_at: datetime
    system: str | None
    outcome: str = Field(description="`succeeded` or `failed`")
    code: str | None
    status: int | None = Field(description="Of HTTP")
    message: str | None
    next_attempt_at: datetime | None = Field(description="When it is tried again automatically; null: it is not")
    worker: str


class AttemptsResponse(OrderReference):
    attempts: list[AttemptResponse] = Field(description="The oldest first")


def attempts_response(order_id: str, attempts: Sequence[StoredAttempt]) -> AttemptsResponse:
    return AttemptsResponse(
        order_id=order_id, attempts=[AttemptResponse.model_validate(attempt) for attempt in attempts]
    )


class AmendmentResponse(Response):
    revision: int = Field(description="The revision that it made")
    at: datetime
    by: str
    reason: str
    before: dict[str, Any] | None = Field(description="The order as submitted before; null if it is not known any more")
    after: dict[str, Any]


class AmendmentsResponse(OrderReference):
    amendments: list[AmendmentResponse] = Field(description="The oldest first")


def amendments_response(order_id: str, amendments: Sequence[AmendmentRecord]) -> AmendmentsResponse:
    found = [AmendmentResponse.model_validate(amendment) for amendment in amendments]
    return AmendmentsResponse(order_id=order_id, amendments=found)
