"""Orders and lines at risk or late: reported early, and without checking the whole order whenever a step settles."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest

from compiler.plan.expected_duration import HOUR
from tests.support.core.dated_plans import at, manual
from tests.support.core.order_driver import START, OrderDriver
from tests.support.core.plans import call, plan_of
from workflows.contract.states import Jeopardy
from workflows.core.queries.order_view import order_view
from workflows.core.timing import order_jeopardy as jeopardy
from workflows.core.timing.order_jeopardy import due_time_jeopardy, order_jeopardy

CHAIN = {"a": manual(expected="2h"), "b": manual(expected="3h", after=["a"])}


def order(
    steps: Mapping[str, Mapping[str, Any]], asked: datetime | None = None, line: datetime | None = None
) -> OrderDriver:
    return OrderDriver(plan_of(steps, requested_completion=asked, line_completion=line))


def said(driven: OrderDriver) -> list[tuple[str, str | None]]:
    return [(entry.message, entry.step) for entry in driven.run.audit_log.entries[1:] if entry.by is None]


def ring(driven: OrderDriver) -> None:
    """The order's own timer."""
    assert driven.run.jeopardy_watch is not None
    driven.wait(driven.run.jeopardy_watch.next_check_at - driven.run.now)


VERDICTS = {
    # promised at 10: (forecast or end, now, open)
    Jeopardy.ON_TRACK: [(10, 5, True), (10, 12, False)],
    Jeopardy.AT_RISK: [(11, 5, True), (11, 10, True)],
    Jeopardy.LATE: [(12, 11, True), (11, 12, False)],
}


@pytest.mark.parametrize("wanted", VERDICTS)
def test_jeopardy_of_a_due_time(wanted: Jeopardy) -> None:
    for end, now, is_open in VERDICTS[wanted]:
        assert due_time_jeopardy(10, end, now, is_open=is_open) is wanted


def test_order_that_cannot_be_in_time_is_at_risk_from_its_start() -> None:
    driven = order(CHAIN, at(4 * HOUR))
    assert order_jeopardy(driven.run) is Jeopardy.AT_RISK
    assert said(driven) == [("at risk: it will be late unless this step is quicker than expected", "camera.a@1")]


def test_order_is_at_risk_before_it_is_late() -> None:
    driven = order(CHAIN, at(10 * HOUR))
    ring(driven)
    assert driven.run.now == pytest.approx(START + 7 * HOUR, abs=0.01)
    assert order_jeopardy(driven.run) is Jeopardy.AT_RISK
    view = order_view(driven.run, 1)
    assert view.held_up_by == "camera.a@1"
    assert view.forecast == pytest.approx(at(10 * HOUR), abs=at(1) - at(0))
    ring(driven)
    assert driven.run.now == pytest.approx(START + 10 * HOUR, abs=0.01)
    assert order_jeopardy(driven.run) is Jeopardy.LATE
    assert driven.run.jeopardy_watch is not None
    assert driven.run.next_due() is None
    assert [what.split(":")[0] for what, _ in said(driven)] == ["at risk", "late"]


def test_order_that_has_caught_up_is_on_track_again() -> None:
    driven = order(CHAIN, at(10 * HOUR))
    ring(driven)
    driven.step_action("complete", "a")
    assert order_jeopardy(driven.run) is Jeopardy.AT_RISK
    driven.step_action("complete", "b")
    assert order_jeopardy(driven.run) is Jeopardy.ON_TRACK
    assert said(driven)[-1] == ("on track again", None)


def test_order_that_ended_late_stays_late() -> None:
    driven = order({"a": manual(expected="2h")}, at(3 * HOUR))
    driven.wait(4 * HOUR)
    driven.step_action("complete", "a")
    driven.run.ended_at = driven.run.now
    jeopardy.refresh(driven.run)
    assert order_jeopardy(driven.run) is Jeopardy.LATE
    view = order_view(driven.run, 1)
    assert (view.jeopardy, view.forecast) == (Jeopardy.LATE, None)


