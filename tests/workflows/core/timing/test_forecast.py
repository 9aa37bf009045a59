"""Forecasts and latest starts along the critical path, from the order's current state."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from math import inf
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.plan.expected_duration import DAY, DEFAULT_DURATIONS, HOUR
from tests.support.core.dated_plans import at, manual
from tests.support.core.order_driver import START, OrderDriver
from tests.support.core.plans import call, plan_of
from workflows.core.queries.order_view import order_view
from workflows.core.timing.expected_duration import StepTimings
from workflows.core.timing.forecast import Forecast, latest_times, make_forecast

POLL = {"get": "/p", "until": "true"}


def hours(forecast: Forecast, driven: OrderDriver) -> dict[str, tuple[float, float]]:
    """Start and end of each step, in hours after the order began."""
    names = [definition.step for definition in driven.plan.definitions]
    return {
        name: ((start - START) / HOUR, (end - START) / HOUR)
        for name, start, end in zip(names, forecast.starts, forecast.ends, strict=True)
    }


def foreseen(driven: OrderDriver) -> dict[str, tuple[float, float]]:
    return hours(make_forecast(driven.run, driven.run.now), driven)


EXPECTED: Mapping[str, tuple[dict[str, Any], float]] = {
    "what is expected": (call(expected="3h", sla={"duration": "1d"}), 3 * HOUR),
    "the sla": (call(sla={"duration": "2h"}), 2 * HOUR),
    "a call": (call(), DEFAULT_DURATIONS["call"]),
    "a callback": ({"call": {"system": "s", "post": "/x", "callback": {}}}, DEFAULT_DURATIONS["callback"]),
    "a callback within": ({"call": {"system": "s", "post": "/x", "callback": {"within": "1h"}}}, HOUR),
    "polling": ({"call": {"system": "s", "post": "/x", "poll": POLL}}, DEFAULT_DURATIONS["poll"]),
    "a person": (manual(), DEFAULT_DURATIONS["manual"]),
    "an event": ({"event": {"name": "e"}}, DEFAULT_DURATIONS["event"]),
    "an event within": ({"event": {"name": "e", "within": "2h"}}, 2 * HOUR),
    "a wait": ({"wait": {"for": "5h"}, "sla": {"duration": "1d"}}, 5 * HOUR),
    "a condition": ({"wait": {"condition": "false"}}, DEFAULT_DURATIONS["condition"]),
    "a milestone": ({"milestone": True}, 0.0),
    "an activity": ({"activity": "greet"}, DEFAULT_DURATIONS["activity"]),
    "worked out": (call(expected="${days(attributes.days)}"), 2 * DAY),
    "not known yet": (call(after=["first"], expected="${steps.first.output.takes}", sla={"duration": "7h"}), 7 * HOUR),
}


@pytest.mark.parametrize(("step", "seconds"), EXPECTED.values(), ids=EXPECTED.keys())
def test_expected_duration(step: dict[str, Any], seconds: float) -> None:
    driven = OrderDriver(plan_of({"first": manual(), "x": step}, attributes={"days": 2}))
    assert StepTimings(driven.plan).timing(driven.run, driven.step("x")).duration == seconds


def test_duration_counts_as_soon_as_its_expression_has_a_value() -> None:
    steps = {"a": call(), "b": manual(after=["a"]), "c": manual(after=["b"], expected="${steps.a.output.takes}")}
    driven = OrderDriver(steps)
    timings = StepTimings(driven.plan)
    assert timings.timing(driven.run, driven.step("c")).duration == DEFAULT_DURATIONS["manual"]
    driven.answer("a", {"takes": "9h"})
    assert timings.timing(driven.run, driven.step("c")).duration == 9 * HOUR


def test_end_is_that_of_the_longest_path() -> None:
    steps = {
        "a": manual(expected="2h"),
        "b": manual(expected="5h", after=["a"]),
        "c": manual(expected="1h", after=["a"]),
        "d": manual(expected="3h", after=["b", "c"]),
    }
    driven = OrderDriver(steps)
    forecast = make_forecast(driven.run, START)
    assert hours(forecast, driven) == {"a": (0, 2), "b": (2, 7), "c": (2, 3), "d": (7, 10)}
    assert forecast.end == START + 10 * HOUR
    assert forecast.critical_step == 0


def test_settled_step_counts_as_it_was_and_overrun_step_ends_now() -> None:
    driven = OrderDriver(
        {"a": manual(expected="2h"), "b": manual(expected="5h", after=["a"]), "c": manual(expected="1h")}
    )
    driven.wait(HOUR)
    driven.step_action("complete", "a")
    driven.wait(2 * HOUR)
    assert foreseen(driven) == {"a": (0, 1), "b": (1, 6), "c": (0, 3)}
    driven.wait(10 * HOUR)
    assert foreseen(driven) == {"a": (0, 1), "b": (1, 13), "c": (0, 13)}


def test_forecast_uses_timers_and_scheduled_starts() -> None:
    steps = {
        "delayed": call(start={"delay": "3h"}, expected="1h"),
        "timed": {"wait": {"for": "4h"}},
        "later": call(start={"at": at(6 * HOUR).isoformat()}, expected="1h", after=["timed"]),
        "pause": {"wait": {"until": at(9 * HOUR).isoformat()}, "after": ["timed"]},
        "soon": call(start={"delay": "30m"}, expected="1h", after=["timed"]),
        "event": {"event": {"name": "e", "within": "2h"}, "expected": "8h"},
    }
    driven = OrderDriver(steps)
    driven.wait(HOUR)
    assert foreseen(driven) == {
        "delayed": (3, 4), "timed": (0, 4), "later": (6, 7), "pause": (4, 9), "soon": (4.5, 5.5), "event": (0, 2),
    }  # fmt: skip


def test_step_in_fallout_takes_its_whole_duration_from_now() -> None:
    driven = OrderDriver({"a": call(expected="2h"), "b": call(expected="1h", after=["a"])})
    driven.fail("a")
    driven.wait(10 * HOUR)
    assert foreseen(driven) == {"a": (10, 12), "b": (12, 13)}


def test_forecast_waits_for_the_next_attempt() -> None:
    driven = OrderDriver({"a": call(expected="1h")})
    driven.fail("a", retry_after=5 * HOUR)
    assert foreseen(driven)["a"][1] == 5


def test_latest_starts_follow_from_the_requested_completion() -> None:
    steps = {
        "a": manual(expected="2h"),
        "b": manual(expected="5h", after=["a"]),
        "c": manual(expected="1h", after=["a"], start={"delay": "2h"}),
        "d": manual(expected="3h", after=["b", "c"]),
    }
    latest = latest_times(OrderDriver(plan_of(steps, requested_completion=at(20 * HOUR))).run)
    assert [(start - START) / HOUR for start in latest.starts] == [10, 12, 16, 17]
    assert latest_times(OrderDriver(steps).run).starts == [inf] * 4


def latest_step(**further: Any) -> dict[str, Any]:
    return call(start={"latest": True}, expected="2h", **further)


def test_latest_start_leaves_time_for_the_longest_path_after_it() -> None:
    steps = {
        "x": latest_step(),
        "y": manual(expected="3h", after=["x"]),
        "z": manual(expected="1h", after=["x"]),
        "end": manual(expected="1h", after=["y", "z"]),
    }
    driven = OrderDriver(plan_of(steps, requested_completion=at(10 * HOUR)))
    assert driven.state("x") == "scheduled"
    assert driven.step("x").again_at == START + 4 * HOUR
    assert foreseen(driven)["end"] == (9, 10)
    driven.wait(4 * HOUR)
    assert driven.state("x") == "in_progress"


def test_latest_start_uses_the_lines_date_if_that_is_earlier() -> None:
    plan = plan_of({"x": latest_step()}, requested_completion=at(10 * HOUR), line_completion=at(5 * HOUR))
    assert OrderDriver(plan).step("x").again_at == START + 3 * HOUR


@pytest.mark.parametrize("completion", [None, at(HOUR)], ids=["none asked for", "too early"])
def test_past_latest_start_is_now(completion: datetime | None) -> None:
    assert OrderDriver(plan_of({"x": latest_step()}, requested_completion=completion)).state("x") == "in_progress"


def test_latest_start_waits_for_predecessors() -> None:
    driven = OrderDriver(plan_of({"a": manual(), "x": latest_step(after=["a"])}, requested_completion=at(10 * HOUR)))
    driven.wait(9 * HOUR)
    assert driven.state("x") == "pending"
    driven.step_action("complete", "a")
    assert driven.state("x") == "in_progress"


def test_forecast_beyond_the_last_datetime() -> None:
    long = "500000w"
    driven = OrderDriver({"a": manual(expected=long, sla={"duration": long}), "b": manual(expected=long, after=["a"])})
    assert order_view(driven.run, 1).forecast == datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    driven.step_action("extend", "a", {"by": long})
    assert driven.view("a").late_at == datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


# Random plans

DURATIONS = st.lists(st.integers(0, 100), min_size=1, max_size=12)


@st.composite
def shapes(draw: st.DrawFn) -> tuple[list[int], list[list[int]], list[bool]]:
    """Expected hours, predecessors and whether it starts as late as possible, of each step."""
    durations = draw(DURATIONS)
    after = [
        sorted(draw(st.sets(st.integers(0, position - 1), max_size=3))) if position else []
        for position in range(len(durations))
    ]
    return durations, after, [draw(st.booleans()) for _ in durations]


def order_of(
    durations: list[int], after: list[list[int]], latest: list[bool], completion: datetime | None = None
) -> OrderDriver:
    steps = {
        f"s{position}": manual(
            expected=f"{takes}h",
            after=[f"s{before}" for before in after[position]],
            **({"start": {"latest": True}} if latest[position] else {}),
        )
        for position, takes in enumerate(durations)
    }
    return OrderDriver(plan_of(steps, requested_completion=completion))


@given(shapes(), st.integers(0, 200), st.data())
def test_open_steps_are_never_forecast_before_now(
    shape: tuple[list[int], list[list[int]], list[bool]], passed: int, data: st.DataObject
) -> None:
    driven = order_of(*shape, at(150 * HOUR))
    for name in driven.states():
        if driven.state(name) == "in_progress" and data.draw(st.booleans()):
            driven.step_action("complete", name)
    driven.wait(passed * HOUR)
    forecast = make_forecast(driven.run, driven.run.now)
    assert forecast.end >= driven.run.now or driven.run.ended
    for step in driven.run.steps:
        assert step.state == "completed" or forecast.ends[step.position] >= driven.run.now
        for before in driven.plan.steps[step.position].after:
            assert forecast.starts[step.position] >= forecast.ends[before]


@given(shapes(), st.data())
def test_longer_duration_never_makes_a_forecast_earlier(
    shape: tuple[list[int], list[list[int]], list[bool]], data: st.DataObject
) -> None:
    durations, after, latest = shape
    longer = [takes + data.draw(st.integers(0, 50)) for takes in durations]
    completion = data.draw(st.sampled_from([None, at(100 * HOUR)]))
    before = order_of(durations, after, latest, completion)
    then = order_of(longer, after, latest, completion)
    assert make_forecast(then.run, START).end >= make_forecast(before.run, START).end


@given(shapes())
def test_forecast_is_the_longest_path(shape: tuple[list[int], list[list[int]], list[bool]]) -> None:
    durations, after, _ = shape
    longest: list[int] = []
    for position, takes in enumerate(durations):
        longest.append(takes + max((longest[before] for before in after[position]), default=0))
    driven = order_of(durations, after, [False] * len(durations))
    assert make_forecast(driven.run, START).end == START + max(longest) * HOUR


@given(shapes(), st.integers(0, 400))
def test_latest_start_makes_no_order_late(shape: tuple[list[int], list[list[int]], list[bool]], asked: int) -> None:
    durations, after, latest = shape
    at_once = make_forecast(order_of(durations, after, [False] * len(durations)).run, START).end
    late = make_forecast(order_of(durations, after, latest, at(asked * HOUR)).run, START).end
    assert late <= max(at_once, START + asked * HOUR)
