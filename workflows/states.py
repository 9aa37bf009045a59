"""States of steps, order lines and orders, and what may follow what. The one place where these rules stand."""

from __future__ import annotations

from collections.abc import Collection, Mapping
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
    """TMF622's words for orders and order lines."""

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


class IllegalTransition(Exception):
    """A state was to follow another that it cannot follow: a mistake in the engine, not in an order."""

    def __init__(self, step_id: str, before: StepState, after: StepState) -> None:
        super().__init__(f"step {step_id} cannot go from {before} to {after}")


S = StepState

TRANSITIONS: Mapping[StepState, frozenset[StepState]] = {
    # its turn has come: a start time lies ahead, it may start, its condition is false, or that could not be judged
    S.PENDING: frozenset({S.SCHEDULED, S.READY, S.SKIPPED, S.FATALLY_FAILED}),
    S.SCHEDULED: frozenset({S.READY}),
    S.READY: frozenset({S.IN_PROGRESS}),
    S.IN_PROGRESS: frozenset({S.COMPLETED, S.FAILED, S.FATALLY_FAILED, S.FAILED_ACCEPTED}),
    # the pause is over; or a callback or the end of `within` comes during the pause
    S.FAILED: frozenset({S.IN_PROGRESS, S.COMPLETED, S.FATALLY_FAILED, S.FAILED_ACCEPTED}),
    # a person retries it (pending: whether and when it starts is judged anew), completes it or skips it
    S.FATALLY_FAILED: frozenset({S.PENDING, S.READY, S.COMPLETED, S.SKIPPED}),
    S.ON_HOLD: frozenset(),
    S.COMPLETED: frozenset(),
    S.SKIPPED: frozenset(),
    S.FAILED_ACCEPTED: frozenset(),
    S.DISCARDED: frozenset(),
    S.CANCELLED: frozenset(),
    S.AMENDED: frozenset(),
}

SETTLED = frozenset({S.COMPLETED, S.SKIPPED, S.FAILED_ACCEPTED, S.DISCARDED, S.CANCELLED, S.AMENDED})
"""Nothing more happens to these while the order goes forward; whoever waited for them may go on."""

NOT_BEGUN = frozenset({S.PENDING, S.SCHEDULED, S.READY})


class Share(StrEnum):
    """What a step's state means for the lines that it serves."""

    AHEAD = "ahead"
    UNDER_WAY = "under_way"
    DONE = "done"
    GIVEN_UP = "given_up"
    UNDONE = "undone"


SHARES: Mapping[StepState, Share] = {
    S.PENDING: Share.AHEAD,
    S.SCHEDULED: Share.AHEAD,
    S.READY: Share.AHEAD,
    S.IN_PROGRESS: Share.UNDER_WAY,
    S.FAILED: Share.UNDER_WAY,
    S.FATALLY_FAILED: Share.UNDER_WAY,
    S.ON_HOLD: Share.UNDER_WAY,
    S.COMPLETED: Share.DONE,
    S.SKIPPED: Share.DONE,
    S.AMENDED: Share.DONE,
    S.FAILED_ACCEPTED: Share.GIVEN_UP,
    S.DISCARDED: Share.UNDONE,
    S.CANCELLED: Share.UNDONE,
}

LINE_STATES: tuple[tuple[frozenset[Share], frozenset[Share], OrderState], ...] = (
    # (at least one of these, and nothing beyond these) → the line is …; the first row that fits
    (frozenset(), frozenset(), OrderState.COMPLETED),
    (frozenset({Share.AHEAD}), frozenset({Share.AHEAD}), OrderState.ACKNOWLEDGED),
    (frozenset({Share.AHEAD, Share.UNDER_WAY}), frozenset(Share), OrderState.IN_PROGRESS),
    (frozenset({Share.DONE}), frozenset({Share.DONE}), OrderState.COMPLETED),
    (frozenset({Share.UNDONE}), frozenset({Share.UNDONE}), OrderState.CANCELLED),
    (frozenset(Share), frozenset(Share), OrderState.PARTIAL),
)
"""A line that no step serves has nothing to wait for (`no_work_for`)."""

O = OrderState  # noqa: E741

ORDER_STATES: tuple[tuple[frozenset[OrderState], frozenset[OrderState], OrderState], ...] = (
    # (at least one of these, and nothing beyond these) → the order is …; the first row that fits
    (frozenset(), frozenset(), O.COMPLETED),
    (frozenset({O.ACKNOWLEDGED}), frozenset({O.ACKNOWLEDGED}), O.ACKNOWLEDGED),
    (frozenset({O.ACKNOWLEDGED, O.IN_PROGRESS}), frozenset(O), O.IN_PROGRESS),
    (frozenset({O.COMPLETED}), frozenset({O.COMPLETED}), O.COMPLETED),
    (frozenset({O.CANCELLED}), frozenset({O.CANCELLED}), O.CANCELLED),
    (frozenset({O.COMPLETED, O.PARTIAL, O.CANCELLED}), frozenset(O), O.PARTIAL),
)


def line_state(steps: Collection[StepState]) -> OrderState:
    """A line's state by those of the steps that serve it."""
    shares = frozenset(SHARES[state] for state in steps)
    return next(state for some, all_, state in LINE_STATES if (not some or shares & some) and shares <= all_)


def order_state(lines: Collection[OrderState]) -> OrderState:
    """An order's state by those of its order lines."""
    states = frozenset(lines)
    return next(state for some, all_, state in ORDER_STATES if (not some or states & some) and states <= all_)
