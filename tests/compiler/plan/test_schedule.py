"""The expected times of a plan (docs/language.md, Time)."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.compile_order import compile_order
from compiler.plan.expected_duration import DAY, HOUR
from compiler.plan.plan import Plan
from compiler.plan.schedule import schedule_plan
from compiler.plan.step_conditions import skipped_steps, step_conditions
from tests.support.compiler.plan_sketch import catalogue_of, line, order_of

OFFER = """
kind: commercial_product
id: offer
attributes: {free: {type: integer, default: 2}, urgent: {type: boolean, default: false}}
steps:
  first: {manual: {queue: q}, expected: 4h}
  second: {manual: {queue: q}, after: [first], start: {delay: "${days(attributes.free)}"}, expected: 1d}
  side: {manual: {queue: q}, after: [first], expected: 6h}
  checked: {manual: {queue: q}, after: [first], expected: 30d, when: attributes.urgent}
  told: {wait: {until: "${steps.first.output.at}"}, after: [first]}
  opened: {wait: {until: "2026-12-10T00:00:00Z"}}
  done: {milestone: true, after: [second, side, checked, told]}
"""


def plan_of(tmp_path: Path, offer: str = OFFER, **order: object) -> Plan:
    return compile_order({**order_of(line("1", "offer")), **order}, catalogue_of(tmp_path, offer))


def by_name(plan: Plan, values: tuple[float, ...]) -> dict[str, float]:
    return {step.id.split("@")[0].removeprefix("offer."): value for step, value in zip(plan.steps, values, strict=True)}


def test_starts_ends_slack_and_critical_path(tmp_path: Path) -> None:
    plan = plan_of(tmp_path)
    schedule = schedule_plan(plan, skipped_steps(step_conditions(plan)))
    assert by_name(plan, schedule.starts)["second"] == 4 * HOUR + 2 * DAY
    assert by_name(plan, schedule.ends)["side"] == 10 * HOUR
    assert schedule.duration == 3 * DAY + 4 * HOUR
    assert [plan.steps[at].id for at in schedule.critical_path] == [
        "offer.first@1",
        "offer.second@1",
        "offer.done@1",
    ]
    slack = by_name(plan, schedule.slack)
    assert slack["side"] == 2 * DAY + 18 * HOUR
    assert {slack[name] for name in ("first", "second", "done")} == {0.0}


def test_a_step_whose_condition_is_known_to_be_false_takes_no_time(tmp_path: Path) -> None:
    plan = plan_of(tmp_path)
    assert schedule_plan(plan).duration == 30 * DAY + 4 * HOUR
    (condition,) = step_conditions(plan)
    assert (plan.steps[condition.position].id, condition.known.value) == ("offer.checked@1", False)
    assert condition.location.endswith(":9:70")


def test_times_from_outputs_are_unknown_and_do_not_count(tmp_path: Path) -> None:
    plan = plan_of(tmp_path)
    assert {plan.steps[at].id for at in schedule_plan(plan).unknown} == {"offer.told@1", "offer.opened@1"}


@pytest.mark.parametrize(
    ("more", "is_unknown", "duration"),
    [
        ("", True, 0.0),
        (", expected: 12d", False, 12 * DAY),
        (", expected: '${steps.first.output.takes}'", True, 0.0),
        (", expected: 12d, start: {at: '${steps.first.output.at}'}", True, 12 * DAY),
    ],
)
def test_wait_until_an_unknown_moment_counts_with_what_is_expected(
    tmp_path: Path, more: str, is_unknown: bool, duration: float
) -> None:
    offer = """
kind: commercial_product
id: offer
steps:
  first: {milestone: true, output: {at: "2026-12-01T00:00:00Z", takes: 1d}}
  rest: {after: [first], wait: {until: "${steps.first.output.at}"}%s}
"""
    schedule = schedule_plan(plan_of(tmp_path, offer % more, requested_start="2026-12-01T00:00:00Z"))
    assert (schedule.unknown, schedule.duration) == (frozenset({1} if is_unknown else ()), duration)


def test_moments_count_from_the_requested_start(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, requested_start="2026-12-01T00:00:00Z")
    schedule = schedule_plan(plan, skipped_steps(step_conditions(plan)))
    assert schedule.duration == 9 * DAY
    assert [plan.steps[at].id for at in schedule.critical_path] == ["offer.opened@1"]
    assert {plan.steps[at].id for at in schedule.unknown} == {"offer.told@1"}


@pytest.mark.parametrize(("requested", "start"), [("2026-12-11T00:00:00Z", 9 * DAY), ("2026-12-01T06:00:00Z", HOUR)])
def test_latest_start_is_as_late_as_the_requested_completion_allows(
    tmp_path: Path, requested: str, start: float
) -> None:
    offer = """
kind: commercial_product
id: offer
steps:
  first: {manual: {queue: q}, expected: 1h}
  late: {manual: {queue: q}, after: [first], start: {latest: true}, expected: 1d}
"""
    plan = plan_of(tmp_path, offer, requested_start="2026-12-01T00:00:00Z", requested_completion=requested)
    assert by_name(plan, schedule_plan(plan).starts)["late"] == start


def test_an_empty_plan_takes_no_time(tmp_path: Path) -> None:
    lines = [{"id": "1", "product": "offer", "action": "no_change"}]
    plan = plan_of(tmp_path, lines=lines)
    schedule = schedule_plan(plan)
    assert (schedule.duration, schedule.critical_path) == (0.0, ())


def test_the_critical_path_has_the_steps_without_duration_too(tmp_path: Path) -> None:
    offer = """
kind: commercial_product
id: offer
steps:
  a: {manual: {queue: q}, expected: 1d}
  z: {milestone: true, after: [a]}
  b: {manual: {queue: q}, after: [a, z], expected: 1d}
"""
    plan = plan_of(tmp_path, offer)
    path = [plan.steps[at].id for at in schedule_plan(plan).critical_path]
    assert path == ["offer.a@1", "offer.z@1", "offer.b@1"]
