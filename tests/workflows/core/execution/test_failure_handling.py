"""What happens when a step fails."""

from __future__ import annotations

import pytest

from tests.support.core.order_driver import OrderDriver
from tests.support.core.plans import call
from workflows.contract.states import OrderState, StepState

S = StepState


def test_continue_accepts_the_failure_and_the_order_ends_partial() -> None:
    driven = OrderDriver({"a": call(on_failure="continue"), "b": call(after=["a"])})
    driven.fail("a", "out_of_stock")
    assert driven.states() == {"a": "failed_accepted", "b": "in_progress"}
    driven.answer("b", {})
    assert driven.order_state() is OrderState.PARTIAL


def test_first_case_that_matches_the_code_wins() -> None:
    cases = [
        {"code": "timeout", "do": "continue"},
        {"code": "late", "do": "fallout", "queue": "desk"},
        {"do": "continue"},
    ]
    steps = {name: call(on_failure=cases) for name in ("a", "b", "c")}
    driven = OrderDriver(steps)
    driven.fail("a", "timeout")
    driven.fail("b", "late")
    driven.fail("c", "anything")
    assert driven.states() == {"a": "failed_accepted", "b": "fatally_failed", "c": "failed_accepted"}
    assert driven.view("b").queue == "desk"


def test_failure_without_matching_case_leads_to_fallout() -> None:
    driven = OrderDriver({"a": call(on_failure=[{"code": "timeout", "do": "continue"}])})
    driven.fail("a", "late")
    assert driven.state("a") is S.FATALLY_FAILED


def test_definition_error_leads_to_fallout_even_if_failures_are_accepted() -> None:
    driven = OrderDriver(
        {"a": call(on_failure="continue"), "b": call(on_failure=[{"code": "definition_error", "do": "continue"}])}
    )
    driven.fail("a", "definition_error")
    driven.fail("b", "definition_error")
    assert driven.states() == {"a": "fatally_failed", "b": "failed_accepted"}


def test_configuration_error_is_caught_by_a_case_without_a_code() -> None:
    ladder = {"do": "fallout", "queue": "ops", "retry": {"intervals": ["1h"]}}
    driven = OrderDriver(
        {
            "a": call(on_failure=[{"code": "timeout", "do": "continue"}, ladder]),
            "b": call(on_failure="continue"),
            "c": call(on_failure=[{"code": "configuration_error", "do": "continue"}, ladder]),
        }
    )
    for name in ("a", "b", "c"):
        driven.fail(name, "configuration_error")
    assert driven.states() == {"a": "fatally_failed", "b": "failed_accepted", "c": "failed_accepted"}
    assert driven.view("a").queue == "ops"
    driven.wait(3_600)
    assert driven.state("a") is S.IN_PROGRESS


def test_configuration_error_rolls_back_by_a_case_without_a_code() -> None:
    driven = OrderDriver({"a": call(), "b": call(after=["a"], on_failure=[{"rollback": "order"}])})
    driven.answer("a", {})
    driven.fail("b", "configuration_error")
    assert driven.order_state() is OrderState.FAILED


def test_defects_are_in_the_queue_of_a_case_without_a_code_but_never_rolled_back() -> None:
    ladder = {"do": "fallout", "queue": "ops", "retry": {"intervals": ["1h"]}}
    for code in ("internal_error", "definition_error"):
        driven = OrderDriver({"a": call(on_failure=[{"rollback": "order"}, ladder]), "b": call(on_failure="continue")})
        driven.fail("a", code)
        driven.fail("b", code)
        assert driven.states() == {"a": "fatally_failed", "b": "fatally_failed"}
        assert driven.view("a").queue == "ops"
        driven.wait(3_600)
        assert driven.state("a") is S.IN_PROGRESS


def test_expression_error_before_the_start_is_in_the_queue_of_a_case_without_a_code() -> None:
    broken = call("/${steps.a.output.missing}", after=["a"], on_failure=[{"do": "fallout", "queue": "ops"}])
    driven = OrderDriver({"a": call(), "b": broken})
    driven.answer("a", {})
    assert (driven.state("b"), driven.view("b").queue) == (S.FATALLY_FAILED, "ops")


def test_order_from_before_the_patches_leaves_worker_errors_in_fallout_without_a_queue() -> None:
    driven = OrderDriver({"a": call(on_failure=[{"do": "fallout", "queue": "ops"}]), "b": call(on_failure="continue")})
    driven.run.is_patched = lambda _name: False
    driven.fail("a", "internal_error")
    driven.fail("b", "configuration_error")
    assert (driven.state("b"), driven.view("a").queue) == (S.FATALLY_FAILED, None)


def test_default_fallout_asks_for_no_patch() -> None:
    driven = OrderDriver({"a": call()})
    driven.run.is_patched = lambda name: pytest.fail(f"asked for {name}")
    driven.fail("a", "configuration_error")
    assert driven.state("a") is S.FATALLY_FAILED


def test_reader_of_an_accepted_failure_sees_the_default_output() -> None:
    written = call(on_failure="continue", default_output={"id": "none"})
    driven = OrderDriver({"a": written, "b": call("/${steps.a.output.id}", after=["a"])})
    driven.fail("a", "out_of_stock")
    assert driven.request("b").path == "/none"


def test_engine_error_leads_to_fallout_and_the_order_goes_on() -> None:
    driven = OrderDriver({"a": call(), "b": call()}, strict=False)
    driven.answer("a", {})
    step = driven.step("b")
    step.phase = None  # type: ignore[assignment]
    driven.answer("b", {})
    assert driven.states() == {"a": "completed", "b": "fatally_failed"}
    assert step.failure is not None
    assert step.failure.code == "internal_error"
    driven.step_action("skip", "b")
    assert driven.run.ended


def test_fallout_is_retried_automatically_until_attempts_run_out() -> None:
    ladder = {"do": "fallout", "queue": "desk", "retry": {"intervals": ["1h", "1d"]}}
    driven = OrderDriver({"a": call(on_failure=[ladder])})
    for pause in (3_600, 86_400):
        driven.fail("a", "http_503", outcome_known=False)
        assert driven.state("a") is S.FATALLY_FAILED
        assert driven.view("a").next_attempt_at is not None
        driven.wait(pause)
        assert driven.state("a") is S.IN_PROGRESS
        assert driven.request("a").earlier_attempts == 0
    assert driven.keys("a") == ["O-1/camera.a@1/do/1"] * 3
    driven.fail("a", "http_503", outcome_known=False)
    assert driven.view("a").next_attempt_at is None
    driven.wait(1_000_000)
    assert driven.state("a") is S.FATALLY_FAILED
    driven.step_action("retry", "a")
    driven.fail("a", "http_503", outcome_known=False)
    assert driven.view("a").next_attempt_at is not None
    after = driven.continue_as_new()
    after.wait(3_600)
    assert after.state("a") is S.IN_PROGRESS


def test_person_can_act_before_the_next_automatic_retry() -> None:
    ladder = {"do": "fallout", "retry": {"intervals": ["1h"]}}
    driven = OrderDriver({"a": call(on_failure=[ladder])})
    driven.fail("a", "refused")
    driven.step_action("skip", "a")
    driven.wait(3_600)
    assert driven.state("a") is S.SKIPPED
