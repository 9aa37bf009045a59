"""The snapshot of an order for continue-as-new."""

from __future__ import annotations

import json
import zlib
from collections import Counter

import pytest

from compiler.plan.codec import encode_plan
from tests.support.core.amendments import Amendable
from tests.support.core.order_driver import START, OrderDriver
from tests.support.core.plans import call, plan_of
from tests.support.core.undoable_plans import undoable
from workflows.contract.states import StepState
from workflows.core.continue_as_new import order_snapshot
from workflows.core.state.commands import SubscribeEvents
from workflows.core.state.step_keys import idempotency_key

S = StepState


def test_order_goes_on_after_continue_as_new() -> None:
    driven = OrderDriver({"a": call(), "b": call("/${steps.a.output.id}", after=["a"]), "c": call(after=["b"])})
    driven.answer("a", {"id": "R-1"})
    driven.run.draining = True
    driven.fail("b")
    after = driven.continue_as_new()
    assert after.states() == driven.states() == {"a": "completed", "b": "fatally_failed", "c": "pending"}
    after.step_action("retry", "b")
    assert after.request("b").path == "/R-1"
    assert after.keys("b") == ["O-1/camera.b@1/do/2"]
    assert after.started("b")[0].activity_id == "camera.b@1/2"
    after.answer("b", {})
    after.answer("c", {})
    assert after.run.ended


def test_continue_as_new_does_not_change_views() -> None:
    driven = OrderDriver(
        {"a": call(), "b": call(after=["a"]), "c": {"event": {"name": "paid", "key": "k", "within": "5d"}}}
    )
    driven.wait(1.5)
    driven.answer("a", {"id": 1}, attempts=3)
    driven.wait(2.25)
    driven.fail("b", "out_of_stock", "nothing left")
    after = driven.continue_as_new()
    for name in "abc":
        assert after.view(name) == driven.view(name)
    assert +Counter(after.run.counters.by_state) == +Counter(driven.run.counters.by_state)
    assert after.run.audit_log.entries == driven.run.audit_log.entries


def test_next_run_starts_queued_activities() -> None:
    driven = OrderDriver({"a": call()})
    driven.answer("a", {})
    draining = OrderDriver({"a": call(), "b": call(after=["a"])})
    draining.run.draining = True
    draining.answer("a", {})
    assert draining.state("b") is S.READY
    assert draining.continue_as_new().state("b") is S.IN_PROGRESS


def test_timers_continue_as_new() -> None:
    steps = {
        "a": {"wait": {"for": "10s"}},
        "b": call(start={"delay": "20s"}),
        "c": {"wait": {"condition": "order.characteristics.paid == true", "within": "30s"}},
        "d": call(),
    }
    driven = OrderDriver(steps)
    driven.fail("d", "http_503", attempts=1, retry_after=40.0)
    after = driven.continue_as_new()
    assert after.states() == {"a": "in_progress", "b": "scheduled", "c": "in_progress", "d": "failed"}
    after.wait(10)
    assert after.state("a") is S.COMPLETED
    after.wait(10)
    assert after.state("b") is S.IN_PROGRESS
    after.wait(10)
    assert after.step("c").failure is not None
    after.wait(10)
    assert after.request("d").earlier_attempts == 1


def test_events_callbacks_tasks_and_polling_continue_as_new() -> None:
    callback = {"call": {"system": "shop", "post": "/x", "callback": {"within": "1d"}}}
    poll = {"get": "/x/${response.body.id}", "every": "2m", "until": "response.body.ok"}
    steps = {
        "a": {"event": {"name": "paid", "key": "${order.id}"}},
        "b": callback,
        "c": {"manual": {"queue": "desk"}},
        "d": {"call": {"system": "shop", "post": "/x", "poll": poll}},
        "e": {"event": {"name": "early"}, "after": ["c"]},
        "f": callback,
    }
    driven = OrderDriver(steps)
    driven.answer("b", {})
    driven.answer("d", {"body": {"id": 7}})
    driven.fail("d", "not_yet", retry_after=120.0)
    driven.event("early", event_id="e-1")
    driven.callback("f", {"n": 1})
    driven.fail("f", "http_503", attempts=1, retry_after=600.0)
    after = driven.continue_as_new()
    assert after.run.counters.open_tasks == 1
    assert not any(isinstance(command, SubscribeEvents) for command in after.commands)
    after.event("paid", "O-1")
    after.callback("b", {})
    after.step_action("complete", "c")
    after.wait(120)
    assert after.request("d").path == "/x/7"
    assert after.event("early", event_id="e-1") == "duplicate"
    assert after.states() | {"d": "", "f": ""} == dict.fromkeys("abce", "completed") | {"d": "", "f": ""}


