"""The tables of workflows/core/state/state_transitions.py: allowed transitions, and the roll-up of states."""

from __future__ import annotations

from itertools import product

import pytest

from tests.support.core.order_driver import OrderDriver
from tests.support.core.plans import call
from workflows.contract.states import CANCELLED_STATES, SETTLED, OrderState, StepState
from workflows.core.state.state_transitions import (
    CONTRIBUTIONS,
    OPEN_ORDER_STATES,
    TRANSITIONS,
    UNDO_TRANSITIONS,
    IllegalTransition,
    OrderFlag,
    StepContribution,
    UndoReason,
    line_state,
    order_state,
    running_state,
    step_contribution,
)
from workflows.core.state.step_run import UndoRun

S, O, C = StepState, OrderState, OrderFlag  # noqa: E741
PAIRS = list(product(StepState, StepState))


@pytest.mark.parametrize(("before", "after"), [pair for pair in PAIRS if pair[1] in TRANSITIONS[pair[0]]])
def test_allowed_transitions(before: StepState, after: StepState) -> None:
    driven = OrderDriver({"a": call()})
    driven.run.set_state(driven.step("a"), before)
    driven.run.transition(driven.step("a"), after)
    assert driven.state("a") is after


@pytest.mark.parametrize(("before", "after"), [pair for pair in PAIRS if pair[1] not in TRANSITIONS[pair[0]]])
def test_other_transitions_are_illegal(before: StepState, after: StepState) -> None:
    driven = OrderDriver({"a": call()})
    driven.run.set_state(driven.step("a"), before)
    with pytest.raises(IllegalTransition):
        driven.run.transition(driven.step("a"), after)


def test_every_state_has_a_row_and_settled_states_end_only_by_undo() -> None:
    assert set(TRANSITIONS) == set(StepState)
    assert all(TRANSITIONS[state] <= {S.CANCELLED, S.PENDING} for state in SETTLED)
    assert all(TRANSITIONS[state] <= {S.PENDING} for state in CANCELLED_STATES)
    never = {S.SCHEDULED, S.FAILED_ACCEPTED, S.DISCARDED, S.CANCELLED, S.AMENDED}
    assert UNDO_TRANSITIONS.keys() == set(StepState) - never


def test_illegal_transition_leads_to_fallout_in_production() -> None:
    driven = OrderDriver({"a": call(), "b": call(after=["a"])}, strict=False)
    driven.run.set_state(driven.step("a"), S.SCHEDULED)
    driven.answer("a", {})
    assert driven.state("a") is S.FATALLY_FAILED
    failure = driven.step("a").failure
    assert failure is not None
    assert failure.code == "internal_error"
    assert driven.state("b") is S.PENDING


@pytest.mark.parametrize(
    ("steps", "state"),
    [
        ((), O.COMPLETED),
        ((S.PENDING, S.SCHEDULED, S.READY), O.ACKNOWLEDGED),
        ((S.PENDING, S.COMPLETED), O.IN_PROGRESS),
        ((S.IN_PROGRESS,), O.IN_PROGRESS),
        ((S.FAILED, S.COMPLETED), O.IN_PROGRESS),
        ((S.FATALLY_FAILED, S.COMPLETED), O.IN_PROGRESS),
        ((S.ON_HOLD,), O.IN_PROGRESS),
        ((S.COMPLETED, S.SKIPPED, S.AMENDED), O.COMPLETED),
        ((S.SKIPPED,), O.COMPLETED),
        ((S.SKIPPED, S.CANCELLED), O.CANCELLED),
        ((S.CANCELLED, S.DISCARDED), O.CANCELLED),
        ((S.FAILED_ACCEPTED,), O.PARTIAL),
        ((S.COMPLETED, S.FAILED_ACCEPTED), O.PARTIAL),
        ((S.COMPLETED, S.CANCELLED), O.PARTIAL),
    ],
)
def test_line_state_is_rolled_up_from_its_steps(steps: tuple[StepState, ...], state: OrderState) -> None:
    assert line_state([CONTRIBUTIONS[step] for step in steps]) is state


@pytest.mark.parametrize(
    ("shares", "state"),
    [
        ({StepContribution.ROLLED_BACK}, O.FAILED),
        ({StepContribution.ROLLED_BACK, StepContribution.NOT_NEEDED}, O.FAILED),
        ({StepContribution.ROLLED_BACK, StepContribution.CANCELLED}, O.FAILED),
        ({StepContribution.ROLLED_BACK, StepContribution.DONE}, O.PARTIAL),
        ({StepContribution.CANCELLED, StepContribution.DONE, StepContribution.NOT_NEEDED}, O.PARTIAL),
    ],
)
def test_rolled_back_steps_make_a_line_fail(shares: set[StepContribution], state: OrderState) -> None:
    assert line_state(shares) is state


