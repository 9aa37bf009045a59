"""Rollback: steps are stopped, then undone in reverse order, each after everything that depends on it."""

from __future__ import annotations

from typing import Any

import pytest

from compiler.plan.codec import encode_plan
from tests.support.core.order_driver import OrderDriver
from tests.support.core.plans import call, plan_of
from tests.support.core.undoable_plans import CHAIN, done, undoable
from workflows.contract.states import OrderState, StepState
from workflows.core.continue_as_new import order_snapshot
from workflows.core.engine import advance
from workflows.core.execution.undo_execution import move_undo_to_fallout
from workflows.core.state.state_transitions import IllegalTransition
from workflows.core.state.step_run import StepFailure

S, O = StepState, OrderState  # noqa: E741


def blind(path: str = "/x", **further: Any) -> dict[str, Any]:
    """A call whose undo needs nothing of it."""
    return call(path, undo={"call": {"system": "shop", "post": "/x/cancellations"}}, **further)


def test_chain_is_undone_from_its_end_one_by_one() -> None:
    driven = done(CHAIN, "a", "b", "c", "d")
    assert driven.run.ended
    driven.roll_back()
    for name in "dcba":
        assert driven.in_flight() == [f"camera.{name}@1"]
        assert driven.state(name) is S.COMPLETED
        assert driven.request(name).path == f"/x/{name}"
        assert driven.request(name).idempotency_key == f"O-1/camera.{name}@1/undo/1"
        driven.answer(name)
        assert driven.state(name) is S.CANCELLED
    assert driven.run.ended
    assert driven.order_state() is O.FAILED


def test_independent_steps_are_undone_in_parallel() -> None:
    steps = {"a": undoable(), "b": undoable(after=["a"]), "c": undoable(after=["a"]), "d": undoable(after=["b", "c"])}
    driven = done(steps, "a", "b", "c", "d")
    driven.roll_back()
    assert driven.in_flight() == ["camera.d@1"]
    driven.answer("d")
    assert driven.in_flight() == ["camera.b@1", "camera.c@1"]
    driven.answer("b")
    assert driven.in_flight() == ["camera.c@1"]
    driven.answer("c")
    assert driven.in_flight() == ["camera.a@1"]


def test_skipped_step_passes_on_the_undo_order() -> None:
    steps = {"a": undoable(), "b": call(after=["a"], when="false"), "c": undoable(after=["b"])}
    driven = done(steps, "a", "c")
    driven.roll_back()
    assert driven.in_flight() == ["camera.c@1"]
    driven.answer("c")
    assert driven.in_flight() == ["camera.a@1"]
    driven.answer("a")
    assert driven.states() == {"a": "cancelled", "b": "skipped", "c": "cancelled"}
    assert driven.order_state() is O.FAILED


def test_rollback_discards_steps_not_started_and_stops_waiting_ones() -> None:
    steps = {
        "a": undoable(),
        "b": {"event": {"name": "paid"}, "after": ["a"]},
        "c": {"manual": {"queue": "desk"}, "after": ["a"]},
        "d": {"wait": {"for": "1d"}, "after": ["a"]},
        "e": {"wait": {"condition": "order.characteristics.x == 1"}, "after": ["a"]},
        "f": call(start={"delay": "1d"}, after=["a"]),
        "g": call(after=["b"]),
    }
    driven = done(steps, "a")
    driven.roll_back()
    assert driven.states() == {
        "a": "completed", "b": "cancelled", "c": "cancelled", "d": "cancelled", "e": "cancelled", "f": "discarded",
        "g": "discarded",
    }  # fmt: skip
    assert driven.order_state() is O.IN_PROGRESS
    assert driven.run.counters.open_tasks == 0
    assert driven.event("paid") == "late"
    driven.answer("a")
    assert driven.run.ended


def test_steps_without_undo_are_cancelled_in_order() -> None:
    driven = done({"a": undoable(), "b": call(after=["a"]), "c": {"milestone": True, "after": ["b"]}}, "a", "b")
    driven.roll_back()
    assert driven.states() == {"a": "completed", "b": "cancelled", "c": "cancelled"}


