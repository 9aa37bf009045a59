"""States of steps, order lines and orders, as clients see them."""

from __future__ import annotations

from enum import StrEnum


class StepState(StrEnum):
    """DRO's step states (see docs/engine.md for each one's meaning)."""

    PENDING = "pending"
    SCHEDULED = "scheduled"
    READY = "ready"
    IN_PROGRESS = "in_progress"
    FAILED = "failed"
    FATALLY_FAILED = "fatally_failed"
    ON_HOLD = "on_hold"
    COMPLETED = "completed"
    SKIPPED = "skipped"
    FAILED_ACCEPTED = "failed_accepted"
    DISCARDED = "discarded"
    CANCELLED = "cancelled"
    AMENDED = "amended"


class OrderState(StrEnum):
    """TMF622's states of orders and order lines."""

    ACKNOWLEDGED = "acknowledged"
    REJECTED = "rejected"
    PENDING = "pending"
    HELD = "held"
    IN_PROGRESS = "in_progress"
    ASSESSING_CANCELLATION = "assessing_cancellation"
    PENDING_CANCELLATION = "pending_cancellation"
    CANCELLED = "cancelled"
    COMPLETED = "completed"
    PARTIAL = "partial"
    FAILED = "failed"


class Jeopardy(StrEnum):
    ON_TRACK = "on_track"
    AT_RISK = "at_risk"
    LATE = "late"


SETTLED = frozenset(
    {
        StepState.COMPLETED,
        StepState.SKIPPED,
        StepState.FAILED_ACCEPTED,
        StepState.DISCARDED,
        StepState.CANCELLED,
        StepState.AMENDED,
    }
)
"""The order does not wait for these any more, and followers may start. Only an undo or an amendment changes them."""


ENDED_ORDER_STATES = frozenset(
    {OrderState.COMPLETED, OrderState.PARTIAL, OrderState.FAILED, OrderState.CANCELLED, OrderState.REJECTED}
)


CANCELLED_STATES = frozenset({StepState.DISCARDED, StepState.CANCELLED})
"""The step was discarded before it started, or it was undone. Later steps continue as if it had never existed. If a
step is undone because it will be redone, its state is `pending` instead."""


DONE = frozenset({StepState.COMPLETED, StepState.AMENDED})


NOT_BEGUN = frozenset({StepState.PENDING, StepState.SCHEDULED, StepState.READY})

RELIED_ON_FAILED = "relied_on_failed"
"""The failure code of a step that cannot start, because its line relies on another line that was rolled back."""
