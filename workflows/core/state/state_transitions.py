"""Which state may follow which, and how the states of steps determine those of lines and of the order.

All such rules are tables here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from functools import cache

from workflows.contract.states import CANCELLED_STATES, OrderState, StepState


class UndoReason(StrEnum):
    """Why a step is undone. The reason decides what becomes of the step afterwards."""

    CANCELLATION = "cancellation"
    """The customer no longer wants the step."""
    FAILURE = "failure"
    """The step is rolled back, because something has failed."""
    AMENDMENT = "amendment"
    """The amended order no longer contains the step."""
    REDO = "redo"
    """The step is done again."""
    REVISION = "revision"
    """The step is done again, with the input of the amended order."""


REDO_REASONS = frozenset({UndoReason.REDO, UndoReason.REVISION})


class IllegalTransition(Exception):
    """A state cannot follow the current one. This is an error of the engine, not of the order."""

    def __init__(self, step_id: str, old: StepState, new: StepState) -> None:
        super().__init__(f"step {step_id} cannot go from {old} to {new}")


S = StepState


TRANSITIONS: Mapping[StepState, frozenset[StepState]] = {
    # Predecessors are settled. fatally_failed: `when` or `start` has no value. failed_accepted: a step of another order
    # that it waits for will not be done, and `on_failure` accepts that.
    S.PENDING: frozenset({S.SCHEDULED, S.READY, S.SKIPPED, S.FATALLY_FAILED, S.FAILED_ACCEPTED, S.ON_HOLD})
    | CANCELLED_STATES,
    # pending: a predecessor is redone.
    S.SCHEDULED: frozenset({S.READY, S.PENDING, S.ON_HOLD}) | CANCELLED_STATES,
    S.READY: frozenset({S.IN_PROGRESS, S.PENDING, S.ON_HOLD}) | CANCELLED_STATES,
    S.IN_PROGRESS: frozenset(
        {S.COMPLETED, S.AMENDED, S.FAILED, S.FATALLY_FAILED, S.FAILED_ACCEPTED, S.CANCELLED, S.PENDING}
    ),
    # The pause is over; or a callback arrives, or `within` ends, during the pause.
    S.FAILED: frozenset(
        {S.IN_PROGRESS, S.COMPLETED, S.AMENDED, S.FATALLY_FAILED, S.FAILED_ACCEPTED, S.CANCELLED, S.PENDING, S.ON_HOLD}
    ),
    # A person retries it (pending: `when` and `start` are evaluated again), completes or skips it; or a late callback
    # arrives.
    S.FATALLY_FAILED: frozenset({S.PENDING, S.READY, S.COMPLETED, S.AMENDED, S.SKIPPED, S.FAILED_ACCEPTED, S.ON_HOLD})
    | CANCELLED_STATES,
    # It is resumed; or, if it had begun, a callback arrives or `within` ends during the hold.
    S.ON_HOLD: frozenset(
        {S.READY, S.IN_PROGRESS, S.PENDING, S.COMPLETED, S.AMENDED, S.FATALLY_FAILED, S.FAILED_ACCEPTED}
    )
    | CANCELLED_STATES,
    # cancelled: it is undone. pending: it is redone.
    S.COMPLETED: frozenset({S.CANCELLED, S.PENDING}),
    S.SKIPPED: frozenset({S.CANCELLED, S.PENDING}),
    S.FAILED_ACCEPTED: frozenset({S.CANCELLED, S.PENDING}),
    S.AMENDED: frozenset({S.CANCELLED, S.PENDING}),
    # An amendment adds it again.
    S.DISCARDED: frozenset({S.PENDING}),
    S.CANCELLED: frozenset({S.PENDING}),
}

UNDO_TRANSITIONS: Mapping[StepState, frozenset[StepState]] = {
    # Everything that depends on the step is undone. completed: there is nothing to undo.
    S.PENDING: frozenset({S.READY, S.COMPLETED, S.FATALLY_FAILED, S.ON_HOLD}),
    # completed: a late callback arrives before a retry.
    S.READY: frozenset({S.IN_PROGRESS, S.COMPLETED, S.FATALLY_FAILED, S.ON_HOLD}),
    S.IN_PROGRESS: frozenset({S.COMPLETED, S.FAILED, S.FATALLY_FAILED}),
    # The pause is over; or a callback arrives during the pause.
    S.FAILED: frozenset({S.IN_PROGRESS, S.COMPLETED, S.FATALLY_FAILED, S.ON_HOLD}),
    # A person retries it, completes it (it is undone), or skips it (the effect may stay).
    S.FATALLY_FAILED: frozenset({S.PENDING, S.COMPLETED, S.SKIPPED}),
    # It is resumed; or, if it had begun, a callback arrives during the hold.
    S.ON_HOLD: frozenset({S.PENDING, S.IN_PROGRESS, S.COMPLETED, S.FATALLY_FAILED}),
    S.COMPLETED: frozenset(),
    S.SKIPPED: frozenset(),
}
"""The undo of a step goes through the same states as the step."""


class StepContribution(StrEnum):
    """What a step means for the states of the lines that it serves."""

    NOT_STARTED = "ahead"
    IN_PROGRESS = "under_way"
    DONE = "done"
    NOT_NEEDED = "nothing"
    """The step was skipped, or an amendment removed it."""
    FAILURE_ACCEPTED = "given_up"
    CANCELLED = "undone"
    """The step was cancelled, because the customer no longer wanted it."""
    ROLLED_BACK = "rolled_back"
    """The step was undone after a failure."""


C, O = StepContribution, OrderState  # noqa: E741

CONTRIBUTIONS: Mapping[StepState, StepContribution] = {
    S.PENDING: C.NOT_STARTED,
    S.SCHEDULED: C.NOT_STARTED,
    S.READY: C.NOT_STARTED,
    S.IN_PROGRESS: C.IN_PROGRESS,
    S.FAILED: C.IN_PROGRESS,
    S.FATALLY_FAILED: C.IN_PROGRESS,
    S.ON_HOLD: C.IN_PROGRESS,
    S.COMPLETED: C.DONE,
    S.SKIPPED: C.NOT_NEEDED,
    S.AMENDED: C.DONE,
    S.FAILED_ACCEPTED: C.FAILURE_ACCEPTED,
    S.DISCARDED: C.CANCELLED,
    S.CANCELLED: C.CANCELLED,
}

UNDONE_CONTRIBUTIONS: Mapping[UndoReason, StepContribution] = {
    UndoReason.CANCELLATION: C.CANCELLED,
    UndoReason.FAILURE: C.ROLLED_BACK,
    UndoReason.AMENDMENT: C.NOT_NEEDED,
}
"""What a step means for its lines after it has been undone. While it is being undone, it counts as in progress."""

LINE_STATE_RULES: tuple[tuple[frozenset[StepContribution], frozenset[StepContribution], OrderState], ...] = (
    # (at least one of these, and no others than these) → the line's state. The first row that matches counts.
    (frozenset(), frozenset(), O.COMPLETED),  # no step serves the line (`no_work_for`)
    (frozenset({C.NOT_STARTED}), frozenset({C.NOT_STARTED}), O.ACKNOWLEDGED),
    (frozenset({C.NOT_STARTED, C.IN_PROGRESS}), frozenset(C), O.IN_PROGRESS),
    (frozenset({C.DONE, C.NOT_NEEDED}), frozenset({C.DONE, C.NOT_NEEDED}), O.COMPLETED),
    (frozenset({C.CANCELLED}), frozenset({C.CANCELLED, C.NOT_NEEDED}), O.CANCELLED),
    (frozenset({C.ROLLED_BACK}), frozenset({C.ROLLED_BACK, C.CANCELLED, C.NOT_NEEDED}), O.FAILED),
    (frozenset(C), frozenset(C), O.PARTIAL),
)

OPEN_ORDER_STATES = frozenset({O.ACKNOWLEDGED, O.IN_PROGRESS, O.HELD, O.ASSESSING_CANCELLATION, O.PENDING_CANCELLATION})

ORDER_STATE_RULES: tuple[tuple[frozenset[OrderState], frozenset[OrderState], OrderState], ...] = (
    # (at least one of these, and no others than these) → the order's state. The first row that matches counts.
    (frozenset(), frozenset(), O.COMPLETED),
    (frozenset({O.ACKNOWLEDGED}), frozenset({O.ACKNOWLEDGED}), O.ACKNOWLEDGED),
    (OPEN_ORDER_STATES, frozenset(O), O.IN_PROGRESS),
    (frozenset({O.COMPLETED}), frozenset({O.COMPLETED}), O.COMPLETED),
    (frozenset({O.CANCELLED}), frozenset({O.CANCELLED}), O.CANCELLED),
    (frozenset({O.FAILED}), frozenset({O.FAILED, O.CANCELLED}), O.FAILED),
    (frozenset({O.COMPLETED, O.PARTIAL, O.CANCELLED, O.FAILED}), frozenset(O), O.PARTIAL),
)


class OrderFlag(StrEnum):
    """What is true of an order, or a line, that has not ended."""

    STOPPING = "stopping"
    """The order or line is cancelled, but attempts still run. What must be undone is known only when they end."""
    CANCELLING = "cancelling"
    HELD = "held"
    STARTED = "begun"


RUNNING_STATE_RULES: tuple[tuple[frozenset[OrderFlag], OrderState], ...] = (
    # all of these are true → the state. The first row that matches counts.
    (frozenset({OrderFlag.CANCELLING, OrderFlag.STOPPING}), O.ASSESSING_CANCELLATION),
    (frozenset({OrderFlag.CANCELLING}), O.PENDING_CANCELLATION),
    (frozenset({OrderFlag.HELD}), O.HELD),
    (frozenset({OrderFlag.STARTED}), O.IN_PROGRESS),
    (frozenset(), O.ACKNOWLEDGED),
)


def step_contribution(state: StepState, undo_reason: UndoReason | None, *, undoing: bool) -> StepContribution:
    if undoing:
        return C.IN_PROGRESS
    contribution = CONTRIBUTIONS[state]
    if contribution is C.CANCELLED and undo_reason:
        return UNDONE_CONTRIBUTIONS.get(undo_reason, contribution)
    return contribution


def line_state(contributions: Collection[StepContribution]) -> OrderState:
    """A line's state, by the steps that serve it."""
    return _line_state(frozenset(contributions))


@cache
def _line_state(present: frozenset[StepContribution]) -> OrderState:
    return next(state for some, all_, state in LINE_STATE_RULES if (not some or present & some) and present <= all_)


def removed_line_state(state: OrderState) -> OrderState:
    """The state of a line that an amendment has removed, by the state that its steps give it."""
    return state if state in OPEN_ORDER_STATES else O.CANCELLED


def order_state(lines: Collection[OrderState]) -> OrderState:
    """An order's state, by the states of its order lines."""
    present = frozenset(lines)
    return next(state for some, all_, state in ORDER_STATE_RULES if (not some or present & some) and present <= all_)


def running_state(flags: Collection[OrderFlag]) -> OrderState:
    """The state of an order, or a line, that has not ended."""
    return _running_state(frozenset(flags))


@cache
def _running_state(present: frozenset[OrderFlag]) -> OrderState:
    return next(state for all_, state in RUNNING_STATE_RULES if all_ <= present)
