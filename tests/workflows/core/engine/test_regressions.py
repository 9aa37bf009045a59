"""Mistakes that random orders have found (test_properties.py), each by itself."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.core.order_driver import ANN, OrderDriver
from tests.support.core.plans import call
from tests.support.core.undoable_plans import done, undoable
from workflows.contract.order_messages import OrderAction
from workflows.contract.states import StepState
from workflows.core.amendment import impact
from workflows.core.compensation.undo_order import request_undo
from workflows.core.state.state_transitions import UndoReason
from workflows.core.state.step_keys import undo_idempotency_key
from workflows.core.steps.refusal import RequestRefused

S = StepState
CALLED_BACK = {"call": {"system": "shop", "post": "/x", "body": {}, "callback": {"within": "1d"}}}


def act(driven: OrderDriver, name: str, **of: Any) -> None:
    assert not driven.perform(name, OrderAction(actor=ANN, **of)).already


def undo_state(driven: OrderDriver, name: str) -> StepState:
    undo = driven.step(name).undo
    assert undo is not None
    return undo.state


def test_an_undo_that_is_retried_waits_for_what_depends_on_its_step() -> None:
    driven = done({"a": undoable(), "b": undoable(after=["a"]), "c": {"event": {"name": "paid"}}}, "a", "b")
    request_undo(driven.run, [driven.step("a")], UndoReason.FAILURE)
    driven.advance()
    driven.fail("a", "refused")
    assert undo_state(driven, "a") is S.FATALLY_FAILED
    act(driven, "rollback")  # b, too
    driven.step_action("retry", "a")
    assert driven.in_flight() == ["camera.b@1"]
    driven.answer("b")
    assert driven.in_flight() == ["camera.a@1"]


def test_what_ends_only_to_be_done_again_lets_nobody_go_on() -> None:
    driven = OrderDriver({"a": undoable(), "b": call(after=["a"])})
    act(driven, "redo", step="camera.a@1")
    driven.answer("a", {"id": "a"})
    assert (driven.state("b"), driven.started("b")) == (S.PENDING, [])
    driven.answer("a")  # undone
    driven.answer("a", {"id": "a"})  # done again
    assert driven.state("b") is S.IN_PROGRESS


def test_what_a_cancelled_order_held_does_not_begin() -> None:
    driven = OrderDriver({"a": call(), "b": {"wait": {"for": "1h"}, "after": ["a"]}})
    act(driven, "hold", step="camera.b@1")
    driven.answer("a")
    assert driven.state("b") is S.ON_HOLD
    act(driven, "cancel")
    assert driven.state("b") is S.DISCARDED


def test_a_skipped_step_that_was_to_be_done_again_is_given_up_with_its_order() -> None:
    steps = {"a": undoable(), "b": call(after=["a"]), "c": undoable(after=["b"])}
    driven = done({**steps, "d": {"event": {"name": "paid"}}}, "a")
    driven.fail("b", "refused")
    driven.step_action("skip", "b")
    driven.answer("c", {"id": "c"})
    act(driven, "redo", step="camera.b@1")
    act(driven, "rollback")
    driven.answer("c")
    driven.answer("a")
    assert driven.run.ended
    assert set(driven.states().values()) == {"cancelled"}


def test_a_callback_that_comes_before_the_next_attempt_is_kept() -> None:
    driven = OrderDriver({"a": CALLED_BACK, "b": call()}, in_flight=1)
    driven.fail("a", "timeout", outcome_known=False)
    driven.step_action("retry", "a")  # and it stands in line behind b
    assert driven.state("a") is S.READY
    assert driven.callback("a", {"id": 1}) == "kept"
    driven.answer("b")
    driven.answer("a")
    assert driven.state("a") is S.COMPLETED


def test_a_callback_that_says_no_finds_its_step_in_fallout_already() -> None:
    refused = [{"if": "payload.ok == false", "code": "refused", "message": "no"}]
    driven = OrderDriver({"a": CALLED_BACK | {"fail_when": refused}})
    driven.answer("a")
    driven.wait(86_401)
    assert driven.state("a") is S.FATALLY_FAILED
    driven.callback("a", {"ok": False})
    failure = driven.step("a").failure
    assert failure is not None
    assert (driven.state("a"), failure.code) == (S.FATALLY_FAILED, "refused")


def test_a_callback_of_an_undo_that_is_over_is_late() -> None:
    undo = {"call": {"system": "shop", "delete": "/x/${output.id}", "callback": {"within": "1d"}}}
    driven = done({"a": call(undo=undo), "b": {"event": {"name": "paid"}, "after": ["a"]}}, "a")
    act(driven, "redo", step="camera.a@1")
    key = undo_idempotency_key(driven.run, driven.step("a"))
    driven.answer("a")
    assert driven.callback("a", {}, key=key) == "completed"
    assert driven.callback("a", {}, key=key, event_id="again") == "late"


def test_while_an_order_rolls_back_nothing_that_an_amendment_left_out_comes_back() -> None:
    driven = done({"a": undoable(), "b": {"event": {"name": "paid"}}}, "a")
    act(driven, "rollback")
    with pytest.raises(RequestRefused, match="is being rolled back"):
        impact.check_amendable(driven.run)


def test_what_is_settled_is_nobodys_fallout_and_its_clock_stands() -> None:
    driven = OrderDriver({"a": call(sla={"duration": "1h"}, on_failure=[{"do": "fallout", "queue": "desk"}])})
    driven.fail("a", "refused")
    assert driven.view("a").queue == "desk"
    driven.step_action("skip", "a")
    assert driven.view("a").queue is None
    driven = OrderDriver({"a": undoable(sla={"duration": "1h"}), "b": {"event": {"name": "paid"}}})
    act(driven, "rollback")
    clock = driven.step("a").sla_clock
    assert clock is not None
    assert not clock.is_running


def test_what_a_person_completed_took_no_attempt_also_after_it_was_carried_over() -> None:
    driven = OrderDriver({"a": call("/${attributes.missing}"), "b": {"event": {"name": "paid"}}})
    driven.step_action("complete", "a", {"id": 1})
    assert (driven.view("a").attempts, driven.continue_as_new().view("a").attempts) == (0, 0)