def test_next_run_repeats_a_failed_subscription() -> None:
    driven = OrderDriver({"a": {"event": {"name": "paid", "key": "k"}}})
    driven.step("a").subscribed = False
    assert any(isinstance(command, SubscribeEvents) for command in driven.continue_as_new().commands)


def test_changed_characteristics_continue_as_new() -> None:
    driven = OrderDriver({"a": {"wait": {"condition": "order.characteristics.paid && order.characteristics.go"}}})
    driven.set_characteristics(paid=True)
    after = driven.continue_as_new()
    after.set_characteristics(go=True)
    assert after.run.ended


def test_needed_outputs_are_kept_first_when_room_is_scarce(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(order_snapshot, "MAX_OPTIONAL_OUTPUT_BYTES", 0)
    undo = {"call": {"system": "shop", "delete": "/${output.id}"}}
    driven = OrderDriver(
        {"a": call(), "b": call(undo=undo), "c": call(), "d": call("/${steps.c.output.id}", after=["c"])}
    )
    driven.run.draining = True
    for name in "abc":
        driven.answer(name, {"id": name})
    after = driven.continue_as_new()
    assert [after.step(name).has_output for name in "abc"] == [False, True, True]
    assert after.request("d").path == "/c"


def test_step_without_output_has_none_after_continue_as_new() -> None:
    driven = OrderDriver({"a": call(on_failure="continue"), "b": {"event": {"name": "paid"}}})
    driven.fail("a")
    assert not driven.continue_as_new().step("a").has_output


def test_reader_of_a_redone_step_is_compared_after_continue_as_new() -> None:
    reader = call("/${steps.a.output.id}", after=["a"])
    driven = Amendable({"a": undoable("/old"), "b": reader})
    driven.answer("a", {"id": 1})
    driven.answer("b", {})
    driven.amend({"a": undoable("/new"), "b": reader})
    driven.fail("a", "http_503", attempts=1, retry_after=60.0)
    after = driven.continue_as_new()
    after.wait(60)
    after.answer("a")
    after.answer("a", {"id": 2})
    assert after.request("b").path == "/2"


def test_large_order_has_a_small_snapshot() -> None:
    steps = {f"s{number}": call() for number in range(2_000)}
    driven = OrderDriver(plan_of(steps), in_flight=2_000)
    for number in range(2_000):
        driven.wait(0.01)
        driven.answer(f"s{number}", {"id": f"R-{number}", "state": "reserved"})
    data = order_snapshot.snapshot_order(driven.run, packed := encode_plan(driven.plan))
    assert len(data) - len(packed) < 60_000
    resumed, _ = order_snapshot.restore_order(data, START)
    assert resumed.ended


@pytest.mark.parametrize("data", [b"", b"\x00\x00\x00\x00junk", b"\x00\x00\x00\x02{}x\x9c"])
def test_restore_rejects_bytes_that_are_no_snapshot(data: bytes) -> None:
    with pytest.raises(ValueError, match="not an order's state"):
        order_snapshot.restore_order(data, START)


def test_keys_stay_the_same_after_continue_as_new() -> None:
    driven = OrderDriver({"a": call(), "b": call(after=["a"])})
    driven.run.key_token = "t1"
    driven.answer("a", {})
    driven.run.draining = True
    driven.fail("b")
    after = driven.continue_as_new()
    after.step_action("retry", "b")
    assert after.keys("b") == ["O-1/camera.b@1/do/2/t1"]


def test_order_that_began_without_a_token_keeps_its_keys() -> None:
    driven = OrderDriver({"a": call()})
    driven.run.draining = True
    driven.fail("a")
    packed = encode_plan(driven.plan)
    snapshot = order_snapshot.snapshot_order(driven.run, packed)
    state = json.loads(zlib.decompress(snapshot[4 + len(packed) :]))
    del state["key_token"]
    earlier = snapshot[: 4 + len(packed)] + zlib.compress(json.dumps(state).encode())
    restored, _ = order_snapshot.restore_order(earlier, driven.run.now)
    assert idempotency_key(restored, restored.steps[0]) == "O-1/camera.a@1/do/1"
