"""The tables of workflows/states.py: what may follow what, and how states roll up."""

from __future__ import annotations

from itertools import product

import pytest

from tests.workflows.driving import Driven
from tests.workflows.plans import call
from workflows.states import (
    SETTLED,
    TRANSITIONS,
    IllegalTransition,
    OrderState,
    StepState,
    line_state,
    order_state,
)

S, O = StepState, OrderState  # noqa: E741
PAIRS = list(product(StepState, StepState))


@pytest.mark.parametrize(("before", "after"), [pair for pair in PAIRS if pair[1] in TRANSITIONS[pair[0]]])
def test_a_step_goes_where_the_table_says(before: StepState, after: StepState) -> None:
    driven = Driven({"a": call()})
    driven.run.put(driven.step("a"), before)
    driven.run.move(driven.step("a"), after)
    assert driven.state("a") is after


@pytest.mark.parametrize(("before", "after"), [pair for pair in PAIRS if pair[1] not in TRANSITIONS[pair[0]]])
def test_a_step_goes_nowhere_else(before: StepState, after: StepState) -> None:
    driven = Driven({"a": call()})
    driven.run.put(driven.step("a"), before)
    with pytest.raises(IllegalTransition):
        driven.run.move(driven.step("a"), after)


def test_every_state_has_a_row_and_what_is_settled_stays() -> None:
    assert set(TRANSITIONS) == set(StepState)
    assert all(not TRANSITIONS[state] for state in SETTLED)


def test_a_transition_that_is_not_in_the_table_parks_the_step_in_production() -> None:
    driven = Driven({"a": call(), "b": call(after=["a"])}, strict=False)
    driven.run.put(driven.step("a"), S.SCHEDULED)
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
        ((S.CANCELLED, S.DISCARDED), O.CANCELLED),
        ((S.FAILED_ACCEPTED,), O.PARTIAL),
        ((S.COMPLETED, S.FAILED_ACCEPTED), O.PARTIAL),
        ((S.COMPLETED, S.CANCELLED), O.PARTIAL),
    ],
)
def test_a_lines_state_is_rolled_up_from_its_steps(steps: tuple[StepState, ...], state: OrderState) -> None:
    assert line_state(steps) is state


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
    ],
)
def test_an_orders_state_is_rolled_up_from_its_lines(lines: tuple[OrderState, ...], state: OrderState) -> None:
    assert order_state(lines) is state


def test_every_mixture_of_steps_gives_a_line_a_state() -> None:
    for first, second, third in product(StepState, repeat=3):
        assert line_state((first, second, third)) in OrderState
