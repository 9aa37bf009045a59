from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from console.presenting.order.timeline import order_timeline
from console.presenting.order.timeline_choice import DENSITY_COLUMNS, PAGE_ROWS, TimelineRequest
from ledger.reading.single_order.attempts import StoredAttempt
from tests.support.order_views import START, order_view, step_view
from workflows.contract.order_views import ErrorView, StepView, UndoView
from workflows.contract.states import OrderState, StepState

NOW = START + timedelta(minutes=10)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def step(number: int, begin: float, end: float | None, state: StepState = StepState.COMPLETED, **more: Any) -> StepView:
    times: dict[str, Any] = {"started_at": at(begin), "ended_at": None if end is None else at(end)}
    return step_view(number, f"camera.step{number}@1", state, **times, **more)


def attempt(step_id: str, number: int, begin: float, end: float, outcome: str, *, undo: bool = False) -> StoredAttempt:
    code = None if outcome == "succeeded" else "out_of_stock"
    return StoredAttempt(
        step_id, number, undo, at(begin), at(end), "stock", outcome, code, 409, "none left", None, "worker-1"
    )


def test_steps_come_in_the_order_in_which_they_began() -> None:
    waiting = step_view(3, "camera.later@1", StepState.PENDING, started_at=None)
    steps = [step(1, 20, 30), step(2, 0, 5), waiting]
    timeline = order_timeline(order_view(ended_at=at(30)), steps, (), TimelineRequest(), NOW)
    assert timeline is not None
    assert [row.step.number for row in timeline.rows] == [2, 1]
    assert (timeline.choice.unstarted, timeline.choice.count, timeline.choice.pages, timeline.now_place) == (
        1,
        2,
        1,
        None,
    )
    assert [row.took for row in timeline.rows] == ["5 s", "10 s"]
    first, second = (row.bars[0] for row in timeline.rows)
    assert (first.left, first.kind) == (0, "work")
    assert first.left + first.width < second.left
    assert second.left + second.width == 100


def test_attempts_and_undo_are_bars_of_their_own() -> None:
    failed = step(1, 0, 9, attempts=3)
    undone = step(2, 10, 12, undo=UndoView(state="completed"))
    attempts = [
        attempt(failed.id, 1, 0, 1, "failed"),
        attempt(failed.id, 2, 8, 9, "succeeded"),
        attempt(undone.id, 1, 20, 21, "succeeded", undo=True),
    ]
    timeline = order_timeline(order_view(), [failed, undone], attempts, TimelineRequest("trouble"), NOW)
    assert timeline is not None
    first, second = timeline.rows
    assert [bar.kind for bar in first.attempts] == ["failed", "succeeded"]
    assert first.failed_attempts == 1
    assert first.attempts[0].title == "attempt 1: failed after 1 s, none left"
    assert [bar.kind for bar in second.bars] == ["work", "undo"]
    assert second.bars[1].left > second.bars[0].left
    assert timeline.now_place == 100


def test_only_what_is_asked_for_is_shown() -> None:
    error = ErrorView(code="gone", message="gone", at=at(1))
    steps = [
        step(1, 0, 1),
        step(2, 1, None, StepState.FATALLY_FAILED, error=error),
        step(3, 2, None, StepState.IN_PROGRESS, kind="manual"),
    ]
    shown = {
        name: [row.step.number for row in timeline.rows]
        for name in ("all", "trouble", "running", "longest")
        if (timeline := order_timeline(order_view(), steps, (), TimelineRequest(name), NOW))
    }
    assert shown == {"all": [1, 2, 3], "trouble": [2], "running": [2, 3], "longest": [2, 3, 1]}


def test_many_steps_are_paged_and_drawn_as_a_density() -> None:
    steps = [step(number, number, number + 1.5) for number in range(1, 2 * PAGE_ROWS + 2)]
    order = order_view(OrderState.COMPLETED, ended_at=at(300))
    timeline = order_timeline(order, steps, (), TimelineRequest(page=9), NOW)
    assert timeline is not None
    assert (timeline.choice.page, timeline.choice.pages, len(timeline.rows)) == (3, 3, 1)
    assert len(timeline.choice.density) == DENSITY_COLUMNS
    assert max(timeline.choice.density) == 1
    assert timeline.choice.density[-1] == 0


def test_a_requested_time_that_has_passed_has_a_place() -> None:
    order = order_view(requested_completion=at(60))
    timeline = order_timeline(order, [step(1, 0, None, StepState.IN_PROGRESS)], (), TimelineRequest(is_true=True), NOW)
    assert timeline is not None
    assert timeline.requested_place == pytest.approx(10)
    future = order_view(requested_completion=NOW + timedelta(days=1))
    timeline = order_timeline(future, [step(1, 0, None, StepState.IN_PROGRESS)], (), TimelineRequest(), NOW)
    assert timeline is not None
    assert timeline.requested_place is None


def test_an_order_that_has_not_begun_has_no_timeline() -> None:
    waiting = step_view(1, "camera.a@1", StepState.PENDING, started_at=None)
    assert order_timeline(order_view(), [waiting], (), TimelineRequest(), NOW) is None