@pytest.mark.parametrize(
    ("state", "withdrawal", "share"),
    [
        (S.CANCELLED, UndoReason.CANCELLATION, StepContribution.CANCELLED),
        (S.DISCARDED, UndoReason.FAILURE, StepContribution.ROLLED_BACK),
        (S.CANCELLED, UndoReason.AMENDMENT, StepContribution.NOT_NEEDED),
        (S.CANCELLED, None, StepContribution.CANCELLED),
        (S.COMPLETED, UndoReason.REVISION, StepContribution.DONE),
        (S.PENDING, UndoReason.REVISION, StepContribution.NOT_STARTED),
    ],
)
def test_contribution_of_an_undone_step_depends_on_the_undo_reason(
    state: StepState, withdrawal: UndoReason | None, share: StepContribution
) -> None:
    assert step_contribution(state, withdrawal, undoing=False) is share
    assert step_contribution(state, withdrawal, undoing=True) is StepContribution.IN_PROGRESS


@pytest.mark.parametrize(
    ("lines", "state"),
    [
        ((), O.COMPLETED),
        ((O.ACKNOWLEDGED,), O.ACKNOWLEDGED),
        ((O.ACKNOWLEDGED, O.COMPLETED), O.IN_PROGRESS),
        ((O.IN_PROGRESS, O.PARTIAL), O.IN_PROGRESS),
        ((O.COMPLETED, O.COMPLETED), O.COMPLETED),
        ((O.CANCELLED,), O.CANCELLED),
        ((O.COMPLETED, O.CANCELLED), O.PARTIAL),
        ((O.COMPLETED, O.PARTIAL), O.PARTIAL),
        ((O.FAILED, O.CANCELLED), O.FAILED),
        ((O.FAILED, O.COMPLETED), O.PARTIAL),
        ((O.HELD, O.COMPLETED), O.IN_PROGRESS),
    ],
)
def test_order_state_is_rolled_up_from_its_lines(lines: tuple[OrderState, ...], state: OrderState) -> None:
    assert order_state(lines) is state


def test_every_mixture_of_contributions_has_a_line_state() -> None:
    for first, second, third in product(StepState, repeat=3):
        assert line_state([CONTRIBUTIONS[first], CONTRIBUTIONS[second], CONTRIBUTIONS[third]]) in OrderState


@pytest.mark.parametrize(
    ("conditions", "state"),
    [
        (set(), O.ACKNOWLEDGED),
        ({C.STARTED}, O.IN_PROGRESS),
        ({C.STARTED, C.HELD}, O.HELD),
        ({C.STARTED, C.CANCELLING}, O.PENDING_CANCELLATION),
        ({C.STARTED, C.CANCELLING, C.HELD}, O.PENDING_CANCELLATION),
        ({C.STARTED, C.CANCELLING, C.STOPPING}, O.ASSESSING_CANCELLATION),
        ({C.STARTED, C.STOPPING}, O.IN_PROGRESS),
    ],
)
def test_flags_determine_the_state_of_a_running_order(conditions: set[OrderFlag], state: OrderState) -> None:
    assert running_state(conditions) is state


def test_a_line_without_flags_of_its_order_keeps_the_state_that_its_steps_give_it() -> None:
    """workflows.core.state.rollup relies on it."""
    open_states = {line_state(mixture) for mixture in product(StepContribution, repeat=3)} & OPEN_ORDER_STATES
    assert open_states
    for state in open_states:
        assert running_state([C.STARTED] if state is O.IN_PROGRESS else []) is state


UNDO_PAIRS = [(before, after) for before in UNDO_TRANSITIONS for after in StepState]


@pytest.mark.parametrize(("before", "after"), UNDO_PAIRS)
def test_undo_transitions(before: StepState, after: StepState) -> None:
    driven = OrderDriver({"a": call()})
    step = driven.step("a")
    driven.run.set_undo_state(step, UndoRun(), before)
    if after in UNDO_TRANSITIONS[before]:
        driven.run.transition_undo(step, after)
        assert driven.undo("a").state is after
    else:
        with pytest.raises(IllegalTransition):
            driven.run.transition_undo(step, after)
