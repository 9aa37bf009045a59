"""When a step starts: predecessors, condition, start time, and the limit of running activities."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.support.core.order_driver import START, OrderDriver
from tests.support.core.plans import call, plan_of
from workflows.contract.states import OrderState, StepState


def test_step_starts_as_soon_as_its_own_predecessors_are_done() -> None:
    driven = OrderDriver({"a": call(), "b": call(), "c": call(after=["a"]), "d": call(after=["a", "b"])})
    driven.answer("a", {})
    assert driven.states() == {"a": "completed", "b": "in_progress", "c": "in_progress", "d": "pending"}


def test_order_is_completed_when_all_steps_are_settled() -> None:
    driven = OrderDriver({"a": call(), "b": call(after=["a"])})
    driven.answer("a", {})
    assert driven.order_state() is OrderState.IN_PROGRESS
    driven.answer("b", {})
    assert driven.run.ended
    assert driven.order_state() is OrderState.COMPLETED


def test_false_condition_skips_the_step_and_releases_followers() -> None:
    driven = OrderDriver({"a": call(when="quantity > 5"), "b": call(after=["a"])})
    assert driven.states() == {"a": "skipped", "b": "in_progress"}


def test_skipped_step_has_its_default_output() -> None:
    body = {"system": "shop", "post": "/${steps.a.output.id}"}
    driven = OrderDriver({"a": call(when="false", default_output={"id": "none"}), "b": {"after": ["a"], "call": body}})
    assert driven.request("b").path == "/none"


def test_skipped_step_without_default_has_no_output() -> None:
    driven = OrderDriver({"a": call(when="false"), "b": call(after=["a"], when="has(steps.a.output)")})
    assert driven.states() == {"a": "skipped", "b": "skipped"}


def test_condition_without_a_value_leads_to_fallout_and_names_the_place() -> None:
    driven = OrderDriver({"a": call(when="attributes.missing == 1"), "b": call()})
    view = driven.view("a")
    assert view.state is StepState.FATALLY_FAILED
    assert view.error is not None
    assert view.error.code == "definition_error"
    assert "camera.a" in view.error.message
    assert driven.state("b") is StepState.IN_PROGRESS


def test_retry_evaluates_the_condition_again() -> None:
    driven = OrderDriver({"a": call(when="order.characteristics.go == true")})
    assert driven.state("a") is StepState.FATALLY_FAILED
    driven.set_characteristics(go=True)
    driven.step_action("retry", "a")
    assert driven.state("a") is StepState.IN_PROGRESS
    assert driven.keys("a") == ["O-1/camera.a@1/do/1"]


def test_delayed_step_is_scheduled_until_its_time() -> None:
    driven = OrderDriver({"a": call(start={"delay": "2d"})})
    assert driven.state("a") is StepState.SCHEDULED
    assert driven.view("a").due == datetime.fromtimestamp(START + 2 * 86_400, UTC)
    assert driven.order_state() is OrderState.ACKNOWLEDGED
    driven.wait(2 * 86_400 - 1)
    assert driven.state("a") is StepState.SCHEDULED
    driven.wait(1)
    assert driven.state("a") is StepState.IN_PROGRESS


def test_step_starts_at_its_time_or_at_once_if_that_has_passed() -> None:
    moment = datetime.fromtimestamp(START + 60, UTC)
    plan = plan_of(
        {"a": call(start={"at": "${order.requested_start}"}), "b": call(start={"at": "2020-01-01T00:00:00Z"})},
        requested_start=moment,
    )
    driven = OrderDriver(plan)
    assert driven.states() == {"a": "scheduled", "b": "in_progress"}
    driven.wait(60)
    assert driven.state("a") is StepState.IN_PROGRESS


def test_number_of_running_activities_is_limited_and_others_are_ready() -> None:
    driven = OrderDriver({name: call() for name in "abcd"}, in_flight=2)
    assert driven.states() == {"a": "in_progress", "b": "in_progress", "c": "ready", "d": "ready"}
    driven.answer("a", {})
    assert driven.states() == {"a": "completed", "b": "in_progress", "c": "in_progress", "d": "ready"}


def test_milestone_completes_by_itself() -> None:
    driven = OrderDriver({"a": {"milestone": True}, "b": {"milestone": True, "after": ["a"]}})
    assert driven.run.ended
    assert [entry.message for entry in driven.run.audit_log.entries] == ["accepted", "milestone A", "milestone B"]


def test_plan_without_steps_is_completed_at_once() -> None:
    driven = OrderDriver({})
    assert driven.run.ended
    assert driven.order_state() is OrderState.COMPLETED


def test_thousands_of_milestones_in_a_row_do_not_recurse() -> None:
    steps: dict[str, dict[str, object]] = {"m0": {"milestone": True}}
    for number in range(1, 3_000):
        steps[f"m{number}"] = {"milestone": True, "after": [f"m{number - 1}"]}
    assert OrderDriver(steps).run.ended
