"""What becomes of a step that failed."""

from __future__ import annotations

from tests.support.order_driver import Driven
from tests.support.plans import call
from workflows.contract.states import OrderState, StepState

S = StepState


def test_continue_accepts_the_failure_and_the_order_ends_partial() -> None:
    driven = Driven({"a": call(on_failure="continue"), "b": call(after=["a"])})
    driven.fail("a", "out_of_stock")
    assert driven.states() == {"a": "failed_accepted", "b": "in_progress"}
    driven.answer("b", {})
    assert driven.order_state() is OrderState.PARTIAL


def test_the_first_case_that_fits_the_code_wins() -> None:
    cases = [
        {"code": "timeout", "do": "continue"},
        {"code": "late", "do": "fallout", "queue": "desk"},
        {"do": "continue"},
    ]
    steps = {name: call(on_failure=cases) for name in ("a", "b", "c")}
    driven = Driven(steps)
    driven.fail("a", "timeout")
    driven.fail("b", "late")
    driven.fail("c", "anything")
    assert driven.states() == {"a": "failed_accepted", "b": "fatally_failed", "c": "failed_accepted"}
    assert driven.view("b").queue == "desk"


def test_what_no_case_fits_is_parked() -> None:
    driven = Driven({"a": call(on_failure=[{"code": "timeout", "do": "continue"}])})
    driven.fail("a", "late")
    assert driven.state("a") is S.FATALLY_FAILED


def test_a_mistake_in_a_definition_is_parked_and_not_accepted_as_a_failure() -> None:
    driven = Driven(
        {"a": call(on_failure="continue"), "b": call(on_failure=[{"code": "definition_error", "do": "continue"}])}
    )
    driven.fail("a", "definition_error")
    driven.fail("b", "definition_error")
    assert driven.states() == {"a": "fatally_failed", "b": "failed_accepted"}


def test_who_reads_a_step_that_failed_and_was_accepted_sees_its_default_output() -> None:
    written = call(on_failure="continue", default_output={"id": "none"})
    driven = Driven({"a": written, "b": call("/${steps.a.output.id}", after=["a"])})
    driven.fail("a", "out_of_stock")
    assert driven.request("b").path == "/none"


def test_a_mistake_of_the_engine_parks_the_step_and_the_order_goes_on() -> None:
    driven = Driven({"a": call(), "b": call()}, strict=False)
    driven.answer("a", {})
    step = driven.step("b")
    step.phase = None  # type: ignore[assignment]
    driven.answer("b", {})
    assert driven.states() == {"a": "completed", "b": "fatally_failed"}
    assert step.failure is not None
    assert step.failure.code == "internal_error"
    driven.act("skip", "b")
    assert driven.run.ended


def test_what_is_in_fallout_is_tried_again_by_itself_up_to_the_end_of_its_ladder() -> None:
    ladder = {"do": "fallout", "queue": "desk", "retry": {"intervals": ["1h", "1d"]}}
    driven = Driven({"a": call(on_failure=[ladder])})
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
    driven.act("retry", "a")
    driven.fail("a", "http_503", outcome_known=False)
    assert driven.view("a").next_attempt_at is not None
    after = driven.carry_over()
    after.wait(3_600)
    assert after.state("a") is S.IN_PROGRESS


def test_a_person_may_act_before_the_next_round() -> None:
    ladder = {"do": "fallout", "retry": {"intervals": ["1h"]}}
    driven = Driven({"a": call(on_failure=[ladder])})
    driven.fail("a", "refused")
    driven.act("skip", "a")
    driven.wait(3_600)
    assert driven.state("a") is S.SKIPPED