def test_cancelled_order_reports_no_jeopardy_while_it_is_undone() -> None:
    driven = order({"a": call(undo={"manual": {"queue": "field"}}), "b": manual(after=["a"])}, at(30 * HOUR))
    driven.answer("a", {})
    driven.order_action("cancel")
    driven.wait(40 * HOUR)
    assert not driven.run.ended
    assert (order_jeopardy(driven.run), said(driven)) == (Jeopardy.ON_TRACK, [])


def test_line_has_its_own_due_time() -> None:
    driven = order(CHAIN, at(20 * HOUR), line=at(4 * HOUR))
    assert order_jeopardy(driven.run) is Jeopardy.AT_RISK
    view = order_view(driven.run, 1)
    assert [line.jeopardy for line in view.order_lines + view.lines] == [Jeopardy.AT_RISK] * 2
    assert view.lines[0].forecast == at(5 * HOUR)
    assert view.held_up_by == "camera.a@1"


def test_view_uses_the_clients_time() -> None:
    driven = order(CHAIN, at(10 * HOUR))
    view = order_view(driven.run, 1, at(11 * HOUR))
    assert (view.jeopardy, view.forecast) == (Jeopardy.LATE, at(14 * HOUR))
    assert order_jeopardy(driven.run) is Jeopardy.ON_TRACK


def test_order_without_dates_has_a_forecast_but_no_watch() -> None:
    driven = order(CHAIN)
    assert driven.run.jeopardy_watch is None
    assert order_view(driven.run, 1).forecast == at(5 * HOUR)


@pytest.mark.parametrize("waits", ["timer", "start", "attempt"])
def test_start_time_that_is_too_late_is_reported_at_once(waits: str) -> None:
    pause = {"wait": {"for": "${steps.a.output.pause}"}, "after": ["a"]}
    later = call(after=["a"], start={"delay": "${steps.a.output.pause}"})
    step = {"timer": pause, "start": later, "attempt": call(after=["a"])}[waits]
    many = {f"s{number}": call() for number in range(160)}  # so that one step's end alone is no reason to look again
    driven = order({"a": call(), "b": step, **many}, at(10 * HOUR))
    driven.answer("a", {"pause": "2d"})
    if waits == "attempt":
        driven.fail("b", retry_after=48 * HOUR)
    assert order_jeopardy(driven.run) is Jeopardy.AT_RISK
    assert said(driven)[-1][1] == "camera.b@1"


def test_fallout_that_makes_the_order_late_is_reported_at_once() -> None:
    many = {f"s{number}": call() for number in range(160)}
    driven = order({"a": call(expected="8h"), **many}, at(10 * HOUR))
    driven.wait(3 * HOUR)
    assert order_jeopardy(driven.run) is Jeopardy.ON_TRACK
    driven.fail("a")
    assert order_jeopardy(driven.run) is Jeopardy.AT_RISK


def test_large_order_is_checked_rarely(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = 0
    look = jeopardy.order_forecast

    def counted(*arguments: object) -> object:
        nonlocal looks
        looks += 1
        return look(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(jeopardy, "order_forecast", counted)
    steps = {f"s{number}": call(after=[f"s{number - 1}"] if number else []) for number in range(1_000)}
    driven = order(steps, at(100 * HOUR))
    for name in steps:
        driven.answer(name)
    assert driven.run.ended
    assert looks <= 60


def test_next_run_does_not_report_the_same_jeopardy_again() -> None:
    driven = order(CHAIN, at(10 * HOUR))
    ring(driven)
    told = len(driven.run.audit_log.entries)
    after = driven.continue_as_new()
    assert order_jeopardy(after.run) is Jeopardy.AT_RISK
    assert len(after.run.audit_log.entries) == told
    ring(after)
    assert order_jeopardy(after.run) is Jeopardy.LATE
