"""Rolling back: stopped where it is, then undone in reverse, each step after everything that depends on it."""

from __future__ import annotations

from typing import Any

import pytest

from compiler.plan.codec import encode_plan
from tests.support.order_driver import Driven
from tests.support.plans import call, plan_of
from tests.support.undoable_plans import CHAIN, done, undoable
from workflows.contract.states import OrderState, StepState
from workflows.core.continue_as_new import order_snapshot
from workflows.core.engine import advance

S, O = StepState, OrderState  # noqa: E741


def blind(path: str = "/x", **further: Any) -> dict[str, Any]:
    """A call whose undo needs nothing of it."""
    return call(path, undo={"call": {"system": "shop", "post": "/x/cancellations"}}, **further)


def test_a_chain_is_undone_from_its_end_one_after_the_other() -> None:
    driven = done(CHAIN, "a", "b", "c", "d")
    assert driven.run.ended
    driven.roll_back()
    for name in "dcba":
        assert driven.flying() == [f"camera.{name}@1"]
        assert driven.state(name) is S.COMPLETED
        assert driven.request(name).path == f"/x/{name}"
        assert driven.request(name).idempotency_key == f"O-1/camera.{name}@1/undo/1"
        driven.answer(name)
        assert driven.state(name) is S.CANCELLED
    assert driven.run.ended
    assert driven.order_state() is O.FAILED


def test_a_diamond_is_undone_in_parallel_where_nothing_forbids_it() -> None:
    steps = {"a": undoable(), "b": undoable(after=["a"]), "c": undoable(after=["a"]), "d": undoable(after=["b", "c"])}
    driven = done(steps, "a", "b", "c", "d")
    driven.roll_back()
    assert driven.flying() == ["camera.d@1"]
    driven.answer("d")
    assert driven.flying() == ["camera.b@1", "camera.c@1"]
    driven.answer("b")
    assert driven.flying() == ["camera.c@1"]
    driven.answer("c")
    assert driven.flying() == ["camera.a@1"]


def test_a_chain_through_a_skipped_step_still_counts() -> None:
    steps = {"a": undoable(), "b": call(after=["a"], when="false"), "c": undoable(after=["b"])}
    driven = done(steps, "a", "c")
    driven.roll_back()
    assert driven.flying() == ["camera.c@1"]
    driven.answer("c")
    assert driven.flying() == ["camera.a@1"]
    driven.answer("a")
    assert driven.states() == {"a": "cancelled", "b": "skipped", "c": "cancelled"}
    assert driven.order_state() is O.FAILED


def test_what_has_not_begun_is_discarded_and_what_waits_is_stopped() -> None:
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


def test_what_has_nothing_to_undo_is_cancelled_all_the_same_and_in_order() -> None:
    driven = done({"a": undoable(), "b": call(after=["a"]), "c": {"milestone": True, "after": ["b"]}}, "a", "b")
    driven.roll_back()
    assert driven.states() == {"a": "completed", "b": "cancelled", "c": "cancelled"}


def test_an_attempt_under_way_ends_and_what_it_did_is_undone() -> None:
    driven = Driven({"a": undoable()})
    driven.roll_back()
    assert driven.cancelled("a")
    assert driven.run.compensation.stopping_count == 1
    driven.answer("a", {"id": "R-1"})
    assert driven.request("a").path == "/x/R-1"
    driven.answer("a")
    assert driven.state("a") is S.CANCELLED
    assert driven.run.compensation.stopping_count == 0


def test_an_attempt_that_fails_for_certain_leaves_nothing_to_undo() -> None:
    driven = Driven({"a": undoable()})
    driven.roll_back()
    driven.fail("a", "out_of_stock")
    assert driven.state("a") is S.CANCELLED
    assert len(driven.sent("a")) == 1


def test_an_unknown_outcome_is_learnt_with_the_steps_own_key_where_the_undo_reads_it() -> None:
    driven = Driven({"a": undoable()})
    driven.fail("a", "timeout", outcome_known=False)
    driven.roll_back()
    assert driven.keys("a") == ["O-1/camera.a@1/do/1"] * 2
    assert not driven.request("a").outcome_known
    driven.answer("a", {"id": "R-7"})
    assert driven.keys("a")[-1] == "O-1/camera.a@1/undo/1"
    assert driven.request("a").path == "/x/R-7"
    driven.answer("a")
    assert driven.state("a") is S.CANCELLED


def test_what_turns_out_never_to_have_been_done_needs_no_undo() -> None:
    driven = Driven({"a": undoable()})
    driven.fail("a", "timeout", outcome_known=False)
    driven.roll_back()
    driven.fail("a", "out_of_stock")
    assert driven.state("a") is S.CANCELLED
    assert driven.keys("a") == ["O-1/camera.a@1/do/1"] * 2


