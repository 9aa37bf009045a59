"""What a person does: retry, skip, complete; who, when and why is kept."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.core.order_driver import OrderDriver
from tests.support.core.plans import call
from workflows.contract.order_messages import RefusalCode
from workflows.contract.states import StepState
from workflows.core.steps.refusal import RequestRefused, find_step

S = StepState


def parked(code: str = "out_of_stock", **failure: Any) -> OrderDriver:
    ordered: dict[str, Any] = {"call": {"system": "shop", "post": "/x", "body": {"sku": "one"}}}
    driven = OrderDriver({"a": ordered, "b": call("/${steps.a.output.id}", after=["a"])})
    driven.fail("a", code, **failure)
    return driven


def test_a_retry_after_a_definite_refusal_is_a_new_effect() -> None:
    driven = parked()
    answer = driven.step_action("retry", "a")
    assert answer.state is S.IN_PROGRESS
    assert driven.keys("a") == ["O-1/camera.a@1/do/1", "O-1/camera.a@1/do/2"]
    assert driven.request("a").earlier_attempts == 0


def test_a_retry_after_an_unknown_outcome_keeps_its_key() -> None:
    driven = parked("timeout", outcome_known=False)
    driven.step_action("retry", "a")
    assert driven.keys("a") == ["O-1/camera.a@1/do/1"] * 2
    assert not driven.request("a").outcome_known


def test_a_retry_with_other_input_is_a_new_effect_even_after_an_unknown_outcome() -> None:
    driven = parked("timeout", outcome_known=False)
    driven.step_action("retry", "a", {"sku": "other"})
    assert driven.keys("a")[-1] == "O-1/camera.a@1/do/2"
    assert driven.request("a").body == {"sku": "other"}
    driven.fail("a")
    driven.step_action("retry", "a")
    assert driven.request("a").body == {"sku": "other"}


def test_a_retry_that_fails_again_is_parked_again() -> None:
    driven = parked()
    driven.step_action("retry", "a")
    driven.fail("a")
    assert driven.state("a") is S.FATALLY_FAILED
    assert driven.run.counters.by_state[S.FATALLY_FAILED] == 1


def test_a_step_is_completed_with_what_it_would_have_put_out() -> None:
    driven = parked()
    driven.step_action("complete", "a", {"id": "R-9"})
    assert driven.state("a") is S.COMPLETED
    assert driven.request("b").path == "/R-9"


def test_a_skip_gives_the_output_that_others_need() -> None:
    driven = parked()
    with pytest.raises(RequestRefused) as refused:
        driven.step_action("skip", "a")
    assert refused.value.code is RefusalCode.INVALID
    assert "camera.b@1" in str(refused.value)
    driven.step_action("skip", "a", {"id": "none"})
    assert driven.state("a") is S.SKIPPED
    assert driven.request("b").path == "/none"


def test_a_skip_needs_no_output_where_nobody_reads_it_or_a_default_is_there() -> None:
    driven = OrderDriver({"a": call(), "b": call(after=["a"]), "c": call(default_output={"id": 1})})
    driven.fail("a")
    driven.step_action("skip", "a")
    driven.fail("c")
    driven.step_action("skip", "c")
    assert driven.step("c").output == {"id": 1}
    assert driven.state("b") is S.IN_PROGRESS


@pytest.mark.parametrize("act", ["retry", "skip", "complete"])
def test_only_a_step_in_fallout_is_resolved_and_the_refusal_says_what_is_possible(act: str) -> None:
    driven = OrderDriver({"a": call(), "b": {"event": {"name": "paid"}}})
    with pytest.raises(RequestRefused) as refused:
        driven.step_action(act, "a")
    assert refused.value.code is RefusalCode.NOT_NOW
    assert "in_progress" in str(refused.value)
    with pytest.raises(RequestRefused) as refused:
        driven.step_action(act, "b")
    (possible,) = refused.value.details.alternatives
    assert (possible.action, possible.parameters) == ("event", {"order_id": "O-1", "step": "2", "name": "paid"})


def test_an_act_on_what_is_no_longer_so_is_refused_as_stale() -> None:
    driven = parked()
    driven.step_action("retry", "a", expected=S.FATALLY_FAILED)
    with pytest.raises(RequestRefused) as refused:
        driven.step_action("skip", "a", expected=S.FATALLY_FAILED)
    assert refused.value.code is RefusalCode.STALE
    assert "in_progress" in str(refused.value)


def test_the_same_act_once_more_says_that_it_has_been_done() -> None:
    driven = parked()
    driven.step_action("complete", "a", {"id": "R-9"})
    again = driven.step_action("complete", "a", {"id": "R-9"}, expected=S.FATALLY_FAILED)
    assert again.already
    with pytest.raises(RequestRefused):
        driven.step_action("complete", "a", {"id": "R-8"})
    assert [entry.message for entry in driven.run.audit_log.entries].count("completed") == 1


def test_who_when_and_why_is_kept() -> None:
    driven = parked()
    driven.run.now += 60
    driven.step_action("retry", "a")
    entry = driven.run.audit_log.entries[-1]
    assert (entry.message, entry.step, entry.by, entry.reason) == ("retried", "camera.a@1", "ann", "asked to")
    assert entry.at == driven.run.now


def test_an_unknown_step_is_refused_with_the_nearest_and_a_number_names_one() -> None:
    driven = parked()
    with pytest.raises(RequestRefused) as refused:
        find_step(driven.run, "camera.aa@1")
    assert refused.value.code is RefusalCode.NOT_FOUND
    assert "camera.a@1" in str(refused.value)
    assert find_step(driven.run, "2").position == 1
    for wanted in ("0", "3", "²", "-1"):
        with pytest.raises(RequestRefused):
            find_step(driven.run, wanted)


def test_a_step_that_sends_nothing_out_takes_no_other_input() -> None:
    driven = OrderDriver({"a": {"wait": {"until": "${attributes.missing}"}}})
    with pytest.raises(RequestRefused) as refused:
        driven.step_action("retry", "a", {"x": 1})
    assert refused.value.code is RefusalCode.INVALID


VISIT: dict[str, Any] = {
    "manual": {"queue": "field", "form": {"outcome": {"type": "string", "required": True}}},
    "after": ["a"],
    "fail_when": [{"if": "payload.outcome == 'failed'", "code": "failed_inspection"}],
}


@pytest.mark.parametrize(
    ("on_failure", "message", "state"),
    [
        (
            [{"code": "failed_inspection", "redo_from": "a", "max": 2}],
            "failed with failed_inspection, redone from a, round 1 of 2",
            S.PENDING,
        ),
        ([{"rollback": "order"}], "failed with failed_inspection, order rolls back", S.CANCELLED),
        ("continue", "failed with failed_inspection, accepted", S.FAILED_ACCEPTED),
        ([{"do": "fallout", "queue": "leads"}], "is in fallout: failed_inspection", S.FATALLY_FAILED),
    ],
)
def test_answer_that_says_the_step_failed_is_not_told_as_completed(on_failure: Any, message: str, state: S) -> None:
    driven = OrderDriver({"a": call(), "visit": VISIT | {"on_failure": on_failure}})
    driven.answer("a")
    result = driven.step_action("complete", "visit", {"outcome": "failed"})
    assert result.message.startswith(f"Step 2 (camera.visit@1) {message}")
    assert "completed" not in result.message
    assert driven.state("visit") is state


def test_answer_after_a_failed_round_is_told_as_completed() -> None:
    rounds = [{"code": "failed_inspection", "redo_from": "visit", "max": 2}]
    driven = OrderDriver({"a": call(), "visit": VISIT | {"on_failure": rounds}})
    driven.answer("a")
    driven.step_action("complete", "visit", {"outcome": "failed"})
    result = driven.step_action("complete", "visit", {"outcome": "done"})
    assert result.message == "Step 2 (camera.visit@1) was completed"
