"""Amendments in the core: what becomes of a step by how far it is and what the new order wants of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.core.amendments import Amendable, amended
from tests.support.core.order_driver import OrderDriver
from tests.support.core.plans import call, plan_of
from workflows.contract.states import OrderState, StepState
from workflows.core.amendment.impact import (
    FATE_TABLE,
    RequestedChange,
    StepFate,
    StepProgress,
    check_amendable,
    ponr_barriers,
    ponr_objection,
    step_fates,
)
from workflows.core.compensation.undo_order import request_undo
from workflows.core.state.state_transitions import UndoReason
from workflows.core.steps.expression_scope import StepScope
from workflows.core.steps.refusal import RequestRefused

S = StepState
UNDO: dict[str, Any] = {
    "undo": {"call": {"system": "shop", "delete": "/x/${output.id}", "body": {"model": "${attributes.model}"}}}
}


def reading(name: str = "model", **further: Any) -> dict[str, Any]:
    """A call whose input is an attribute of the line."""
    return {"call": {"system": "shop", "post": "/x", "body": {"value": f"${{attributes.{name}}}"}}, **further}


def body(driven: OrderDriver, name: str) -> Any:
    return driven.request(name).body


# Not started


def test_what_has_not_started_takes_the_new_input() -> None:
    steps = {"a": call(), "b": reading(after=["a"])}
    driven = Amendable(steps, attributes={"model": "x"})
    assert driven.amend(steps, attributes={"model": "y"}) == {"b": "new_input"}
    driven.answer("a", {})
    assert body(driven, "b") == {"value": "y"}
    assert driven.keys("b") == ["O-1/camera.b@1/do/1"]


def test_what_has_not_started_and_is_gone_never_runs() -> None:
    driven = Amendable({"a": call(), "b": call(after=["a"]), "c": call(after=["b"])})
    assert driven.amend({"a": call(), "c": call(after=["a"])}) == {"b": "discarded"}
    driven.answer("a", {})
    assert driven.states() == {"a": "completed", "b": "discarded", "c": "in_progress"}
    driven.answer("c", {})
    assert driven.run.ended
    assert driven.order_state() is OrderState.COMPLETED


def test_a_scheduled_step_is_judged_anew() -> None:
    steps = {"a": call(start={"at": "${attributes.day}"})}
    driven = Amendable(steps, attributes={"day": "2050-01-01T00:00:00Z"})
    assert driven.state("a") is S.SCHEDULED
    driven.amend(steps, attributes={"day": "2020-01-01T00:00:00Z"})
    assert driven.state("a") is S.IN_PROGRESS


def test_what_was_skipped_is_judged_anew() -> None:
    steps = {"a": call(when="attributes.wanted"), "b": call(after=["a"])}
    driven = Amendable(steps, attributes={"wanted": False})
    assert driven.states() == {"a": "skipped", "b": "in_progress"}
    assert driven.amend(steps, attributes={"wanted": True}) == {"a": "new_input"}
    assert driven.state("a") is S.IN_PROGRESS


def test_what_is_new_comes_behind_and_whoever_waits_for_it_waits() -> None:
    driven = Amendable({"a": call(), "c": call(after=["a"])})
    assert driven.amend({"a": call(), "b": call(after=["a"]), "c": call(after=["a", "b"])}) == {"b": "added"}
    driven.answer("a", {})
    assert driven.states() == {"a": "completed", "c": "pending", "b": "in_progress"}
    driven.answer("b", {})
    assert driven.state("c") is S.IN_PROGRESS


def test_a_scheduled_step_that_must_wait_for_a_new_one_waits() -> None:
    driven = Amendable({"a": call(start={"delay": "10s"})})
    driven.amend({"a": call(start={"delay": "10s"}, after=["b"]), "b": call()})
    assert driven.state("a") is S.PENDING
    driven.wait(20)
    assert driven.state("a") is S.PENDING
    driven.answer("b", {})
    assert driven.state("a") is S.SCHEDULED


# Running


def test_what_runs_finishes_and_is_then_undone_and_done_again() -> None:
    steps = {"a": reading(**UNDO), "b": call(after=["a"])}
    driven = Amendable(steps, attributes={"model": "x"})
    assert driven.amend(steps, attributes={"model": "y"}) == {"a": "ends_then_redone"}
    assert not driven.cancelled("a")
    driven.answer("a", {"id": "R-1"})
    assert driven.state("b") is S.PENDING
    undo = driven.request("a")
    assert (undo.path, undo.body, undo.idempotency_key) == ("/x/R-1", {"model": "x"}, "O-1/camera.a@1/undo/1")
    driven.answer("a", {})
    assert body(driven, "a") == {"value": "y"}
    driven.answer("a", {"id": "R-2"})
    assert driven.states() == {"a": "amended", "b": "in_progress"}
    assert driven.all_keys() == ["a@1/do/1", "a@1/undo/1", "a@1/do/2", "b@1/do/1"]


def test_what_runs_and_is_gone_finishes_and_is_then_undone() -> None:
    driven = Amendable({"a": reading(**UNDO), "b": call()}, attributes={"model": "x"})
    assert driven.amend({"b": call()}, attributes={"model": "y"}) == {"a": "ends_then_undone"}
    driven.answer("a", {"id": "R-1"})
    assert driven.request("a").body == {"model": "x"}
    driven.answer("a", {})
    assert driven.state("a") is S.CANCELLED
    driven.answer("b", {})
    assert driven.order_state() is OrderState.COMPLETED


def test_what_runs_and_fails_for_certain_is_done_with_the_new_input_at_once() -> None:
    steps = {"a": reading(**UNDO)}
    driven = Amendable(steps, attributes={"model": "x"})
    driven.amend(steps, attributes={"model": "y"})
    driven.fail("a", "out_of_stock")
    assert driven.state("a") is S.IN_PROGRESS
    assert body(driven, "a") == {"value": "y"}
    assert driven.keys("a")[-1] == "O-1/camera.a@1/do/2"


def test_what_runs_and_fails_without_a_word_is_undone_first() -> None:
    steps = {"a": reading(**UNDO)}
    driven = Amendable(steps, attributes={"model": "x"})
    driven.amend(steps, attributes={"model": "y"})
    driven.fail("a", "timeout", outcome_known=False)
    assert driven.keys("a") == ["O-1/camera.a@1/do/1"] * 2  # repeated, to learn what it did
    assert body(driven, "a") == {"value": "x"}
    driven.answer("a", {"id": "R-1"})
    assert driven.request("a").path == "/x/R-1"
    driven.answer("a", {})
    assert body(driven, "a") == {"value": "y"}


def test_an_amendment_that_takes_back_another_leaves_what_runs_alone() -> None:
    steps = {"a": reading(**UNDO)}
    driven = Amendable(steps, attributes={"model": "x"})
    driven.amend(steps, attributes={"model": "y"})
    assert driven.amend(steps, attributes={"model": "x"}) == {"a": "kept"}
    driven.answer("a", {"id": "R-1"})
    assert driven.state("a") is S.COMPLETED
    assert driven.all_keys() == ["a@1/do/1"]


@pytest.mark.parametrize(
    "waiting",
    [
        {"event": {"name": "paid", "key": "${attributes.model}"}},
        {"wait": {"for": "${attributes.model == 'x' ? '10s' : '20s'}"}},
        {"manual": {"queue": "desk", "instructions": "Look at ${attributes.model}"}},
    ],
)
def test_what_only_waits_takes_the_new_input_at_once(waiting: dict[str, Any]) -> None:
    driven = Amendable({"a": waiting}, attributes={"model": "x"})
    assert driven.amend({"a": waiting}, attributes={"model": "y"}) == {"a": "new_input"}
    assert driven.state("a") is S.IN_PROGRESS
    if "event" in waiting:
        assert driven.event("paid", "y") == "completed"
    elif "manual" in waiting:
        assert driven.view("a").instructions == "Look at y"
        assert driven.run.counters.open_tasks == 1
    else:
        driven.wait(15)
        assert driven.state("a") is S.IN_PROGRESS
        driven.wait(5)
        assert driven.state("a") is S.COMPLETED


def test_a_condition_is_judged_by_the_new_order() -> None:
    steps = {"a": {"wait": {"condition": "attributes.model == 'y'"}}}
    driven = Amendable(steps, attributes={"model": "x"})
    assert driven.amend(steps, attributes={"model": "y"}) == {"a": "new_input"}
    assert driven.state("a") is S.COMPLETED


def test_what_only_waits_and_is_gone_stops() -> None:
    driven = Amendable({"a": {"event": {"name": "paid", "key": "k"}}, "b": call(after=["a"])})
    assert driven.amend({"b": call()}) == {"a": "stopped"}
    assert driven.states() == {"a": "cancelled", "b": "in_progress"}


# Completed


def completed(**further: Any) -> tuple[dict[str, Any], Amendable]:
    steps = {"a": reading(**UNDO, **further), "b": call(after=["a"], **UNDO), "c": call(after=["b"])}
    driven = Amendable(steps, attributes={"model": "x"})
    driven.answer("a", {"id": "R-1"})
    return steps, driven


def test_what_is_completed_and_changed_is_undone_and_done_again() -> None:
    steps, driven = completed()
    assert driven.amend(steps, attributes={"model": "y"}) == {"a": "redone"}
    assert driven.request("a").body == {"model": "x"}
    driven.answer("a", {})
    driven.answer("a", {"id": "R-2"})
    assert driven.states() == {"a": "amended", "b": "in_progress", "c": "pending"}
    assert driven.step("a").output == {"id": "R-2"}


def test_what_is_completed_and_gone_is_undone_after_what_depended_on_it() -> None:
    _, driven = completed()
    driven.answer("b", {"id": "R-2"})
    assert driven.amend({"c": call()}, attributes={"model": "x"}) == {"a": "undone", "b": "undone"}
    driven.answer("b", {})
    assert driven.states() == {"a": "completed", "b": "cancelled", "c": "in_progress"}
    driven.answer("a", {})
    driven.answer("c", {})
    assert driven.states() == {"a": "cancelled", "b": "cancelled", "c": "completed"}
    assert driven.order_state() is OrderState.COMPLETED


def test_on_change_keep_leaves_it_and_an_undo_later_takes_back_what_was_done() -> None:
    steps, driven = completed(on_change="keep")
    assert driven.amend(steps, attributes={"model": "y"}) == {"a": "kept"}
    assert driven.state("a") is S.COMPLETED
    driven.answer("b", {"id": "R-2"})
    driven.amend({"c": call()}, attributes={"model": "y"})
    driven.answer("b", {})
    assert driven.request("a").body == {"model": "x"}


PATCH: dict[str, Any] = {
    "on_change": {"call": {"system": "shop", "patch": "/x/${output.id}", "body": {"to": "${attributes.model}"}}}
}


def test_on_change_patches_with_a_key_of_its_own() -> None:
    steps, driven = completed(**PATCH)
    assert driven.amend(steps, attributes={"model": "y"}) == {"a": "patched"}
    sent = driven.request("a")
    assert (sent.method, sent.path, sent.body) == ("patch", "/x/R-1", {"to": "y"})
    assert sent.idempotency_key == "O-1/camera.a@1/change/1"
    driven.answer("a", {"status": 200, "headers": {}, "body": {"id": "R-1", "model": "y"}})
    assert driven.state("a") is S.AMENDED
    assert driven.step("a").output == {"id": "R-1", "model": "y"}
    driven.amend(steps, attributes={"model": "z"})
    assert driven.request("a").idempotency_key == "O-1/camera.a@1/change/2"
    driven.answer("a", {"status": 204, "headers": {}, "body": None})
    assert driven.step("a").output == {"id": "R-1", "model": "y"}
    driven.amend({"b": call(**UNDO), "c": call(after=["b"])}, attributes={"model": "z"})
    driven.answer("b", {"id": 1})
    assert driven.request("a").body == {"model": "z"}


def test_a_patch_makes_the_output_as_the_step_does() -> None:
    steps, driven = completed(**PATCH, output={"id": "${response.body.key}"})
    driven.amend(steps, attributes={"model": "y"})
    driven.answer("a", {"status": 200, "headers": {}, "body": {"key": "R-7"}})
    assert driven.step("a").output == {"id": "R-7"}
    driven.amend(steps, attributes={"model": "z"})
    driven.answer("a", {"status": 200, "headers": {}, "body": {"done": True}})
    assert driven.step("a").output == {"id": "R-7"}


def test_a_patch_that_fails_is_in_fallout_and_what_was_done_stays_known() -> None:
    steps, driven = completed(**PATCH)
    driven.amend(steps, attributes={"model": "y"})
    driven.fail("a", "refused")
    assert driven.state("a") is S.FATALLY_FAILED
    driven.step_action("retry", "a")
    assert driven.request("a").idempotency_key == "O-1/camera.a@1/change/2"
    driven.fail("a", "refused")
    driven.step_action("skip", "a")
    assert driven.state("a") is S.AMENDED
    assert driven.step("a").output == {"id": "R-1"}


def test_a_step_whose_patch_failed_is_undone_like_any_that_is_done() -> None:
    steps, driven = completed(**PATCH)
    driven.amend(steps, attributes={"model": "y"})
    driven.fail("a", "refused")
    assert driven.amend({"b": steps["b"] | {"after": []}, "c": steps["c"]}, attributes={"model": "y"})["a"] == "undone"
    assert driven.request("a").path == "/x/R-1"
    driven.answer("a", {})
    assert driven.state("a") is S.CANCELLED


# Fallout


def test_what_failed_for_certain_is_tried_with_the_new_input() -> None:
    steps = {"a": reading()}
    driven = Amendable(steps, attributes={"model": "x"})
    driven.fail("a", "unknown_model")
    assert driven.amend(steps, attributes={"model": "y"}) == {"a": "new_input"}
    assert body(driven, "a") == {"value": "y"}
    assert driven.keys("a") == ["O-1/camera.a@1/do/1", "O-1/camera.a@1/do/2"]
    assert driven.run.counters.fallout == 0


def test_what_is_in_fallout_and_not_concerned_stays_there() -> None:
    steps = {"a": call(), "b": reading()}
    driven = Amendable(steps, attributes={"model": "x"})
    driven.fail("a")
    driven.amend(steps, attributes={"model": "y"})
    assert driven.state("a") is S.FATALLY_FAILED
    assert driven.run.counters.fallout == 1


def test_a_step_that_waits_for_its_next_attempt_begins_anew() -> None:
    steps = {"a": reading()}
    driven = Amendable(steps, attributes={"model": "x"})
    driven.fail("a", "http_503", attempts=1, retry_after=600.0)
    driven.amend(steps, attributes={"model": "y"})
    assert driven.state("a") is S.IN_PROGRESS
    assert driven.request("a").earlier_attempts == 0


# Readers


def chain(**of_b: Any) -> tuple[dict[str, Any], Amendable]:
    """Completed but for the last step, which nothing reads."""
    steps: dict[str, Any] = {
        "a": reading(**UNDO),
        "b": {
            "call": {"system": "shop", "post": "/y", "body": {"of": "${steps.a.output.id}"}},
            "after": ["a"],
            **of_b,
        },
        "c": {"call": {"system": "shop", "post": "/z", "body": {"of": "${steps.b.output.id}"}}, "after": ["b"]},
        "w": call(),
    }
    driven = Amendable(steps, attributes={"model": "x"})
    for name, output in (("a", {"id": "R-1"}), ("b", {"id": "B-1"}), ("c", {})):
        driven.answer(name, output)
    return steps, driven


def test_a_reader_stays_where_the_new_output_is_the_old_one() -> None:
    steps, driven = chain()
    assert driven.amend(steps, attributes={"model": "y"}) == {"a": "redone"}
    driven.answer("a", {})
    driven.answer("a", {"id": "R-1"})
    assert driven.states() == {"a": "amended", "b": "completed", "c": "completed", "w": "in_progress"}


def test_a_reader_of_another_output_is_redone_and_so_on() -> None:
    steps, driven = chain()
    driven.amend(steps, attributes={"model": "y"})
    driven.answer("a", {})
    driven.answer("a", {"id": "R-2"})
    assert driven.request("b").body == {"of": "R-2"}
    driven.answer("b", {"id": "B-2"})
    assert driven.request("c").body == {"of": "B-2"}
    driven.answer("c", {})
    assert driven.states() == {"a": "amended", "b": "amended", "c": "amended", "w": "in_progress"}
    assert not driven.run.amendments.ending_attempts
    assert not driven.run.amendments.input_digests


# Twice


def test_there_and_back_a_step_that_was_left_out_is_done_again() -> None:
    steps = {"a": call(**UNDO), "b": call()}
    driven = Amendable(steps, attributes={"model": "x"})
    driven.answer("a", {"id": "R-1"})
    driven.amend({"b": call()}, attributes={"model": "x"})
    driven.answer("a", {})
    assert driven.state("a") is S.CANCELLED
    assert driven.amend(steps, attributes={"model": "x"}) == {"a": "added"}
    assert driven.keys("a")[-1] == "O-1/camera.a@1/do/2"
    driven.answer("a", {"id": "R-2"})
    assert driven.state("a") is S.AMENDED


def test_a_step_that_is_wanted_again_while_it_is_undone_is_done_after_that() -> None:
    steps = {"a": call(**UNDO), "w": call()}
    driven = Amendable(steps, attributes={"model": "x"})
    driven.answer("a", {"id": "R-1"})
    driven.amend({"w": call()}, attributes={"model": "x"})
    assert driven.amend(steps, attributes={"model": "x"}) == {"a": "redone"}
    driven.answer("a", {})
    assert driven.keys("a") == ["O-1/camera.a@1/do/1", "O-1/camera.a@1/undo/1", "O-1/camera.a@1/do/2"]


def test_a_second_change_comes_while_the_first_is_applied() -> None:
    steps, driven = completed()
    driven.amend(steps, attributes={"model": "y"})
    assert driven.amend(steps, attributes={"model": "z"}) == {"a": "redone"}
    assert driven.request("a").body == {"model": "x"}
    driven.answer("a", {})
    assert body(driven, "a") == {"value": "z"}
    driven.amend(steps, attributes={"model": "w"})
    driven.answer("a", {"id": "R-2"})
    assert driven.request("a").body == {"model": "z"}
    driven.answer("a", {})
    assert body(driven, "a") == {"value": "w"}


# The order itself


def test_what_people_set_stays_unless_the_new_order_says_otherwise() -> None:
    steps = {"a": call()}
    driven = Amendable(steps, characteristics={"paid": False, "level": 1, "old": 1})
    driven.set_characteristics(paid=True, note="x", level=2)
    driven.amend(steps, characteristics={"paid": False, "level": 3, "new": 1})
    assert driven.run.characteristics == {"paid": True, "level": 3, "new": 1, "note": "x"}


# The table


@pytest.mark.parametrize("standing", StepProgress)
@pytest.mark.parametrize("asked", RequestedChange)
def test_the_table_has_a_word_for_every_step(standing: StepProgress, asked: RequestedChange) -> None:
    assert FATE_TABLE[standing, asked] in StepFate


def test_what_was_rolled_back_stays_so() -> None:
    steps = {"a": reading(**UNDO), "w": call()}
    driven = Amendable(steps, attributes={"model": "x"})
    driven.answer("a", {"id": "R-1"})
    request_undo(driven.run, [driven.step("a")], UndoReason.FAILURE)
    driven.advance()
    with pytest.raises(RequestRefused, match="rolled back"):
        check_amendable(driven.run)
    driven.answer("a", {})
    check_amendable(driven.run)
    assert driven.amend(steps, attributes={"model": "y"}) == {"a": "kept"}
    assert driven.state("a") is S.CANCELLED


def test_what_is_after_a_point_of_no_return_and_what_it_needed_is_told_from_the_rest() -> None:
    steps = {
        "a": reading(**UNDO),
        "b": call(after=["a"], point_of_no_return=True),
        "c": reading("other", **UNDO),
        "w": call(),
    }
    driven = Amendable(steps, attributes={"model": "x", "other": "x"})
    for name in ("a", "b", "c"):
        driven.answer(name, {"id": name})

    def barriers(**attributes: str) -> tuple[list[int], list[int]]:
        found = amended(driven.run.plan, (), plan_of(steps, attributes=attributes))
        return ponr_barriers(driven.run, step_fates(driven.run, found))

    assert barriers(model="x", other="y") == ([], [])
    assert barriers(model="y", other="x") == ([1], [0])
    assert ponr_objection(driven.run, [1], [0]) == (
        "step 2 (camera.b@1) is at or past its point of no return, and step 1 (camera.a@1) would be changed or undone"
    )


# Carried over


def test_a_patch_a_step_that_is_due_and_what_was_seen_cross_over() -> None:
    steps = {"a": reading(**UNDO, on_change="keep"), "b": reading(**UNDO), "p": reading(**UNDO, **PATCH)}
    driven = Amendable(steps, attributes={"model": "x"})
    driven.answer("a", {"id": "A"})
    driven.answer("p", {"id": "P"})
    driven.run.draining = True
    driven.amend(steps, attributes={"model": "y"})
    assert driven.state("p") is S.READY
    driven.fail("b", "http_503", attempts=1, retry_after=5.0)
    assert driven.state("b") is S.READY
    after = driven.continue_as_new()
    assert body(after, "p") == {"to": "y"}
    assert after.request("p").idempotency_key == "O-1/camera.p@1/change/1"
    assert body(after, "b") == {"value": "y"}
    after.answer("b", {"id": "B"})
    after.answer("p", {"status": 204, "headers": {}, "body": None})
    assert after.step("p").output == {"id": "P"}
    assert after.run.amendments.pinned_steps.keys() == {0}
    names = StepScope(after.run, after.step("a")).names
    assert names["attributes"] == {"model": "x"}