def test_an_unknown_outcome_is_undone_right_away_where_the_undo_does_not_read_it() -> None:
    driven = Driven({"a": blind()})
    driven.fail("a", "timeout", outcome_known=False)
    driven.roll_back()
    assert driven.keys("a")[-1] == "O-1/camera.a@1/undo/1"


def test_a_pause_between_attempts_is_cut_short() -> None:
    driven = Driven({"a": undoable(), "b": blind()})
    driven.fail("a", "http_503", attempts=1, retry_after=600.0)
    driven.fail("b", "timeout", attempts=1, retry_after=600.0, outcome_known=False)
    driven.roll_back()
    assert driven.state("a") is S.CANCELLED
    assert driven.keys("b")[-1] == "O-1/camera.b@1/undo/1"


def test_a_call_that_waits_for_its_callback_is_undone_with_what_its_answer_said() -> None:
    written = {
        "call": {"system": "shop", "post": "/x", "callback": {"within": "2d"}},
        "output": {"id": "${response.body.id}", "at": "${payload.at}"},
        "undo": {"call": {"system": "shop", "delete": "/x/${output.id}"}},
    }
    driven = Driven({"a": written})
    driven.answer("a", {"body": {"id": "V-1"}})
    driven.roll_back()
    assert driven.request("a").idempotency_key == "O-1/camera.a@1/do/1"
    assert driven.request("a").output == {"id": "${response.body.id}"}
    driven.answer("a", {"id": "V-1"})
    assert driven.request("a").path == "/x/V-1"
    assert driven.call_back("a", {"at": "noon"}, key="O-1/camera.a@1/do/1") == "late"
    driven.answer("a")
    assert driven.run.ended


def test_a_callback_that_comes_before_the_undo_is_used_by_it() -> None:
    written = {
        "call": {"system": "shop", "post": "/x", "callback": {"within": "2d"}},
        "undo": {"call": {"system": "shop", "delete": "/x/${output.id}"}},
    }
    driven = Driven({"a": written, "b": undoable(after=[])})
    driven.answer("a", {})
    driven.roll_back()
    assert driven.call_back("a", {"id": "V-9"}, key="O-1/camera.a@1/do/1") == "kept"
    driven.answer("a", {"id": "ignored"})
    assert driven.request("a").path == "/x/V-9"


def test_a_call_that_is_polled_is_asked_once_more_before_it_is_undone() -> None:
    poll = {"get": "/x/${response.body.id}", "every": "1m", "until": "response.body.ok"}
    written = {
        "call": {"system": "shop", "post": "/x", "poll": poll},
        "undo": {"call": {"system": "shop", "delete": "/x/${output.id}"}},
    }
    driven = Driven({"a": written})
    driven.answer("a", {"body": {"id": 7}})
    driven.roll_back()
    assert (driven.request("a").path, driven.request("a").until) == ("/x/7", "true")
    driven.answer("a", {"id": 7})
    assert driven.request("a").path == "/x/7"
    assert driven.request("a").method == "delete"


@pytest.mark.parametrize("act", ["complete", "skip"])
def test_an_undo_that_fails_is_in_fallout_until_a_person_resolves_it(act: Any) -> None:
    driven = done({"a": undoable(), "b": undoable(after=["a"])}, "a", "b")
    driven.roll_back()
    driven.fail("b", "locked")
    assert driven.state("b") is S.COMPLETED
    assert driven.undo("b").state is S.FATALLY_FAILED
    assert driven.run.counters.fallout == 1
    assert driven.flying() == []
    assert driven.view("b").undo is not None
    driven.act(act, "b", expected=S.COMPLETED)
    assert driven.run.counters.fallout == 0
    assert driven.state("b") is S.CANCELLED
    assert driven.flying() == ["camera.a@1"]


def test_a_retry_of_an_undo_is_a_new_effect_unless_its_outcome_is_unknown() -> None:
    driven = done({"a": undoable()}, "a")
    driven.roll_back()
    driven.fail("a", "locked")
    driven.act("retry", "a", {"force": True}, expected=S.FATALLY_FAILED)
    assert driven.keys("a")[-1] == "O-1/camera.a@1/undo/2"
    assert driven.request("a").query == {"force": True}
    driven.fail("a", "timeout", outcome_known=False)
    driven.act("retry", "a")
    assert driven.keys("a")[-1] == "O-1/camera.a@1/undo/3"
    driven.step("a").undo.changes = None  # type: ignore[union-attr]
    driven.fail("a", "timeout", outcome_known=False)
    driven.act("retry", "a")
    assert driven.keys("a")[-1] == "O-1/camera.a@1/undo/3"
    driven.answer("a")
    assert driven.run.ended


