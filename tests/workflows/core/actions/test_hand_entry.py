"""What a person enters with `complete` is judged like what the system sends, and has what later steps read."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.core.order_driver import OrderDriver
from tests.support.core.plans import call
from workflows.contract.order_messages import RefusalCode
from workflows.core.steps.refusal import RequestRefused

FAIL = {"code": "not_granted", "message": "the grid says no"}
BOOKED: dict[str, Any] = {
    "call": {"system": "shop", "post": "/x", "callback": {"within": "1d"}},
    "fail_when": [{"if": "payload.granted == false", **FAIL}],
}
KINDS: dict[str, dict[str, Any]] = {
    "callback": BOOKED,
    "event": {"event": {"name": "granted", "within": "1d"}, "fail_when": [{"if": "!payload.granted", **FAIL}]},
    "call": {**call(), "fail_when": [{"if": "response.body.granted == false", **FAIL}]},
    "activity": {"activity": "greet", "fail_when": [{"if": "output.granted == false", **FAIL}]},
    "manual": {
        "manual": {"queue": "field", "form": {"granted": {"type": "boolean"}}},
        "fail_when": [{"if": "payload.granted == false", **FAIL}],
    },
}


def fallen(step: dict[str, Any], **later: Any) -> OrderDriver:
    """Its step `a` is in fallout, or an open task."""
    driven = OrderDriver({"a": step, "b": call(after=["a"]), **later})
    if "event" in step:
        driven.wait(2 * 86400)
    elif "manual" not in step:
        driven.fail("a")
    return driven


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_person_enters_is_judged_as_what_the_system_sends(kind: str) -> None:
    driven = fallen(KINDS[kind])
    result = driven.step_action("complete", "a", {"granted": False})
    assert driven.state("a") == "fatally_failed"
    assert driven.state("b") == "pending"
    assert driven.step("a").failure.code == "not_granted"  # type: ignore[union-attr]
    assert "in fallout" in result.message
    if kind != "manual":
        driven.step_action("complete", "a", {"granted": True})
        assert driven.states() == {"a": "completed", "b": "in_progress"}


@pytest.mark.parametrize("kind", ["callback", "event"])
def test_data_must_have_what_fail_when_reads(kind: str) -> None:
    driven = fallen(KINDS[kind])
    for data in ({}, {"done": "by telephone"}):
        with pytest.raises(RequestRefused, match="granted") as refused:
            driven.step_action("complete", "a", data)
        assert refused.value.code is RefusalCode.INVALID
    assert driven.state("a") == "fatally_failed"
    driven.step_action("complete", "a", {"granted": True, "done": "by telephone"})
    assert driven.step("a").output == {"granted": True, "done": "by telephone"}


def test_a_failure_by_hand_goes_where_on_failure_says() -> None:
    driven = fallen({**BOOKED, "on_failure": [{"code": "not_granted", "do": "continue"}]})
    driven.step_action("complete", "a", {"granted": False})
    assert driven.state("a") == "failed_accepted"


def reading(field: str = "serial", **more: Any) -> dict[str, Any]:
    return {"call": {"system": "shop", "post": "/y", "body": {"it": f"${{steps.a.output.{field}}}"}},
            "after": ["a"], **more}  # fmt: skip


MOUNT = {"manual": {"queue": "field", "form": {"serial": {"type": "string"}, "ok": {"type": "boolean"}}}}


@pytest.mark.parametrize("step", [MOUNT, call()], ids=["manual", "call"])
def test_complete_demands_what_later_steps_read(step: dict[str, Any]) -> None:
    driven = fallen(step, c=reading())
    for data in ({}, {"ok": True}):
        with pytest.raises(RequestRefused, match=r"`serial` is missing, which camera\.c@1 reads") as refused:
            driven.step_action("complete", "a", data)
        assert (refused.value.code, refused.value.details.reason) == (RefusalCode.INVALID, "output_needed")
    driven.step_action("complete", "a", {"serial": "S-1"})
    assert driven.request("c").body == {"it": "S-1"}


def test_what_the_system_would_have_sent_goes_through_the_output() -> None:
    driven = fallen({**BOOKED, "output": {"serial": "${payload.number}"}}, c=reading())
    with pytest.raises(RequestRefused, match="`serial` is missing"):
        driven.step_action("complete", "a", {"granted": True, "nummer": "S-1"})
    driven.step_action("complete", "a", {"granted": True, "number": "S-1"})
    assert driven.request("c").body == {"it": "S-1"}


def test_nothing_is_demanded_that_no_step_will_read() -> None:
    conditional = reading(when="has(steps.a.output.ok) && steps.a.output.ok")
    driven = fallen(MOUNT, c=conditional)
    driven.step_action("complete", "a", {"ok": False})
    assert driven.state("c") == "skipped"
    guarded = reading()
    guarded["call"]["body"] = {"it": "${has(steps.a.output.serial) ? steps.a.output.serial : 'none'}"}
    driven = fallen(MOUNT, c=guarded)
    driven.step_action("complete", "a", {"ok": True})
    assert driven.request("c").body == {"it": "none"}


def test_an_order_that_began_before_decides_as_it_did() -> None:
    driven = fallen(BOOKED, c=reading())
    driven.run.is_patched = lambda _patch: False
    driven.step_action("complete", "a", {"granted": False})
    assert driven.state("a") == "completed"