def test_running_attempt_ends_and_its_effect_is_undone() -> None:
    driven = OrderDriver({"a": undoable()})
    driven.roll_back()
    assert driven.cancelled("a")
    assert driven.run.compensation.stopping_count == 1
    driven.answer("a", {"id": "R-1"})
    assert driven.request("a").path == "/x/R-1"
    driven.answer("a")
    assert driven.state("a") is S.CANCELLED
    assert driven.run.compensation.stopping_count == 0


def test_attempt_that_fails_for_certain_needs_no_undo() -> None:
    driven = OrderDriver({"a": undoable()})
    driven.roll_back()
    driven.fail("a", "out_of_stock")
    assert driven.state("a") is S.CANCELLED
    assert len(driven.started("a")) == 1


def test_unknown_output_is_recovered_with_the_steps_own_key_if_the_undo_reads_it() -> None:
    driven = OrderDriver({"a": undoable()})
    driven.fail("a", "timeout", outcome_known=False)
    driven.roll_back()
    assert driven.keys("a") == ["O-1/camera.a@1/do/1"] * 2
    assert not driven.request("a").outcome_known
    driven.answer("a", {"id": "R-7"})
    assert driven.keys("a")[-1] == "O-1/camera.a@1/undo/1"
    assert driven.request("a").path == "/x/R-7"
    driven.answer("a")
    assert driven.state("a") is S.CANCELLED


def test_recovery_that_is_refused_for_certain_needs_no_undo() -> None:
    driven = OrderDriver({"a": undoable()})
    driven.fail("a", "timeout", outcome_known=False)
    driven.roll_back()
    driven.fail("a", "out_of_stock")
    assert driven.state("a") is S.CANCELLED
    assert driven.keys("a") == ["O-1/camera.a@1/do/1"] * 2


def test_unknown_outcome_is_undone_at_once_if_the_undo_reads_no_output() -> None:
    driven = OrderDriver({"a": blind()})
    driven.fail("a", "timeout", outcome_known=False)
    driven.roll_back()
    assert driven.keys("a")[-1] == "O-1/camera.a@1/undo/1"


def test_undo_ends_the_pause_between_attempts() -> None:
    driven = OrderDriver({"a": undoable(), "b": blind()})
    driven.fail("a", "http_503", attempts=1, retry_after=600.0)
    driven.fail("b", "timeout", attempts=1, retry_after=600.0, outcome_known=False)
    driven.roll_back()
    assert driven.state("a") is S.CANCELLED
    assert driven.keys("b")[-1] == "O-1/camera.b@1/undo/1"


ACKNOWLEDGED = {
    "call": {"system": "shop", "post": "/x", "callback": {"within": "2d"}},
    "undo": {"call": {"system": "shop", "delete": "/x/${output.id}"}},
}


def test_undo_of_a_call_that_waits_for_its_callback_reads_the_response() -> None:
    written = {
        "call": {"system": "shop", "post": "/x", "callback": {"within": "2d"}},
        "output": {"id": "${response.body.id}", "at": "${payload.at}"},
        "undo": {"call": {"system": "shop", "delete": "/x/${output.id}"}},
    }
    driven = OrderDriver({"a": written})
    driven.answer("a", {"body": {"id": "V-1"}})
    driven.roll_back()
    assert driven.keys("a") == ["O-1/camera.a@1/do/1", "O-1/camera.a@1/undo/1"]
    assert driven.request("a").path == "/x/V-1"
    assert driven.callback("a", {"at": "noon"}, key="O-1/camera.a@1/do/1") == "late"
    driven.answer("a")
    assert driven.run.ended


def test_undo_of_an_acknowledged_call_without_output_reads_the_body() -> None:
    driven = OrderDriver({"a": ACKNOWLEDGED})
    assert driven.request("a").output == {"body": "${response.body}"}
    driven.answer("a", {"body": {"id": "V-1"}})
    driven.roll_back()
    assert driven.request("a").path == "/x/V-1"
    assert driven.keys("a") == ["O-1/camera.a@1/do/1", "O-1/camera.a@1/undo/1"]


