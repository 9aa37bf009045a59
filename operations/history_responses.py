"""The JSON of what happened to an order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import MISSING, Field

from operations.reading.order_details import DetailsSource, OrderDetails
from operations.responses import OrderReference, Response, source_fields
from workflows.contract.order_views import HistoryEntry
from workflows.contract.states import OrderState

if TYPE_CHECKING:
    from ledger.reading.single_order.attempts import StoredAttempt
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
