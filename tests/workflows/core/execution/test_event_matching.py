"""Which step takes an event: of equal steps one after the other, of others none, and one in fallout late."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.core.order_driver import ANN, OrderDriver
from tests.support.core.plans import call, plan_of, with_instances
from workflows.contract.order_messages import RefusalCode, StepAction
from workflows.contract.states import StepState
from workflows.core.steps.refusal import RequestRefused

S = StepState
SCAN: dict[str, Any] = {"event": {"name": "scan", "key": "${order.id}", "within": "1h"}}


def instances(written: dict[str, Any], count: int, **others: Any) -> OrderDriver:
    return OrderDriver(with_instances(plan_of({"a": written, **others}), "a", count))


def by_id(driven: OrderDriver) -> dict[str, str]:
    return {step.id.removeprefix("camera."): driven.run.steps[n].state for n, step in enumerate(driven.plan.steps)}


@pytest.mark.parametrize("key", ["${order.id}", None])
def test_each_event_completes_one_of_equal_steps(key: str | None) -> None:
    driven = instances({"event": {"name": "scan", **({"key": key} if key else {})}}, 3)
    given = "O-1" if key else None
    assert [driven.event("scan", given, event_id=f"e-{n}") for n in range(3)] == ["completed"] * 3
    assert driven.run.ended
    assert driven.event("scan", given, event_id="e-4") == "late"


def test_step_that_has_waited_longest_takes_the_event_first() -> None:
    driven = instances(SCAN, 2)
    driven.wait(3_600)
    for step in ("camera.a@2", "camera.a@1"):
        driven.perform("retry", StepAction(step=step, actor=ANN))
        driven.wait(60)
    driven.event("scan", "O-1")
    assert by_id(driven) == {"a@1": "in_progress", "a@2": "completed"}


def test_mailbox_hands_several_events_to_equal_steps() -> None:
    driven = instances(SCAN, 3)
    for number in range(3):
        driven.signal_event("scan", "O-1", {"n": number})
    assert [driven.run.steps[at].output for at in range(3)] == [{"n": 0}, {"n": 1}, {"n": 2}]


def test_events_that_came_early_go_to_equal_steps_in_turn() -> None:
    driven = instances({**SCAN, "after": ["b"]}, 2, b=call())
    for number in range(3):
        driven.event("scan", "O-1", {"n": number})
    driven.answer("b", {})
    assert driven.run.steps[0].output == {"n": 0}
    assert driven.run.steps[2].output == {"n": 1}
    assert [event.payload for event in driven.run.inbox.early_events] == [{"n": 2}]


def test_equal_steps_of_which_one_matches_take_only_what_fits() -> None:
    driven = instances({"event": {"name": "scan", "match": "payload.n > 1"}}, 2)
    with pytest.raises(RequestRefused):
        driven.event("scan", None, {"n": 1})
    assert driven.event("scan", None, {"n": 2}) == "completed"


@pytest.mark.parametrize(
    "other",
    [SCAN, {**SCAN, "output": {"x": 1}}, {"event": {"name": "scan"}}],
    ids=["same text", "other output", "no key"],
)
def test_event_that_fits_different_steps_stays_ambiguous(other: dict[str, Any]) -> None:
    driven = OrderDriver({"a": SCAN, "b": other})
    with pytest.raises(RequestRefused) as refused:
        driven.event("scan", "O-1")
    assert refused.value.code is RefusalCode.AMBIGUOUS
    driven.signal_event("scan", "O-1")
    assert driven.states() == {"a": "in_progress", "b": "in_progress"}
    assert len(driven.run.inbox.early_events) == 1


def test_kept_event_goes_to_the_step_that_its_repetition_names() -> None:
    driven = OrderDriver({"a": SCAN, "b": SCAN})
    driven.signal_event("scan", "O-1", {"n": 1}, event_id="e-1")
    assert driven.event("scan", event_id="e-1") == "duplicate"
    assert driven.event("scan", step="2", event_id="e-1") == "completed"
    assert driven.states() == {"a": "in_progress", "b": "completed"}
    assert driven.step("b").output == {"n": 1}
    assert driven.event("scan", step="1", event_id="e-1") == "duplicate"


def test_kept_event_of_several_steps_is_not_taken_by_one_that_begins_later() -> None:
    driven = OrderDriver({"a": SCAN, "b": SCAN, "c": {**SCAN, "after": ["d"]}, "d": call()})
    driven.signal_event("scan", "O-1")
    driven.answer("d", {})
    assert driven.state("c") is S.IN_PROGRESS
    assert driven.run.inbox.early_events


def test_event_that_no_step_takes_is_kept_if_its_sender_cannot_be_told() -> None:
    driven = OrderDriver({"a": {"event": {"name": "scan", "match": "payload.ok"}}, "b": call()})
    driven.signal_event("scan", "O-1", {"ok": False})
    driven.signal_event("other", "O-1")
    assert [event.name for event in driven.run.inbox.early_events] == ["scan", "other"]
    assert driven.run.audit_log.entries[-1].message == "event other kept"


def test_event_that_comes_too_late_is_recorded() -> None:
    driven = OrderDriver({"a": SCAN, "b": call()})
    driven.event("scan", "O-1", event_id="e-1")
    driven.signal_event("scan", "O-1", event_id="e-2")
    assert driven.run.audit_log.entries[-1].message == "event scan came too late"


@pytest.mark.parametrize("given", [{"key": "O-1"}, {"step": "1"}])
def test_late_event_completes_its_step_in_fallout(given: dict[str, str]) -> None:
    driven = OrderDriver({"a": SCAN, "b": call(after=["a"])})
    driven.wait(3_600)
    assert driven.state("a") is S.FATALLY_FAILED
    assert driven.requests() == ["+scan O-1"]
    assert driven.event("scan", payload={"n": 1}, **given) == "completed"
    assert (driven.state("a"), driven.step("a").output) == (S.COMPLETED, {"n": 1})
    assert driven.requests() == ["+scan O-1", "-scan O-1"]
    assert driven.started("b")
    assert "late event scan" in [entry.message for entry in driven.run.audit_log.entries]


def test_late_event_by_key_completes_its_step_in_the_next_run() -> None:
    driven = OrderDriver({"a": SCAN, "b": call()})
    driven.wait(3_600)
    driven.answer("b", {})
    driven = driven.continue_as_new()
    assert driven.requests() == []
    driven.signal_event("scan", "O-1")
    assert driven.run.ended
    assert driven.requests() == ["-scan O-1"]


def test_better_event_completes_a_step_that_an_event_has_failed() -> None:
    written = {"event": {"name": "paid"}, "fail_when": [{"if": "payload.ok == false", "code": "refused"}]}
    driven = OrderDriver({"a": written})
    driven.event("paid", None, {"ok": False})
    driven.event("paid", None, {"ok": False, "again": True})
    assert driven.state("a") is S.FATALLY_FAILED
    assert driven.event("paid", None, {"ok": True}) == "completed"


def test_late_event_with_another_key_or_content_is_kept_for_a_retry() -> None:
    driven = OrderDriver({"a": {"event": {**SCAN["event"], "match": "payload.ok"}}})
    driven.wait(3_600)
    assert driven.event("scan", "O-2", {"ok": True}) == "kept"
    assert driven.event("scan", "O-1", {"ok": False}) == "kept"
    assert driven.state("a") is S.FATALLY_FAILED


def test_late_events_complete_equal_steps_in_fallout() -> None:
    driven = instances(SCAN, 2)
    driven.wait(3_600)
    driven.event("scan", "O-1", event_id="e-1")
    assert by_id(driven) == {"a@1": "completed", "a@2": "fatally_failed"}
    driven.event("scan", "O-1", event_id="e-2")
    assert driven.run.ended


def test_step_that_waits_takes_an_event_before_one_in_fallout() -> None:
    driven = OrderDriver({"a": SCAN, "b": {"event": {"name": "scan", "key": "${order.id}"}}})
    driven.wait(3_600)
    driven.event("scan", "O-1", event_id="e-1")
    assert driven.states() == {"a": "fatally_failed", "b": "completed"}
    driven.event("scan", "O-1", event_id="e-2")
    assert driven.run.ended


@pytest.mark.parametrize("action", ["skip", "complete"])
def test_step_that_a_person_settles_leaves_its_mailbox(action: str) -> None:
    driven = OrderDriver({"a": SCAN, "b": call()})
    driven.wait(3_600)
    driven.step_action(action, "a", {"n": 1} if action == "complete" else None)
    assert driven.requests() == ["+scan O-1", "-scan O-1"]


def test_retry_waits_for_the_key_of_now() -> None:
    written = {"event": {"name": "scan", "key": "${order.characteristics.at}", "within": "1h"}}
    driven = OrderDriver(plan_of({"a": written}, characteristics={"at": "k-1"}))
    driven.wait(3_600)
    driven.set_characteristics(at="k-2")
    driven.step_action("retry", "a")
    assert driven.requests() == ["+scan k-1", "-scan k-1", "+scan k-2"]
    assert driven.event("scan", "k-2") == "completed"
    assert not driven.run.subscriptions.by_address


def test_retry_without_a_key_takes_no_event_in_fallout() -> None:
    written = {"event": {"name": "scan", "key": "${order.characteristics.at}", "within": "1h"}}
    driven = OrderDriver(plan_of({"a": written}, characteristics={"at": "k-1"}))
    driven.wait(3_600)
    driven.run.characteristics.pop("at")
    driven.run.clear_caches()
    driven.step_action("retry", "a")
    assert driven.step("a").failure.code == "definition_error"  # type: ignore[union-attr]
    assert driven.event("scan", "k-1") == "kept"
    assert driven.requests() == ["+scan k-1", "-scan k-1"]


def test_order_that_began_before_keeps_a_late_event_for_a_retry() -> None:
    driven = OrderDriver({"a": SCAN})
    driven.run.is_patched = lambda _patch: False
    driven.wait(3_600)
    driven.signal_event("scan", "O-1")
    assert driven.state("a") is S.FATALLY_FAILED
    driven.step_action("retry", "a")
    assert driven.state("a") is S.COMPLETED