def test_acknowledged_call_whose_time_has_passed_is_undone_without_a_repeat() -> None:
    driven = OrderDriver({"a": ACKNOWLEDGED})
    driven.answer("a", {"body": {"id": "V-1"}})
    driven.wait(2 * 86_400)
    assert driven.state("a") is S.FATALLY_FAILED
    driven.roll_back()
    assert driven.request("a").path == "/x/V-1"


def test_retried_call_without_an_answer_is_repeated_before_its_undo() -> None:
    driven = OrderDriver({"a": ACKNOWLEDGED})
    driven.answer("a", {"body": {"id": "V-1"}})
    driven.wait(2 * 86_400)
    driven.step_action("retry", "a", expected=S.FATALLY_FAILED)
    driven.fail("a", "timeout", outcome_known=False)
    driven.roll_back()
    assert driven.keys("a") == ["O-1/camera.a@1/do/1"] * 3
    assert driven.request("a").output is None
    driven.answer("a", {"id": "V-2"})
    assert driven.request("a").path == "/x/V-2"


def test_call_that_an_earlier_release_sent_is_repeated_before_its_undo() -> None:
    driven = OrderDriver({"a": ACKNOWLEDGED})
    driven.answer("a", {})
    driven.roll_back()
    assert driven.keys("a") == ["O-1/camera.a@1/do/1"] * 2


def test_undo_that_the_acknowledgement_does_not_suffice_for_goes_to_fallout() -> None:
    driven = OrderDriver({"a": {**ACKNOWLEDGED, "output": {"id": "${response.body.id}", "at": "${payload.at}"}}})
    driven.answer("a", {"body": {"other": 1}})
    driven.roll_back()
    undo = driven.undo("a")
    assert undo.state is S.FATALLY_FAILED
    assert undo.failure is not None
    assert "there is no `id`" in undo.failure.message
    assert driven.keys("a") == ["O-1/camera.a@1/do/1"]


def test_undo_uses_a_callback_that_comes_before_it() -> None:
    written = {
        "call": {"system": "shop", "post": "/x", "callback": {"within": "2d"}},
        "undo": {"call": {"system": "shop", "delete": "/x/${output.id}"}},
    }
    driven = OrderDriver({"a": written, "b": undoable(after=[])})
    driven.answer("a", {})
    driven.roll_back()
    assert driven.callback("a", {"id": "V-9"}, key="O-1/camera.a@1/do/1") == "kept"
    driven.answer("a", {"id": "ignored"})
    assert driven.request("a").path == "/x/V-9"


def test_callback_after_the_undo_has_begun_changes_nothing() -> None:
    written = {
        "call": {"system": "shop", "post": "/x", "callback": {"within": "2d"}},
        "undo": {"call": {"system": "shop", "delete": "/x/${output.id}"}},
    }
    driven = OrderDriver({"a": written, "b": undoable()})
    driven.answer("a", {})
    driven.callback("a", {"id": "V-9"})
    driven.roll_back()
    assert driven.callback("a", {"id": "other"}, key="O-1/camera.a@1/do/1", event_id="cb-2") == "late"
    assert driven.step("a").output == {"id": "V-9"}
    assert driven.run.audit_log.entries[-1].message == "callback during its undo: too late"


def test_engine_error_in_an_undo_that_is_in_fallout_keeps_it_there() -> None:
    driven = done({"a": undoable()}, "a")
    driven.roll_back()
    driven.fail("a", "locked")
    failure = StepFailure("internal_error", "again", outcome_known=False)
    with pytest.raises(IllegalTransition):
        move_undo_to_fallout(driven.run, driven.step("a"), failure)
    move_undo_to_fallout(driven.run, driven.step("a"), failure, force=True)
    assert driven.undo("a").state is S.FATALLY_FAILED
    assert driven.run.counters.fallout == 1


def test_polled_call_is_polled_once_more_before_its_undo() -> None:
    poll = {"get": "/x/${response.body.id}", "every": "1m", "until": "response.body.ok"}
    written = {
        "call": {"system": "shop", "post": "/x", "poll": poll},
        "undo": {"call": {"system": "shop", "delete": "/x/${output.id}"}},
    }
    driven = OrderDriver({"a": written})
    driven.answer("a", {"body": {"id": 7}})
    driven.roll_back()
    assert (driven.request("a").path, driven.request("a").until) == ("/x/7", "true")
    driven.answer("a", {"id": 7})
    assert driven.request("a").path == "/x/7"
    assert driven.request("a").method == "delete"


