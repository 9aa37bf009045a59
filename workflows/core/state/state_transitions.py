"""States of steps, order lines and orders, and what may follow what. The one place where these rules stand."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum

from workflows.contract.states import TAKEN_BACK, OrderState, StepState


class UndoReason(StrEnum):
    """Why a step is taken back, and so what becomes of it once it is undone."""

    CANCELLATION = "cancellation"
    """The customer does not want it any more."""
    FAILURE = "failure"
    """Something has failed, and this is rolled back with it."""
    AMENDMENT = "amendment"
    """The order does not ask for it any more."""
    REDO = "redo"
    """It is done again."""
    REVISION = "revision"
    """It is done again as an amendment wants it."""


REDO_REASONS = frozenset({UndoReason.REDO, UndoReason.REVISION})


class IllegalTransition(Exception):
    """A state was to follow another that it cannot follow: a mistake in the engine, not in an order."""

    def __init__(self, step_id: str, old: StepState, new: StepState) -> None:
        super().__init__(f"step {step_id} cannot go from {old} to {new}")


S = StepState


TRANSITIONS: Mapping[StepState, frozenset[StepState]] = {
    # its turn has come: a start time lies ahead, it may start, its condition is false, or that could not be judged
    # failed_accepted: what it waited for in another order will not be done, and that is accepted
    S.PENDING: frozenset({S.SCHEDULED, S.READY, S.SKIPPED, S.FATALLY_FAILED, S.FAILED_ACCEPTED, S.ON_HOLD})
    | TAKEN_BACK,
    # pending: what it waited for is done again
    S.SCHEDULED: frozenset({S.READY, S.PENDING, S.ON_HOLD}) | TAKEN_BACK,
    S.READY: frozenset({S.IN_PROGRESS, S.PENDING, S.ON_HOLD}) | TAKEN_BACK,
    S.IN_PROGRESS: frozenset(
        {S.COMPLETED, S.AMENDED, S.FAILED, S.FATALLY_FAILED, S.FAILED_ACCEPTED, S.CANCELLED, S.PENDING}
    ),
    # the pause is over; or a callback or the end of `within` comes during the pause
    S.FAILED: frozenset(
        {S.IN_PROGRESS, S.COMPLETED, S.AMENDED, S.FATALLY_FAILED, S.FAILED_ACCEPTED, S.CANCELLED, S.PENDING, S.ON_HOLD}
    ),
    # a person retries it (pending: whether and when it starts is judged anew), completes it or skips it; or it is
    # called back after all
    S.FATALLY_FAILED: frozenset({S.PENDING, S.READY, S.COMPLETED, S.AMENDED, S.SKIPPED, S.FAILED_ACCEPTED, S.ON_HOLD})
    | TAKEN_BACK,
    # it is resumed; what had begun may also be called back or come to the end of `within` meanwhile
    S.ON_HOLD: frozenset(
        {S.READY, S.IN_PROGRESS, S.PENDING, S.COMPLETED, S.AMENDED, S.FATALLY_FAILED, S.FAILED_ACCEPTED}
    )
    | TAKEN_BACK,
    # undone; pending: to be done again
    S.COMPLETED: frozenset({S.CANCELLED, S.PENDING}),
    S.SKIPPED: frozenset({S.CANCELLED, S.PENDING}),
    S.FAILED_ACCEPTED: frozenset({S.CANCELLED, S.PENDING}),
    S.AMENDED: frozenset({S.CANCELLED, S.PENDING}),
    # an amendment asks for it again
    S.DISCARDED: frozenset({S.PENDING}),
    S.CANCELLED: frozenset({S.PENDING}),
}

UNDO_TRANSITIONS: Mapping[StepState, frozenset[StepState]] = {
    # what depends on the step is undone; completed: there is nothing to undo
    S.PENDING: frozenset({S.READY, S.COMPLETED, S.FATALLY_FAILED, S.ON_HOLD}),
    # completed: it is tried again, and called back before that
    S.READY: frozenset({S.IN_PROGRESS, S.COMPLETED, S.FATALLY_FAILED, S.ON_HOLD}),
    S.IN_PROGRESS: frozenset({S.COMPLETED, S.FAILED, S.FATALLY_FAILED}),
    # the pause is over; or it is called back during the pause
    S.FAILED: frozenset({S.IN_PROGRESS, S.COMPLETED, S.FATALLY_FAILED, S.ON_HOLD}),
    # a person retries it, says that it is undone, or that it needs not be
    S.FATALLY_FAILED: frozenset({S.PENDING, S.COMPLETED, S.SKIPPED}),
    # it is resumed; what had begun may be called back meanwhile
    S.ON_HOLD: frozenset({S.PENDING, S.IN_PROGRESS, S.COMPLETED, S.FATALLY_FAILED}),
    S.COMPLETED: frozenset(),
    S.SKIPPED: frozenset(),
}
"""Of the undo of a step, which goes through the same states."""


class StepContribution(StrEnum):
    """What a step's state means for the lines that it serves."""

    NOT_STARTED = "ahead"
    IN_PROGRESS = "under_way"
    DONE = "done"
    NOT_NEEDED = "nothing"
    """Nothing was to be done."""
    FAILURE_ACCEPTED = "given_up"
    CANCELLED = "undone"
    """Nobody wanted it any more."""
    ROLLED_BACK = "rolled_back"
    """After a failure."""


