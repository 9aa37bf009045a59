"""A step waits while a step that it depends on is redone, also through steps that stay."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.core.amendments import Amendable
from tests.support.core.plans import call
from workflows.contract.states import OrderState, StepState
from workflows.core.steps.reset import PRESENT_INPUT
from workflows.core.steps.settlement import WAIT_FOR_REDONE

S = StepState
BUILD: dict[str, Any] = {"call": {"system": "shop", "post": "/build", "body": {"grade": "${attributes.grade}"}}}
WAITS: dict[str, dict[str, Any]] = {
    "event": {"event": {"name": "handed_over"}},
    "person": {"manual": {"queue": "desk"}},
    "time": {"wait": {"for": "1d"}},
    "condition": {"wait": {"condition": "order.characteristics.go == true"}},
}


def job(handover: dict[str, Any], **build: Any) -> dict[str, Any]:
    return {
        "build": {**BUILD, **build},
        "inspect": call(after=["build"]),
        "handover": {**handover, "after": ["inspect"]},
        "bill": call(after=["handover"]),
    }


def redone(steps: dict[str, Any], patched: bool = True) -> Amendable:
    """`build` is being done again, `handover` waited when the order was amended."""
    driven = Amendable(steps, attributes={"grade": "silver"})
    if not patched:
        driven.run.is_patched = lambda patch: patch != WAIT_FOR_REDONE
    driven.answer("build", {})
    driven.answer("inspect", {})
    driven.amend(steps, attributes={"grade": "gold"})
    assert driven.states()["inspect"] == "completed"
    return driven


@pytest.mark.parametrize("kind", WAITS)
def test_what_waits_starts_again_once_the_redone_step_is_done(kind: str) -> None:
    driven = redone(job(WAITS[kind]))
    assert (driven.state("build"), driven.state("handover")) == (S.IN_PROGRESS, S.PENDING)
    driven.wait(2 * 86_400)
    driven.set_characteristics(go=True)
    assert driven.state("handover") is S.PENDING
    driven.answer("build", {})
    assert driven.state("handover") is (S.COMPLETED if kind == "condition" else S.IN_PROGRESS)


def test_an_event_that_arrives_meanwhile_is_kept() -> None:
    driven = redone(job(WAITS["event"]))
    assert driven.event("handed_over") == "kept"
    assert driven.state("handover") is S.PENDING
    driven.answer("build", {})
    assert driven.state("handover") is S.COMPLETED


def test_what_waits_for_its_next_attempt_makes_it_afterwards() -> None:
    steps = job(call())
    driven = Amendable(steps, attributes={"grade": "silver"})
    driven.answer("build", {})
    driven.answer("inspect", {})
    driven.fail("handover", "http_503", retry_after=60.0)
    driven.amend(steps, attributes={"grade": "gold"})
    driven.wait(120)
    assert driven.state("handover") is S.PENDING
    driven.answer("build", {})
    assert driven.state("handover") is S.IN_PROGRESS


def test_what_has_not_begun_waits_through_steps_that_stay() -> None:
    steps = job(call(start={"delay": "1d"}))
    driven = redone(steps)
    assert driven.state("handover") is S.PENDING
    driven.answer("build", {})
    assert driven.state("handover") is S.SCHEDULED


def test_followers_of_what_ran_on_wait_too() -> None:
    steps = job(call())
    driven = redone(steps)
    assert driven.state("handover") is S.IN_PROGRESS
    driven.answer("handover", {})
    assert driven.states()["bill"] == "pending"
    driven.answer("build", {})
    assert driven.state("bill") is S.IN_PROGRESS


def test_a_step_past_its_point_of_no_return_is_left_as_it_is() -> None:
    driven = redone(job({**WAITS["person"], "point_of_no_return": True}))
    assert driven.state("handover") is S.IN_PROGRESS


def test_a_change_in_place_takes_no_task_away() -> None:
    driven = redone(job(WAITS["person"], on_change={"call": {"system": "shop", "put": "/build"}}))
    assert driven.state("handover") is S.IN_PROGRESS


def test_it_waits_after_continue_as_new() -> None:
    steps = job(WAITS["event"], undo={"manual": {"queue": "desk"}})
    driven = redone(steps)
    next_run = driven.continue_as_new()
    assert next_run.state("handover") is S.PENDING
    next_run.step_action("complete", "build", {})
    assert (next_run.state("build"), next_run.state("handover")) == (S.IN_PROGRESS, S.PENDING)
    next_run.answer("build", {})
    assert next_run.state("handover") is S.IN_PROGRESS


def test_a_second_amendment_and_a_cancel_find_it_waiting() -> None:
    steps = job(WAITS["event"])
    driven = redone(steps)
    driven.amend(steps, attributes={"grade": "bronze"})
    driven.answer("build", {})
    driven.answer("build", {})
    assert driven.state("handover") is S.IN_PROGRESS
    driven = redone(steps)
    driven.order_action("cancel")
    driven.answer("build", {})
    assert driven.order_state() is OrderState.CANCELLED


def test_an_order_that_decided_before_goes_on_as_it_did() -> None:
    driven = redone(job(WAITS["event"]), patched=False)
    assert driven.event("handed_over") == "completed"
    assert driven.state("handover") is S.COMPLETED
    assert driven.states()["bill"] == "in_progress"


SHIPPED: dict[str, Any] = {
    "ship": {**BUILD, "undo": {"call": {"system": "shop", "delete": "/build"}}},
    "delivered": {"event": {"name": "delivered", "key": "${steps.ship.output.tracking}"}, "after": ["ship"]},
}


@pytest.mark.parametrize(("patched", "key"), [(True, "T-2"), (False, "T-1")])
def test_what_starts_again_waits_for_the_key_of_the_new_output(patched: bool, key: str) -> None:
    driven = Amendable(SHIPPED, attributes={"grade": "silver"})
    if not patched:
        driven.run.is_patched = lambda patch: patch != PRESENT_INPUT
    driven.answer("ship", {"tracking": "T-1"})
    driven.amend(SHIPPED, attributes={"grade": "gold"})
    driven.answer("ship", {})
    driven.answer("ship", {"tracking": "T-2"})
    assert driven.state("delivered") is S.IN_PROGRESS
    assert driven.event("delivered", key=key) == "completed"