@pytest.mark.parametrize("act", ["complete", "skip"])
def test_failed_undo_stays_in_fallout_until_a_person_resolves_it(act: Any) -> None:
    driven = done({"a": undoable(), "b": undoable(after=["a"])}, "a", "b")
    driven.roll_back()
    driven.fail("b", "locked")
    assert driven.state("b") is S.COMPLETED
    assert driven.undo("b").state is S.FATALLY_FAILED
    assert driven.run.counters.fallout == 1
    assert driven.in_flight() == []
    assert driven.view("b").undo is not None
    driven.step_action(act, "b", expected=S.COMPLETED)
    assert driven.run.counters.fallout == 0
    assert driven.state("b") is S.CANCELLED
    assert driven.in_flight() == ["camera.a@1"]


def test_retried_undo_is_a_new_effect_unless_its_outcome_is_unknown() -> None:
    undo = {"call": {"system": "shop", "delete": "/x", "query": {"force": False}}}
    driven = done({"a": undoable() | {"undo": undo}}, "a")
    driven.roll_back()
    driven.fail("a", "locked")
    driven.step_action("retry", "a", {"force": True}, expected=S.FATALLY_FAILED)
    assert driven.keys("a")[-1] == "O-1/camera.a@1/undo/2"
    assert driven.request("a").query == {"force": True}
    driven.fail("a", "timeout", outcome_known=False)
    driven.step_action("retry", "a")
    assert driven.keys("a")[-1] == "O-1/camera.a@1/undo/3"
    driven.step("a").undo.changes = None  # type: ignore[union-attr]
    driven.fail("a", "timeout", outcome_known=False)
    driven.step_action("retry", "a")
    assert driven.keys("a")[-1] == "O-1/camera.a@1/undo/3"
    driven.answer("a")
    assert driven.run.ended


def test_undo_has_its_own_attempts_and_pauses() -> None:
    driven = done({"a": undoable()}, "a")
    driven.roll_back()
    driven.fail("a", "http_503", attempts=1, retry_after=120.0)
    assert driven.undo("a").state is S.FAILED
    driven.wait(120)
    assert driven.request("a").earlier_attempts == 1
    driven.answer("a", attempts=2)
    assert driven.undo("a").attempts == 2
    assert driven.view("a").attempts == 1


def test_manual_undo() -> None:
    form = {"returned": {"type": "boolean", "required": True}}
    manual = {"queue": "field", "instructions": "Fetch ${output.id}", "form": form}
    driven = done({"a": call(undo={"manual": manual})}, "a")
    driven.roll_back()
    undo = driven.view("a").undo
    assert undo is not None
    assert (undo.waits_for, undo.instructions, undo.queue) == ("a person in field", "Fetch a", "field")
    assert driven.run.counters.open_tasks == 1
    driven.step_action("complete", "a", {"returned": True})
    assert driven.run.counters.open_tasks == 0
    assert driven.run.ended


def test_undo_with_polling_or_callback() -> None:
    polled = {"call": {"system": "shop", "post": "/u", "poll": {"get": "/u/${response.body.id}", "until": "true"}}}
    called = {"call": {"system": "shop", "post": "/u", "callback": {"within": "1h"}}}
    driven = done({"a": call(undo=polled), "b": call(undo=called), "c": call(undo=called)}, "a", "b", "c")
    driven.roll_back()
    assert [driven.request(name).callback for name in "abc"] == [False, True, True]
    driven.answer("a", {"body": {"id": 3}})
    assert driven.request("a").path == "/u/3"
    driven.answer("a", {})
    assert driven.state("a") is S.CANCELLED
    driven.answer("b")
    assert driven.callback("b", {}, key="O-1/camera.b@1/undo/1") == "completed"
    assert driven.state("b") is S.CANCELLED
    driven.answer("c")
    driven.wait(3600)
    assert driven.undo("c").state is S.FATALLY_FAILED


