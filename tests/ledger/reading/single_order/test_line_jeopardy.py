"""Lines are as late as the steps that serve them and the lines below them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ledger.reading.single_order.line_jeopardy import LineJeopardy, LineStep
from workflows.contract.order_views import LineView
from workflows.contract.states import Jeopardy, OrderState, StepState

DUE = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
BEFORE, AFTER = DUE - timedelta(hours=1), DUE + timedelta(hours=1)


def line(name: str, *sources: str, due: datetime | None = None) -> LineView:
    return LineView(
        id=name,
        product="camera",
        name="Camera",
        quantity=1,
        action="add",
        attributes={},
        state=OrderState.IN_PROGRESS,
        sources=list(sources),
        requested_completion=due,
    )


def of_order(now: datetime, jeopardy: str = "on_track", forecast: datetime | None = None) -> LineJeopardy:
    return LineJeopardy(DUE, Jeopardy(jeopardy), forecast, now)


def test_an_order_line_is_late_if_a_line_below_it_was() -> None:
    order_lines = [line("1"), line("2", "1"), line("3", "1"), line("4")]
    lines = [line("in_time@1", "2"), line("late@1", "3"), line("below@1", "in_time@1", due=AFTER)]
    steps = [
        LineStep(["in_time@1"], StepState.COMPLETED, None, BEFORE),
        LineStep(["in_time@1", "late@1"], StepState.SKIPPED, None, DUE),
        LineStep(["late@1"], StepState.COMPLETED, None, AFTER),
        LineStep(["below@1"], StepState.COMPLETED, None, AFTER),
    ]
    found = of_order(AFTER).judge(order_lines, lines, steps)
    assert {each.id: each.jeopardy.value for part in found for each in part} == {
        "1": "late",
        "2": "late",
        "3": "late",
        "4": "on_track",
        "in_time@1": "on_track",
        "late@1": "late",
        "below@1": "on_track",
    }


@pytest.mark.parametrize(
    ("state", "undo_state", "order", "expected"),
    [
        (StepState.IN_PROGRESS, None, of_order(BEFORE), "on_track"),
        (StepState.IN_PROGRESS, None, of_order(BEFORE, "at_risk", AFTER), "at_risk"),
        (StepState.IN_PROGRESS, None, of_order(BEFORE, "late"), "at_risk"),
        (StepState.IN_PROGRESS, None, of_order(BEFORE, "at_risk", DUE), "on_track"),
        (StepState.IN_PROGRESS, None, of_order(AFTER), "late"),
        (StepState.COMPLETED, "in_progress", of_order(AFTER), "late"),
        (StepState.CANCELLED, "completed", of_order(AFTER, "late"), "on_track"),
    ],
)
def test_an_open_line_is_late_after_its_date_and_otherwise_at_risk_as_its_order_is(
    state: StepState, undo_state: str | None, order: LineJeopardy, expected: str
) -> None:
    steps = [LineStep(["a@1"], state, undo_state, None if state is StepState.IN_PROGRESS else BEFORE)]
    ((order_line,), (below,)) = order.judge([line("1")], [line("a@1", "1")], steps)
    assert (order_line.jeopardy.value, below.jeopardy.value) == (expected, expected)
