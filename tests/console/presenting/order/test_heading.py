from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from console.presenting.order.heading import OrderHeading, order_heading, promise_of
from console.presenting.order.moves import MAX_MOVES, MAX_STEPS_NAMED, order_moves
from ledger.reading.single_order.order_storage import OrderStorage
from operations.blockers.order_blockers import find_blockers
from operations.reading.order_details import OrderDetails
from tests.support.order_views import START, order_view, step_view
from workflows.contract.order_views import ErrorView, Interruption, InterruptionKind, StepView
from workflows.contract.states import Jeopardy, OrderState, StepState

NOW = START + timedelta(hours=1)
HOUR = timedelta(hours=1)


def heading(steps: list[StepView], details: dict[str, Any] | None = None, **changes: Any) -> OrderHeading:
    order = order_view(**changes)
    found = OrderDetails(order, tuple(steps), **(details or {}))
    return order_heading(found, find_blockers(order, steps), steps, NOW)


@pytest.mark.parametrize(
    ("changes", "difference", "tone"),
    [
        ({"requested_completion": NOW + 5 * HOUR, "forecast": NOW + 3 * HOUR}, "2 h to spare", "good"),
        (
            {"requested_completion": NOW + 5 * HOUR, "forecast": NOW + 3 * HOUR, "jeopardy": Jeopardy.AT_RISK},
            "2 h to spare",
            "warn",
        ),
        ({"requested_completion": NOW + HOUR, "forecast": NOW + 3 * HOUR}, "2 h too late", "bad"),
        ({"requested_completion": NOW - HOUR, "forecast": NOW + HOUR}, "2 h late", "bad"),
        ({"requested_completion": NOW - HOUR, "forecast": NOW - 2 * HOUR}, "1 h late", "bad"),
        ({"requested_completion": NOW + HOUR}, "1 h left", "quiet"),
        ({"requested_completion": NOW + HOUR, "forecast": NOW + HOUR + timedelta(seconds=2)}, "on time", "good"),
        ({"forecast": NOW + HOUR}, "", "quiet"),
        (
            {"state": OrderState.COMPLETED, "requested_completion": NOW, "ended_at": NOW - HOUR},
            "1 h early",
            "good",
        ),
        ({"state": OrderState.PARTIAL, "requested_completion": NOW, "ended_at": NOW + HOUR}, "1 h late", "bad"),
        ({"state": OrderState.REJECTED, "requested_completion": NOW, "ended_at": NOW - HOUR}, "", "bad"),
    ],
)
def test_what_was_requested_is_compared_with_what_comes(changes: dict[str, Any], difference: str, tone: str) -> None:
    promise = promise_of(order_view(**changes), NOW)
    assert (promise.difference, promise.tone) == (difference, tone)


def in_fallout(number: int, name: str = "Reserve stock", code: str = "gone") -> StepView:
    error = ErrorView(code=code, message="none left", at=START + timedelta(seconds=number))
    return step_view(number, f"camera.reserve@{number}", StepState.FATALLY_FAILED, error=error, name=name, attempts=1)


def test_steps_that_wait_for_the_same_are_one_move() -> None:
    steps = [in_fallout(number) for number in range(1, 31)] + [in_fallout(31, code="other"), in_fallout(32, "Ship")]
    moves = order_moves(find_blockers(order_view(), steps), steps)
    assert [(move.title, move.step_count) for move in moves] == [
        ("Camera · Reserve stock", 30),
        ("Camera · Reserve stock", 1),
        ("Camera · Reserve stock", 1),
    ]
    first = moves[0]
    assert len(first.steps) == MAX_STEPS_NAMED
    assert first.since == START + timedelta(seconds=1)
    assert first.state is StepState.FATALLY_FAILED
    assert first.waits_for == "Is in fallout after 1 attempt – none left (gone)"
    assert first.is_for_people


def test_the_heading_names_the_first_moves_and_counts_the_others() -> None:
    steps = [in_fallout(number, code=f"code{number}") for number in range(1, MAX_MOVES + 4)]
    shown = heading(steps, steps_by_state={"fatally_failed": len(steps), "completed": 4, "pending": 2}, step_count=14)
    assert (len(shown.moves), shown.more_moves) == (MAX_MOVES, 3)
    progress = shown.progress
    assert (progress.total, progress.settled, progress.stuck, progress.active, progress.waiting) == (14, 4, 8, 0, 2)


def test_what_the_called_system_does_is_no_move_of_people() -> None:
    steps = [step_view(1, "camera.reserve@1", StepState.IN_PROGRESS)]
    assert [move.is_for_people for move in order_moves(find_blockers(order_view(), steps), steps)] == [False]


def test_a_late_order_says_so_in_the_words_of_why() -> None:
    late: dict[str, Any] = {"jeopardy": Jeopardy.LATE, "requested_completion": NOW - HOUR, "forecast": NOW + HOUR}
    shown = heading([step_view(1, "camera.reserve@1", StepState.IN_PROGRESS)], held_up_by="camera.reserve@1", **late)
    assert "is late: " in shown.lateness
    assert "because of step 1 (camera.reserve@1)" in shown.lateness


def test_an_order_that_was_ended_from_outside_waits_for_its_recovery() -> None:
    interruption = Interruption(kind=InterruptionKind.TERMINATED, at=NOW, by="ann", reason="by mistake")
    steps = [step_view(1, "camera.reserve@1", StepState.IN_PROGRESS)]
    shown = heading(steps, state=OrderState.FAILED, interrupted=interruption)
    assert shown.state_word == "terminated"
    assert shown.ended == ""
    assert [move.waits_for for move in shown.moves] == ["Order HS-1 was terminated by ann (by mistake)"]


def test_every_end_has_its_sentence() -> None:
    for state in (
        OrderState.COMPLETED,
        OrderState.PARTIAL,
        OrderState.FAILED,
        OrderState.CANCELLED,
        OrderState.REJECTED,
    ):
        assert heading([], state=state, ended_at=NOW).ended


@pytest.mark.parametrize(
    ("details", "note"),
    [
        ({"source": "record"}, "No worker answers"),
        (
            {"ledger_failure": "The ledger does not answer"},
            "The ledger does not answer. This is from the order itself.",
        ),
        ({"order_failure": "no worker answers"}, "No worker answers: this is what the ledger knows."),
        ({"storage": OrderStorage(archive_file="2026/a.parquet")}, "From the archive, file 2026/a.parquet."),
        ({"storage": OrderStorage(erased_at=NOW, erasure=7)}, "was erased (erasure 7)"),
    ],
)
def test_where_it_comes_from_is_said(details: dict[str, Any], note: str) -> None:
    assert note in heading([], details).notes[0]
