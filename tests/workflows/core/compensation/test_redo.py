"""Redo by a person or after a failure: steps are undone and done again, each round as a new effect."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.core.order_driver import OrderDriver
from tests.support.core.plans import call
from tests.support.core.undoable_plans import done, undoable
from workflows.contract.order_messages import RefusalCode
from workflows.contract.states import OrderState, StepState
from workflows.core.engine import advance
from workflows.core.steps.refusal import RequestRefused

S, O = StepState, OrderState  # noqa: E741


def inspected(most: int = 2, **further: Any) -> dict[str, Any]:
    cases = [
        {"code": "failed_inspection", "redo_from": "install", "max": most},
        {"do": "fallout", "queue": "field_ops"},
    ]
    return {
        "order_parts": undoable(),
        "install": undoable(after=["order_parts"]),
        "photo": undoable(after=["install"]),
        "inspect": call(after=["install"], on_failure=cases),
        "bill": call(after=["inspect", "photo"]),
        **further,
    }


def test_redo_after_a_failure_undoes_in_reverse_order_and_does_everything_again() -> None:
    driven = done(inspected(), "order_parts", "install", "photo")
    driven.fail("inspect", "failed_inspection")
    assert driven.state("inspect") is S.PENDING
    assert driven.in_flight() == ["camera.photo@1"]
    driven.answer("photo")
    assert driven.state("photo") is S.PENDING
    assert driven.in_flight() == ["camera.install@1"]
    driven.answer("install")
    assert driven.states() == {
        "order_parts": "completed", "install": "in_progress", "photo": "pending", "inspect": "pending",
        "bill": "pending",
    }  # fmt: skip
    assert driven.keys("install") == [f"O-1/camera.install@1/{n}" for n in ("do/1", "undo/1", "do/2")]
    for name in ("install", "photo", "inspect", "bill"):
        driven.answer(name, {"id": name})
    assert driven.keys("inspect") == ["O-1/camera.inspect@1/do/1", "O-1/camera.inspect@1/do/2"]
    assert driven.order_state() is O.COMPLETED


def test_next_matching_case_applies_after_the_last_round() -> None:
    driven = done(inspected(most=1), "order_parts", "install")
    driven.fail("inspect", "failed_inspection")
    driven = driven_through_a_round(driven)
    after = driven_over(driven)
    after.fail("inspect", "failed_inspection")
    assert after.state("inspect") is S.FATALLY_FAILED
    assert after.view("inspect").queue == "field_ops"


def driven_through_a_round(driven: OrderDriver) -> OrderDriver:
    driven.answer("photo", {"id": "photo"})
    driven.answer("photo")
    driven.answer("install")
    driven.answer("install", {"id": "again"})
    return driven


def driven_over(driven: OrderDriver) -> OrderDriver:
    """The run continues as another one; the two calls under way are made again by the next."""
    for name in ("photo", "inspect"):
        step = driven.step(name)
        driven.run.draining = True
        advance.activity_interrupted(driven.run, step.position, step.launch, started=False)
    return driven.continue_as_new()


def test_second_undo_of_a_step_has_its_own_key() -> None:
    driven = done(inspected(), "order_parts", "install", "photo")
    for _ in range(2):
        driven.fail("inspect", "failed_inspection")
        driven.answer("photo")
        driven.answer("install")
        driven.answer("install", {"id": "install"})
        driven.answer("photo", {"id": "photo"})
    keys = [key.rsplit("/", 2)[1:] for key in driven.keys("install")]
    assert keys == [["do", "1"], ["undo", "1"], ["do", "2"], ["undo", "2"], ["do", "3"]]


def test_code_without_a_case_is_not_redone() -> None:
    driven = done(inspected(), "order_parts", "install")
    driven.fail("inspect", "other")
    assert driven.state("inspect") is S.FATALLY_FAILED


def test_nothing_is_redone_past_a_point_of_no_return() -> None:
    steps = inspected()
    steps["install"] = undoable(after=["order_parts"], point_of_no_return=True)
    driven = done(steps, "order_parts", "install", "photo")
    driven.fail("inspect", "failed_inspection")
    assert driven.state("inspect") is S.FATALLY_FAILED
    with pytest.raises(RequestRefused, match=r"camera\.install@1.*point of no return") as refused:
        driven.order_action("redo", "install")
    assert refused.value.code is RefusalCode.NOT_NOW
    (alternative,) = refused.value.details.alternatives
    assert (alternative.action, alternative.required) == ("redo", ["override"])
    driven.order_action("redo", "install", override="the customer agreed")
    assert driven.run.audit_log.entries[-1].reason == "the customer agreed"
    assert driven.in_flight() == ["camera.photo@1"]


def test_steps_not_started_wait_for_a_redo_by_a_person() -> None:
    steps = {
        "a": undoable(),
        "b": call("/${steps.a.output.id}", after=["a"]),
        "c": call(after=["b"], start={"delay": "1h"}),
        "d": {"milestone": True, "after": ["c"]},
    }
    driven = done(steps, "a", "b")
    assert driven.state("c") is S.SCHEDULED
    answer = driven.order_action("redo", "a", expected="completed")
    assert answer.assessment is not None
    assert answer.assessment.undone == ["camera.a@1", "camera.b@1"]
    assert driven.states() == {"a": "completed", "b": "pending", "c": "pending", "d": "pending"}
    assert driven.order_state() is O.IN_PROGRESS
    driven.wait(3_600)
    assert driven.state("c") is S.PENDING
    driven.answer("a")
    driven.answer("a", {"id": "new"})
    assert driven.request("b").path == "/new"
    driven.answer("b")
    assert driven.state("c") is S.SCHEDULED
    driven.wait(3_600)
    driven.answer("c")
    assert driven.run.ended


def test_redone_skipped_step_evaluates_its_condition_again() -> None:
    driven = done({"a": call(), "b": call(after=["a"], when="steps.a.output.id == 'go'")}, "a")
    assert driven.state("b") is S.SKIPPED
    driven.run.plan.order.characteristics.clear()
    driven.order_action("redo", "a")
    driven.answer("a", {"id": "go"})
    assert driven.state("b") is S.IN_PROGRESS


def test_redo_waits_for_the_running_attempt() -> None:
    driven = done({"a": undoable(), "b": undoable(after=["a"])}, "a")
    driven.order_action("redo", "a")
    assert driven.cancelled("b")
    driven.fail("b", "refused")
    assert driven.in_flight() == ["camera.a@1"]
    driven.answer("a")
    driven.answer("a", {"id": 2})
    assert driven.keys("b")[-1] == "O-1/camera.b@1/do/2"


def test_steps_that_have_not_run_or_are_undone_for_good_are_not_redone() -> None:
    driven = done({"a": undoable(), "b": undoable(after=["a"])}, "a")
    driven.answer("b", {"id": "b"})
    with pytest.raises(RequestRefused, match="has not run"):
        OrderDriver({"a": call(), "b": call(after=["a"])}).order_action("redo", "b")
    driven.roll_back()
    with pytest.raises(RequestRefused, match="undone for good"):
        driven.order_action("redo", "a")


def test_cancel_during_a_redo_undoes_the_rest() -> None:
    driven = done({"a": undoable(), "b": undoable(after=["a"]), "c": call(after=["b"])}, "a", "b")
    driven.fail("c")
    assert driven.order_action("redo", "b").already is False
    assert driven.order_action("redo", "b").already
    driven.order_action("cancel")
    assert driven.states() == {"a": "completed", "b": "completed", "c": "cancelled"}
    driven.answer("b")
    driven.answer("a")
    assert driven.order_state() is O.CANCELLED


def test_redo_continues_as_new() -> None:
    driven = done({"a": undoable(), "b": undoable(after=["a"]), "c": call(after=["b"])}, "a", "b", "c")
    driven.order_action("redo", "a")
    driven.fail("b", "http_503", attempts=1, retry_after=60.0)
    after = driven.continue_as_new()
    assert after.states() == {"a": "completed", "b": "completed", "c": "pending"}
    after.wait(60)
    for name in ("b", "a"):
        after.answer(name)
    for name in "abc":
        after.answer(name, {"id": name})
    assert after.run.ended
    assert after.keys("b")[-1] == "O-1/camera.b@1/do/2"


def test_assessing_a_redo_changes_nothing() -> None:
    driven = done({"a": undoable(), "b": undoable(after=["a"])}, "a", "b")
    before = driven.states()
    answer = driven.order_action("redo", "a", assess=True)
    assert answer.assessment is not None
    assert answer.assessment.undone == ["camera.a@1", "camera.b@1"]
    assert driven.states() == before
    assert driven.in_flight() == []