CONTRIBUTIONS: Mapping[StepState, StepContribution] = {
    S.PENDING: StepContribution.NOT_STARTED,
    S.SCHEDULED: StepContribution.NOT_STARTED,
    S.READY: StepContribution.NOT_STARTED,
    S.IN_PROGRESS: StepContribution.IN_PROGRESS,
    S.FAILED: StepContribution.IN_PROGRESS,
    S.FATALLY_FAILED: StepContribution.IN_PROGRESS,
    S.ON_HOLD: StepContribution.IN_PROGRESS,
    S.COMPLETED: StepContribution.DONE,
    S.SKIPPED: StepContribution.NOT_NEEDED,
    S.AMENDED: StepContribution.DONE,
    S.FAILED_ACCEPTED: StepContribution.FAILURE_ACCEPTED,
    S.DISCARDED: StepContribution.CANCELLED,
    S.CANCELLED: StepContribution.CANCELLED,
}

UNDONE_CONTRIBUTIONS: Mapping[UndoReason, StepContribution] = {
    UndoReason.CANCELLATION: StepContribution.CANCELLED,
    UndoReason.FAILURE: StepContribution.ROLLED_BACK,
    UndoReason.AMENDMENT: StepContribution.NOT_NEEDED,
}
"""What a step that was taken back means for its lines; one that is being taken back is under way."""

LINE_STATE_RULES: tuple[tuple[frozenset[StepContribution], frozenset[StepContribution], OrderState], ...] = (
    # (at least one of these, and nothing beyond these) → the line is …; the first row that fits
    (frozenset(), frozenset(), OrderState.COMPLETED),
    (frozenset({StepContribution.NOT_STARTED}), frozenset({StepContribution.NOT_STARTED}), OrderState.ACKNOWLEDGED),
    (
        frozenset({StepContribution.NOT_STARTED, StepContribution.IN_PROGRESS}),
        frozenset(StepContribution),
        OrderState.IN_PROGRESS,
    ),
    (
        frozenset({StepContribution.DONE, StepContribution.NOT_NEEDED}),
        frozenset({StepContribution.DONE, StepContribution.NOT_NEEDED}),
        OrderState.COMPLETED,
    ),
    (
        frozenset({StepContribution.CANCELLED}),
        frozenset({StepContribution.CANCELLED, StepContribution.NOT_NEEDED}),
        OrderState.CANCELLED,
    ),
    (
        frozenset({StepContribution.ROLLED_BACK}),
        frozenset({StepContribution.ROLLED_BACK, StepContribution.CANCELLED, StepContribution.NOT_NEEDED}),
        OrderState.FAILED,
    ),
    (frozenset(StepContribution), frozenset(StepContribution), OrderState.PARTIAL),
)
"""A line that no step serves has nothing to wait for (`no_work_for`)."""

O = OrderState  # noqa: E741

OPEN_ORDER_STATES = frozenset({O.ACKNOWLEDGED, O.IN_PROGRESS, O.HELD, O.ASSESSING_CANCELLATION, O.PENDING_CANCELLATION})

ORDER_STATE_RULES: tuple[tuple[frozenset[OrderState], frozenset[OrderState], OrderState], ...] = (
    # (at least one of these, and nothing beyond these) → the order is …; the first row that fits
    (frozenset(), frozenset(), O.COMPLETED),
    (frozenset({O.ACKNOWLEDGED}), frozenset({O.ACKNOWLEDGED}), O.ACKNOWLEDGED),
    (OPEN_ORDER_STATES, frozenset(O), O.IN_PROGRESS),
    (frozenset({O.COMPLETED}), frozenset({O.COMPLETED}), O.COMPLETED),
    (frozenset({O.CANCELLED}), frozenset({O.CANCELLED}), O.CANCELLED),
    (frozenset({O.FAILED}), frozenset({O.FAILED, O.CANCELLED}), O.FAILED),
    (frozenset({O.COMPLETED, O.PARTIAL, O.CANCELLED, O.FAILED}), frozenset(O), O.PARTIAL),
)


class OrderFlag(StrEnum):
    """What is so with an order, or a line, that has not ended."""

    STOPPING = "stopping"
    """It is cancelled, and attempts are still under way: what is to be undone shows when they end."""
    CANCELLING = "cancelling"
    HELD = "held"
    STARTED = "begun"


RUNNING_STATE_RULES: tuple[tuple[frozenset[OrderFlag], OrderState], ...] = (
    # all of these are so → the order is …; the first row that fits
    (frozenset({OrderFlag.CANCELLING, OrderFlag.STOPPING}), O.ASSESSING_CANCELLATION),
    (frozenset({OrderFlag.CANCELLING}), O.PENDING_CANCELLATION),
    (frozenset({OrderFlag.HELD}), O.HELD),
    (frozenset({OrderFlag.STARTED}), O.IN_PROGRESS),
    (frozenset(), O.ACKNOWLEDGED),
)


def step_contribution(state: StepState, undo_reason: UndoReason | None, *, undoing: bool) -> StepContribution:
    """A step's; `undoing`: it is being taken back right now."""
    if undoing:
        return StepContribution.IN_PROGRESS
    share = CONTRIBUTIONS[state]
    return (
        UNDONE_CONTRIBUTIONS.get(undo_reason, share) if share is StepContribution.CANCELLED and undo_reason else share
    )


def line_state(contributions: Collection[StepContribution]) -> OrderState:
    """A line's state by the shares of the steps that serve it."""
    given = frozenset(contributions)
    return next(state for some, all_, state in LINE_STATE_RULES if (not some or given & some) and given <= all_)


def order_state(lines: Collection[OrderState]) -> OrderState:
    """An order's state by those of its order lines."""
    states = frozenset(lines)
    return next(state for some, all_, state in ORDER_STATE_RULES if (not some or states & some) and states <= all_)


def running_state(flags: Collection[OrderFlag]) -> OrderState:
    """Of an order, or a line, that has not ended."""
    given = frozenset(flags)
    return next(state for all_, state in RUNNING_STATE_RULES if all_ <= given)
