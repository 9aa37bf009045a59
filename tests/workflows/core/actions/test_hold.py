"""Hold and resume: nothing new starts, what runs goes on, timers keep counting."""

from __future__ import annotations

import pytest

from tests.support.core.order_driver import OrderDriver
from tests.support.core.plans import call
from tests.support.core.undoable_plans import CHAIN, done, undoable
from workflows.contract.order_messages import RefusalCode
from workflows.contract.states import OrderState, StepState
from workflows.core.steps.refusal import RequestRefused

S, O = StepState, OrderState  # noqa: E741


def test_a_held_order_starts_nothing_new_and_goes_on_when_it_is_resumed() -> None:
    driven = done(CHAIN, "a")
    driven.order_action("hold")
    assert driven.order_state() is O.HELD
    driven.answer("b", {"id": "b"})
    assert driven.state("c") is S.ON_HOLD
    assert driven.view("c").waits_for == "order to be resumed, held by ann: asked to"
    assert driven.in_flight() == []
    driven.order_action("resume")
    assert driven.state("c") is S.IN_PROGRESS
    assert driven.order_state() is O.IN_PROGRESS


def test_timers_and_deadlines_go_on_counting() -> None:
    steps = {
        "a": {"wait": {"for": "1h"}},
        "b": call(start={"delay": "1h"}),
        "c": {"event": {"name": "paid", "within": "1h"}},
        "d": call(),
        "e": call(after=["a"]),
    }
    driven = OrderDriver(steps)
    driven.fail("d", "http_503", attempts=1, retry_after=1800.0)
    driven.order_action("hold")
    driven.wait(3600)
    assert driven.states() == {
        "a": "completed", "b": "on_hold", "c": "fatally_failed", "d": "on_hold", "e": "on_hold",
    }  # fmt: skip
    driven.order_action("resume")
    assert driven.request("d").earlier_attempts == 1
    assert [driven.state(name) for name in "bde"] == [S.IN_PROGRESS] * 3


def test_what_stands_in_line_is_held_and_what_is_in_flight_ends() -> None:
    driven = OrderDriver({"a": call(), "b": call()}, in_flight=1)
    driven.order_action("hold")
    assert driven.states() == {"a": "in_progress", "b": "on_hold"}
    driven.answer("a", {})
    assert driven.states() == {"a": "completed", "b": "on_hold"}
    driven.order_action("resume")
    assert driven.state("b") is S.IN_PROGRESS


@pytest.mark.parametrize("what", [{"name": "b"}, {"line": "1"}])
def test_a_step_or_a_line_is_held_alone(what: dict[str, str]) -> None:
    driven = OrderDriver({"a": call(), "b": call(after=["a"]), "c": call()})
    driven.order_action("hold", **what)
    assert driven.order_state() is O.IN_PROGRESS
    driven.answer("a", {})
    assert driven.state("b") is S.ON_HOLD
    assert driven.order_action("hold", **what).already
    driven.order_action("resume", **what)
    assert driven.state("b") is S.IN_PROGRESS


def test_what_several_holds_concern_stays_held_until_the_last_is_lifted() -> None:
    driven = OrderDriver({"a": call(), "b": call(after=["a"])})
    driven.order_action("hold")
    driven.order_action("hold", "b")
    driven.answer("a", {})
    assert "still held: step camera.b@1" in driven.order_action("resume").message
    assert driven.state("b") is S.ON_HOLD
    driven.order_action("resume", "b")
    assert driven.state("b") is S.IN_PROGRESS
    assert driven.order_action("resume").already


def test_a_retry_of_a_held_step_waits_for_it_to_be_resumed() -> None:
    driven = OrderDriver({"a": call()})
    driven.fail("a")
    driven.order_action("hold")
    driven.step_action("retry", "a")
    assert driven.state("a") is S.ON_HOLD
    driven.order_action("resume")
    assert driven.keys("a")[-1] == "O-1/camera.a@1/do/2"


def test_a_held_step_is_rolled_back_like_any_other_and_a_hold_stops_an_undo_from_starting() -> None:
    driven = done({"a": undoable(), "b": undoable(after=["a"]), "c": call(after=["b"])}, "a", "b")
    driven.order_action("hold", "c")
    driven.fail("c", "refused")
    driven.order_action("rollback")
    driven.order_action("hold", "a")
    driven.answer("b")
    assert driven.undo("a").state is S.ON_HOLD
    driven.order_action("resume", "a")
    driven.answer("a")
    assert driven.run.ended


def test_a_cancelled_order_is_no_longer_held() -> None:
    driven = done({"a": undoable(), "b": call(after=["a"])}, "a")
    driven.fail("b", "refused")
    driven.order_action("hold")
    driven.order_action("cancel")
    assert driven.in_flight() == ["camera.a@1"]
    assert driven.order_state() is O.PENDING_CANCELLATION


def test_a_step_on_hold_is_discarded_by_a_roll_back() -> None:
    driven = OrderDriver({"a": call(), "b": call(after=["a"])})
    driven.order_action("hold")
    driven.answer("a", {})
    driven.order_action("rollback")
    assert driven.states() == {"a": "cancelled", "b": "discarded"}


def test_what_is_over_cannot_be_held() -> None:
    driven = done(CHAIN, "a")
    with pytest.raises(RequestRefused) as refused:
        driven.order_action("hold", "a")
    assert refused.value.code is RefusalCode.NOT_NOW


def test_holds_cross_over() -> None:
    driven = OrderDriver({"a": {"wait": {"for": "1h"}}, "b": call(after=["a"])})
    driven.order_action("hold")
    driven.wait(3600)
    after = driven.continue_as_new()
    assert after.order_state() is O.HELD
    assert after.state("b") is S.ON_HOLD
    after.order_action("resume")
    assert after.state("b") is S.IN_PROGRESS
