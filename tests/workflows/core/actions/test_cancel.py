"""Cancel and roll back, as people ask for it: judged first, refused with what is possible instead, kept for good."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.core.order_driver import OrderDriver
from tests.support.core.plans import call
from tests.support.core.undoable_plans import CHAIN, done, undoable
from workflows.contract.order_messages import RefusalCode
from workflows.contract.states import OrderState, StepState
from workflows.core.steps.refusal import RequestRefused

S, O = StepState, OrderState  # noqa: E741
PAST: dict[str, Any] = {"a": undoable(), "b": undoable(after=["a"], point_of_no_return=True), "c": call(after=["b"])}


def test_a_cancelled_order_is_assessed_then_pending_then_cancelled() -> None:
    driven = done(CHAIN, "a", "b")
    driven.order_action("cancel", expected="in_progress")
    assert driven.order_state() is O.ASSESSING_CANCELLATION
    driven.fail("c", "refused")
    assert driven.order_state() is O.PENDING_CANCELLATION
    driven.answer("b")
    driven.answer("a")
    assert driven.run.ended
    assert driven.order_state() is O.CANCELLED
    assert driven.states() == {"a": "cancelled", "b": "cancelled", "c": "cancelled", "d": "discarded"}


def test_what_has_not_begun_is_cancelled_at_once() -> None:
    driven = OrderDriver({"a": call(start={"delay": "1d"}), "b": call(after=["a"])})
    driven.order_action("cancel")
    assert driven.run.ended
    assert driven.order_state() is O.CANCELLED


def test_a_cancel_past_a_point_of_no_return_is_refused_by_name_with_what_is_possible_instead() -> None:
    driven = done(PAST, "a")
    with pytest.raises(RequestRefused, match=r"step 2 \(camera\.b@1\) is past the point of no return") as refused:
        driven.order_action("cancel")
    assert refused.value.code is RefusalCode.NOT_NOW
    details = refused.value.details
    assert (details.reason, details.data) == ("past_point_of_no_return", {"steps": ["camera.b@1"]})
    assert [(each.action, each.parameters, each.required) for each in details.alternatives] == [
        ("rollback", {"order_id": "O-1"}, []),
        ("cancel", {"order_id": "O-1"}, ["override"]),
    ]
    assert driven.states() == {"a": "completed", "b": "in_progress", "c": "pending"}


def test_a_point_of_no_return_is_overridden_with_a_reason_that_is_kept() -> None:
    driven = done(PAST, "a", "b")
    driven.order_action("cancel", override="the board says so")
    assert [entry.reason for entry in driven.run.audit_log.entries if "overridden" in entry.message] == [
        "the board says so"
    ]
    driven.fail("c", "refused")
    driven.answer("b")
    driven.answer("a")
    assert driven.order_state() is O.CANCELLED


@pytest.mark.parametrize(("names", "refused"), [(("a",), True), ((), False)])
def test_assessing_says_what_would_be_undone_kept_and_refused_and_changes_nothing(
    names: tuple[str, ...], refused: bool
) -> None:
    driven = done(PAST, *names)
    before, noted = driven.states(), len(driven.run.audit_log.entries)
    answer = driven.order_action("cancel", assess=True)
    assert answer.assessment is not None
    assert answer.assessment.refused is refused
    if refused:
        assert answer.assessment.kept == ["camera.a@1", "camera.b@1"]
        assert answer.assessment.past_no_return == ["camera.b@1"]
        assert answer.assessment.discarded == ["camera.c@1"]
    else:
        assert answer.assessment.undone == ["camera.a@1"]
        assert answer.assessment.discarded == ["camera.b@1", "camera.c@1"]
    assert (driven.states(), len(driven.run.audit_log.entries)) == (before, noted)
    assert driven.run.compensation.order_cancelled is False


def test_a_roll_back_past_a_point_of_no_return_leaves_the_order_partial() -> None:
    driven = done({**PAST, "d": undoable()}, "a", "b", "d")
    driven.order_action("rollback")
    driven.fail("c", "refused")
    driven.answer("d")
    assert driven.run.ended
    assert driven.order_state() is O.PARTIAL


def test_the_same_again_says_that_it_has_been_done() -> None:
    driven = done(CHAIN, "a")
    driven.order_action("cancel")
    assert driven.order_action("cancel").already
    assert driven.order_action("rollback").already


def test_a_line_is_rolled_back_alone_and_an_unknown_one_is_refused() -> None:
    driven = done(CHAIN, "a", "b", "c")
    with pytest.raises(RequestRefused, match="no line `2`") as refused:
        driven.order_action("rollback", line="2")
    assert refused.value.code is RefusalCode.NOT_FOUND
    driven.order_action("rollback", line="camera@1")
    assert driven.state("d") is S.IN_PROGRESS
    driven.fail("d", "refused")
    assert driven.in_flight() == ["camera.c@1"]


def test_an_act_on_a_state_that_is_no_longer_so_is_refused() -> None:
    driven = done(CHAIN, "a")
    with pytest.raises(RequestRefused) as refused:
        driven.order_action("cancel", expected="acknowledged")
    assert refused.value.code is RefusalCode.STALE
    with pytest.raises(RequestRefused) as refused:
        driven.order_action("redo", "a", expected="fatally_failed")
    assert refused.value.code is RefusalCode.STALE


def test_who_cancelled_when_and_why_is_kept() -> None:
    driven = done(CHAIN, "a")
    driven.order_action("cancel")
    entry = next(entry for entry in driven.run.audit_log.entries if entry.message == "cancelled")
    assert (entry.by, entry.reason, entry.at) == ("ann", "asked to", driven.run.now)


def test_a_failed_order_that_is_then_cancelled_has_failed() -> None:
    driven = done({"a": undoable(), "b": call(after=["a"], on_failure={"rollback": "order"})}, "a")
    driven.fail("b")
    driven.order_action("cancel")
    driven.answer("a")
    assert driven.order_state() is O.FAILED


def test_a_cancellation_crosses_over() -> None:
    driven = done({"a": undoable(), "b": {"event": {"name": "x"}, "after": ["a"]}}, "a")
    driven.order_action("cancel")
    driven.fail("a", "locked")
    after = driven.continue_as_new()
    assert after.order_state() is O.PENDING_CANCELLATION
    after.step_action("complete", "a")
    assert after.order_state() is O.CANCELLED