def test_an_undo_has_attempts_of_its_own_with_pauses() -> None:
    driven = done({"a": undoable()}, "a")
    driven.roll_back()
    driven.fail("a", "http_503", attempts=1, retry_after=120.0)
    assert driven.undo("a").state is S.FAILED
    driven.wait(120)
    assert driven.request("a").earlier_attempts == 1
    driven.answer("a", attempts=2)
    assert driven.undo("a").attempts == 2
    assert driven.view("a").attempts == 1


def test_a_person_may_have_to_undo_it() -> None:
    form = {"returned": {"type": "boolean", "required": True}}
    manual = {"queue": "field", "instructions": "Fetch ${output.id}", "form": form}
    driven = done({"a": call(undo={"manual": manual})}, "a")
    driven.roll_back()
    undo = driven.view("a").undo
    assert undo is not None
    assert (undo.waits_for, undo.instructions, undo.queue) == ("a person in field", "Fetch a", "field")
    assert driven.run.counters.open_tasks == 1
    driven.act("complete", "a", {"returned": True})
    assert driven.run.counters.open_tasks == 0
    assert driven.run.ended


def test_an_undo_may_be_polled_or_called_back() -> None:
    polled = {"call": {"system": "shop", "post": "/u", "poll": {"get": "/u/${response.body.id}", "until": "true"}}}
    called = {"call": {"system": "shop", "post": "/u", "callback": {"within": "1h"}}}
    driven = done({"a": call(undo=polled), "b": call(undo=called), "c": call(undo=called)}, "a", "b", "c")
    driven.roll_back()
    driven.answer("a", {"body": {"id": 3}})
    assert driven.request("a").path == "/u/3"
    driven.answer("a", {})
    assert driven.state("a") is S.CANCELLED
    driven.answer("b")
    assert driven.call_back("b", {}, key="O-1/camera.b@1/undo/1") == "completed"
    assert driven.state("b") is S.CANCELLED
    driven.answer("c")
    driven.wait(3600)
    assert driven.undo("c").state is S.FATALLY_FAILED


def test_an_expression_without_a_value_parks_the_undo() -> None:
    driven = Driven({"a": undoable()})
    driven.answer("a", {"other": 1})
    driven.roll_back()
    assert driven.undo("a").state is S.FATALLY_FAILED
    assert driven.run.counters.fallout == 1


def test_past_its_point_of_no_return_a_step_stays_with_all_it_depends_on() -> None:
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
def test_a_step_that_failed_for_certain_releases_its_point_of_no_return(known: bool, state: str) -> None:
    driven = done({"a": undoable(), "b": undoable(after=["a"], point_of_no_return=True)}, "a")
    driven.fail("b", "refused", outcome_known=known)
    driven.roll_back()
    assert driven.states()["b"] == state
    assert driven.flying() == (["camera.a@1"] if known else [])


def test_a_point_of_no_return_may_be_overridden() -> None:
    driven = done({"a": undoable(point_of_no_return=True)}, "a")
    driven.roll_back(override=True)
    driven.answer("a")
    assert driven.state("a") is S.CANCELLED


def test_steps_in_flight_are_bounded() -> None:
    driven = Driven({f"s{n}": undoable() for n in range(10)}, in_flight=3)
    for n in range(10):
        driven.answer(f"s{n}", {"id": n})
    driven.roll_back()
    assert len(driven.flying()) == 3


def test_a_roll_back_crosses_over_in_the_middle() -> None:
    driven = done(CHAIN, "a", "b", "c", "d")
    driven.roll_back()
    driven.answer("d")
    driven.fail("c", "http_503", attempts=1, retry_after=60.0)
    after = driven.carry_over()
    assert after.states() == driven.states()
    for name in "abcd":
        assert after.view(name).undo == driven.view(name).undo
    after.wait(60)
    assert after.keys("c") == ["O-1/camera.c@1/undo/1"]
    for name in "cba":
        after.answer(name)
    assert after.order_state() is O.FAILED


def test_a_fallout_of_an_undo_crosses_over() -> None:
    driven = done({"a": undoable()}, "a")
    driven.roll_back()
    driven.fail("a", "locked")
    after = driven.carry_over()
    assert after.run.counters.fallout == 1
    after.act("retry", "a")
    assert after.keys("a") == ["O-1/camera.a@1/undo/2"]


def test_ten_thousand_steps_are_rolled_back_and_cross_over_in_little() -> None:
    steps = {f"s{n}": undoable(after=[f"s{n - 100}"] if n >= 100 else []) for n in range(10_000)}
    driven = Driven(plan_of(steps), in_flight=100)
    for n in range(10_000):
        step = driven.run.steps[n]
        advance.activity_succeeded(driven.run, n, step.launch, {"output": {"id": f"R-{n}"}, "attempts": 1})
        driven.go_on()
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
        driven.go_on()
    assert driven.run.ended