def test_undo_expression_without_a_value_leads_to_fallout() -> None:
    driven = OrderDriver({"a": undoable()})
    driven.answer("a", {"other": 1})
    driven.roll_back()
    assert driven.undo("a").state is S.FATALLY_FAILED
    assert driven.run.counters.fallout == 1


def test_step_past_its_point_of_no_return_stays_with_all_it_depends_on() -> None:
    steps = {
        "a": undoable(),
        "b": undoable(after=["a"], point_of_no_return=True),
        "c": undoable(after=["b"]),
        "d": undoable(),
    }
    driven = done(steps, "a", "b", "d")
    driven.answer("c", {"id": "c"})
    found = driven.roll_back()
    assert [driven.plan.steps[at].id for at in found.kept] == ["camera.a@1", "camera.b@1"]
    for name in "cd":
        driven.answer(name)
    assert driven.states() == {"a": "completed", "b": "completed", "c": "cancelled", "d": "cancelled"}
    assert driven.order_state() is O.PARTIAL


@pytest.mark.parametrize(("known", "state"), [(True, "cancelled"), (False, "fatally_failed")])
def test_step_that_failed_for_certain_is_not_past_its_point_of_no_return(known: bool, state: str) -> None:
    driven = done({"a": undoable(), "b": undoable(after=["a"], point_of_no_return=True)}, "a")
    driven.fail("b", "refused", outcome_known=known)
    driven.roll_back()
    assert driven.states()["b"] == state
    assert driven.in_flight() == (["camera.a@1"] if known else [])


def test_point_of_no_return_can_be_overridden() -> None:
    driven = done({"a": undoable(point_of_no_return=True)}, "a")
    driven.roll_back(override=True)
    driven.answer("a")
    assert driven.state("a") is S.CANCELLED


def test_number_of_running_undos_is_limited() -> None:
    driven = OrderDriver({f"s{n}": undoable() for n in range(10)}, in_flight=3)
    for n in range(10):
        driven.answer(f"s{n}", {"id": n})
    driven.roll_back()
    assert len(driven.in_flight()) == 3


def test_rollback_continues_as_new() -> None:
    driven = done(CHAIN, "a", "b", "c", "d")
    driven.roll_back()
    driven.answer("d")
    driven.fail("c", "http_503", attempts=1, retry_after=60.0)
    after = driven.continue_as_new()
    assert after.states() == driven.states()
    for name in "abcd":
        assert after.view(name).undo == driven.view(name).undo
    after.wait(60)
    assert after.keys("c") == ["O-1/camera.c@1/undo/1"]
    for name in "cba":
        after.answer(name)
    assert after.order_state() is O.FAILED


def test_fallout_of_an_undo_continues_as_new() -> None:
    driven = done({"a": undoable()}, "a")
    driven.roll_back()
    driven.fail("a", "locked")
    after = driven.continue_as_new()
    assert after.run.counters.fallout == 1
    after.step_action("retry", "a")
    assert after.keys("a") == ["O-1/camera.a@1/undo/2"]


def test_rollback_of_ten_thousand_steps_has_a_small_snapshot() -> None:
    steps = {f"s{n}": undoable(after=[f"s{n - 100}"] if n >= 100 else []) for n in range(10_000)}
    driven = OrderDriver(plan_of(steps), in_flight=100)
    for n in range(10_000):
        step = driven.run.steps[n]
        advance.activity_succeeded(driven.run, n, step.launch, {"output": {"id": f"R-{n}"}, "attempts": 1})
        driven.advance()
    driven.roll_back()
    for n in reversed(range(10_000)):
        if n == 5_000:
            driven.run.draining = True
            data = order_snapshot.snapshot_order(driven.run, packed := encode_plan(driven.plan))
            assert len(data) - len(packed) < 150_000
            driven.run.draining = False
        step = driven.run.steps[n]
        assert step.in_flight
        advance.activity_succeeded(driven.run, n, step.launch, {"output": None, "attempts": 1})
        driven.advance()
    assert driven.run.ended
