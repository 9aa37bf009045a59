"""Events and callbacks whose content the step's `output` or `fail_when` cannot be evaluated with."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.support.core.order_driver import OrderDriver
from tests.support.core.plans import plan_of
from workflows.contract.order_messages import RefusalCode
from workflows.contract.states import StepState
from workflows.core.steps.refusal import RequestRefused

S = StepState
BOOK: dict[str, Any] = {
    "call": {"system": "shop", "post": "/b", "callback": {"within": "1h"}},
    "output": {"ref": "${payload.ref}"},
}
PAID: dict[str, Any] = {"event": {"name": "paid"}, "fail_when": [{"if": "payload.amount < 10", "code": "too_little"}]}


def refused_callback(driven: OrderDriver, payload: Any) -> RequestRefused:
    with pytest.raises(RequestRefused) as refused:
        driven.callback("a", payload, event_id=str(payload))
    return refused.value


def test_unfit_callback_is_refused_and_its_step_still_waits() -> None:
    driven = OrderDriver({"a": BOOK})
    driven.answer("a", {})
    refused = refused_callback(driven, {"reference": 7})
    assert refused.code is RefusalCode.INVALID
    assert refused.details.reason == "unfit_payload"
    assert "ref" in str(refused)
    assert str(refused).startswith("The callback does not fit. Step 1 (camera.a@1) still waits: there is no `ref`")
    assert driven.state("a") is S.IN_PROGRESS
    assert "did not fit" in (driven.view("a").waits_for or "")
    assert driven.callback("a", {"ref": 7}) == "completed"
    assert driven.step("a").output == {"ref": 7}


def test_refusal_names_no_file_of_the_definitions_but_the_history_does() -> None:
    plan = plan_of({"a": BOOK})
    (definition,) = plan.definitions
    place = {"payload.ref": "/etc/catalogue.yaml:3:7"}
    plan = replace(plan, definitions=(replace(definition, expression_locations=place),))
    driven = OrderDriver(plan)
    driven.answer("a", {})
    assert "/etc" not in str(refused_callback(driven, {}))
    assert (driven.run.audit_log.entries[-1].reason or "").startswith("/etc/catalogue.yaml:3:7: there is no `ref`")


def test_refusal_is_recorded_once() -> None:
    driven = OrderDriver({"a": BOOK})
    driven.answer("a", {})
    for number in range(3):
        refused_callback(driven, {"reference": number})
    refusals = [entry for entry in driven.run.audit_log.entries if entry.message == "callback refused"]
    assert len(refusals) == 1
    assert refusals[0].step == "camera.a@1"


def test_unfit_late_callback_leaves_the_fallout_as_it_is() -> None:
    driven = OrderDriver({"a": BOOK})
    driven.answer("a", {})
    driven.wait(3_600)
    assert "still in fallout" in str(refused_callback(driven, {}))
    assert driven.step("a").failure.code == "timeout"  # type: ignore[union-attr]
    assert driven.callback("a", {"ref": 7}) == "completed"


@pytest.mark.parametrize("payload", [None, {}, {"amount": "much"}, [1]])
def test_unfit_event_is_refused_and_its_step_still_waits(payload: Any) -> None:
    driven = OrderDriver({"a": PAID})
    with pytest.raises(RequestRefused) as refused:
        driven.event("paid", None, payload)
    assert refused.value.details.reason == "unfit_payload"
    assert driven.state("a") is S.IN_PROGRESS
    assert driven.event("paid", None, {"amount": 12}) == "completed"


def test_business_failure_is_no_misfit() -> None:
    driven = OrderDriver({"a": {**PAID, "output": {"at": "${payload.at}"}}})
    assert driven.event("paid", None, {"amount": 9}) == "completed"
    assert driven.step("a").failure.code == "too_little"  # type: ignore[union-attr]


def test_unfit_event_whose_sender_cannot_be_told_parks_its_step() -> None:
    driven = OrderDriver({"a": PAID})
    driven.signal_event("paid", None, {})
    assert driven.step("a").failure.code == "definition_error"  # type: ignore[union-attr]
    assert driven.event("paid", None, {"amount": 12}) == "completed"


def test_order_that_began_before_parks_the_step() -> None:
    driven = OrderDriver({"a": BOOK})
    driven.answer("a", {})
    driven.run.is_patched = lambda _patch: False
    assert driven.callback("a", {}) == "completed"
    assert driven.state("a") is S.FATALLY_FAILED
