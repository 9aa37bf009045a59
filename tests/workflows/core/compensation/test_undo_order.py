"""The order of undos, and which reason counts if a step is to be undone for several."""

from __future__ import annotations

from itertools import product

import pytest

from tests.support.core.undoable_plans import CHAIN, done, undoable
from workflows.contract.states import StepState
from workflows.core.compensation.undo_order import request_undo
from workflows.core.state.state_transitions import UndoReason

R, S = UndoReason, StepState

WEAKEST_FIRST = [{R.REDO}, {R.REVISION}, {R.AMENDMENT}, {R.FAILURE, R.CANCELLATION}]
STRENGTH = {reason: rank for rank, reasons in enumerate(WEAKEST_FIRST) for reason in reasons}


@pytest.mark.parametrize(("first", "second"), [*product(UndoReason, UndoReason)])
def test_stronger_reason_wins_and_of_equal_ones_the_first(first: UndoReason, second: UndoReason) -> None:
    driven = done({"a": undoable()}, "a")
    step = driven.step("a")
    request_undo(driven.run, [step], first)
    request_undo(driven.run, [step], second)
    assert step.undo_reason is (second if STRENGTH[second] > STRENGTH[first] else first)


@pytest.mark.parametrize(
    ("reasons", "state"),
    [
        ((R.REDO, R.AMENDMENT), S.CANCELLED),
        ((R.AMENDMENT, R.REDO), S.CANCELLED),
        ((R.REVISION, R.CANCELLATION), S.CANCELLED),
        ((R.REDO, R.REVISION), S.AMENDED),
        ((R.REVISION, R.REDO), S.AMENDED),
    ],
)
def test_winning_reason_decides_what_becomes_of_the_step(reasons: tuple[UndoReason, ...], state: StepState) -> None:
    driven = done({"a": undoable()}, "a")
    for reason in reasons:
        request_undo(driven.run, [driven.step("a")], reason)
    driven.advance()
    driven.answer("a")
    if state is S.AMENDED:
        driven.answer("a", {"id": "new"})
    assert driven.state("a") is state


def test_step_is_undone_after_everything_that_depends_on_it_also_through_steps_that_stay() -> None:
    driven = done(CHAIN, "a", "b", "c", "d")
    request_undo(driven.run, [driven.step(name) for name in "bd"], R.FAILURE)
    driven.advance()
    assert driven.in_flight() == ["camera.d@1"]
    driven.answer("d")
    assert driven.in_flight() == ["camera.b@1"]
    assert driven.states() == {"a": "completed", "b": "completed", "c": "completed", "d": "cancelled"}
