"""When a step starts: its own predecessors, its condition, its start time, room for its activity."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.support.order_driver import START, Driven
from tests.support.plans import call, plan_of
from workflows.contract.states import OrderState, StepState


def test_a_step_starts_the_moment_its_own_predecessors_are_done() -> None:
    driven = Driven({"a": call(), "b": call(), "c": call(after=["a"]), "d": call(after=["a", "b"])})
    driven.answer("a", {})
    assert driven.states() == {"a": "completed", "b": "in_progress", "c": "in_progress", "d": "pending"}


def test_an_order_is_completed_when_all_its_steps_are_settled() -> None:
    driven = Driven({"a": call(), "b": call(after=["a"])})
    driven.answer("a", {})
    assert driven.order_state() is OrderState.IN_PROGRESS
    driven.answer("b", {})
    assert driven.run.ended
    assert driven.order_state() is OrderState.COMPLETED


def test_a_false_condition_skips_and_satisfies_those_who_wait() -> None:
    driven = Driven({"a": call(when="quantity > 5"), "b": call(after=["a"])})
    assert driven.states() == {"a": "skipped", "b": "in_progress"}


def test_a_skipped_step_shows_its_default_output() -> None:
    body = {"system": "shop", "post": "/${steps.a.output.id}"}
    driven = Driven({"a": call(when="false", default_output={"id": "none"}), "b": {"after": ["a"], "call": body}})
    assert driven.request("b").path == "/none"


def test_a_skipped_step_without_default_has_no_output_that_has_would_find() -> None:
    driven = Driven({"a": call(when="false"), "b": call(after=["a"], when="has(steps.a.output)")})
    assert driven.states() == {"a": "skipped", "b": "skipped"}


def test_a_condition_that_has_no_value_parks_the_step_and_tells_the_place() -> None:
    driven = Driven({"a": call(when="attributes.missing == 1"), "b": call()})
    view = driven.view("a")
    assert view.state is StepState.FATALLY_FAILED
    assert view.error is not None
    assert view.error.code == "definition_error"
    assert "camera.a" in view.error.message
    assert driven.state("b") is StepState.IN_PROGRESS


def test_a_retried_condition_is_judged_anew() -> None:
    driven = Driven({"a": call(when="order.characteristics.go == true")})
    assert driven.state("a") is StepState.FATALLY_FAILED
    driven.set(go=True)
    driven.act("retry", "a")
    assert driven.state("a") is StepState.IN_PROGRESS
    assert driven.keys("a") == ["O-1/camera.a@1/do/1"]


def test_a_delayed_step_is_scheduled_until_its_time() -> None:
    driven = Driven({"a": call(start={"delay": "2d"})})
    assert driven.state("a") is StepState.SCHEDULED
    assert driven.view("a").due == datetime.fromtimestamp(START + 2 * 86_400, UTC)
    assert driven.order_state() is OrderState.ACKNOWLEDGED
    driven.wait(2 * 86_400 - 1)
    assert driven.state("a") is StepState.SCHEDULED
    driven.wait(1)
    assert driven.state("a") is StepState.IN_PROGRESS


def test_a_step_starts_at_its_moment_or_at_once_where_that_is_past() -> None:
    moment = datetime.fromtimestamp(START + 60, UTC)
    plan = plan_of(
        {"a": call(start={"at": "${order.requested_start}"}), "b": call(start={"at": "2020-01-01T00:00:00Z"})},
        requested_start=moment,
    )
    driven = Driven(plan)
    assert driven.states() == {"a": "scheduled", "b": "in_progress"}
    driven.wait(60)
    assert driven.state("a") is StepState.IN_PROGRESS


def test_what_is_in_flight_is_bounded_and_the_rest_is_ready() -> None:
    driven = Driven({name: call() for name in "abcd"}, in_flight=2)
    assert driven.states() == {"a": "in_progress", "b": "in_progress", "c": "ready", "d": "ready"}
    driven.answer("a", {})
    assert driven.states() == {"a": "completed", "b": "in_progress", "c": "in_progress", "d": "ready"}


def test_a_milestone_completes_by_itself() -> None:
    driven = Driven({"a": {"milestone": True}, "b": {"milestone": True, "after": ["a"]}})
    assert driven.run.ended
    assert [entry.message for entry in driven.run.audit_log.entries] == ["accepted", "milestone A", "milestone B"]


def test_a_plan_without_steps_is_completed_at_once() -> None:
    driven = Driven({})
    assert driven.run.ended
    assert driven.order_state() is OrderState.COMPLETED


def test_thousands_of_milestones_in_a_row_do_not_recurse() -> None:
    steps: dict[str, dict[str, object]] = {"m0": {"milestone": True}}
    for number in range(1, 3_000):
        steps[f"m{number}"] = {"milestone": True, "after": [f"m{number - 1}"]}
    assert Driven(steps).run.ended
