"""Steps that wait: timers, conditions, events, manual steps, Python activities."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.support.core.order_driver import START, OrderDriver
from tests.support.core.plans import call, plan_of
from workflows.contract.order_messages import RefusalCode
from workflows.contract.states import StepState
from workflows.core.events.event_inbox import ReceivedEvent
from workflows.core.execution import event_matching
from workflows.core.execution.delivery_verdict import DeliveryVerdict
from workflows.core.state.commands import StartActivity, SubscribeEvents, UnsubscribeEvents
from workflows.core.steps.refusal import RequestRefused

S = StepState


def test_wait_ends_after_its_duration() -> None:
    driven = OrderDriver({"a": {"wait": {"for": "2d"}}})
    assert driven.view("a").due == datetime.fromtimestamp(START + 2 * 86_400, UTC)
    driven.wait(2 * 86_400 - 0.1)
    assert driven.state("a") is S.IN_PROGRESS
    driven.wait(0.1)
    assert driven.state("a") is S.COMPLETED


def test_wait_until_a_past_moment_ends_at_once() -> None:
    driven = OrderDriver({"a": {"wait": {"until": "2020-01-01T00:00:00Z"}}, "b": {"wait": {"until": "2030-01-01"}}})
    assert driven.states() == {"a": "completed", "b": "in_progress"}


def test_wait_until_a_moment_computed_from_an_output() -> None:
    until = "${timestamp(steps.a.output.visit_at) - days(1)}"
    driven = OrderDriver({"a": call(), "b": {"after": ["a"], "wait": {"until": until}}})
    driven.answer("a", {"visit_at": "2030-06-02T10:00:00Z"})
    assert driven.view("b").due == datetime(2030, 6, 1, 10, tzinfo=UTC)


def test_invalid_moment_leads_to_fallout() -> None:
    driven = OrderDriver(plan_of({"a": {"wait": {"until": "${attributes.day}"}}}, attributes={"day": "soon"}))
    assert driven.state("a") is S.FATALLY_FAILED
    assert "`soon` is not a date and time" in str(driven.step("a").failure)


def test_condition_holds_when_a_characteristic_is_set() -> None:
    driven = OrderDriver({"a": {"wait": {"condition": "order.characteristics.paid == true", "within": "30d"}}})
    assert driven.state("a") is S.IN_PROGRESS
    assert "paid" in (driven.view("a").waits_for or "")
    driven.set_characteristics(paid=False)
    assert driven.state("a") is S.IN_PROGRESS
    driven.set_characteristics(paid=True)
    assert driven.state("a") is S.COMPLETED


def test_condition_reads_any_steps_output() -> None:
    driven = OrderDriver({"a": call(), "b": {"wait": {"condition": "steps.a.output.n > 1"}}})
    assert driven.state("b") is S.IN_PROGRESS
    driven.answer("a", {"n": 2})
    assert driven.state("b") is S.COMPLETED


def test_condition_past_within_fails_with_timeout() -> None:
    driven = OrderDriver(
        {"a": {"wait": {"condition": "false", "within": "1h"}, "on_failure": [{"code": "timeout", "do": "continue"}]}}
    )
    driven.wait(3_600)
    assert driven.state("a") is S.FAILED_ACCEPTED


def test_condition_of_another_type_leads_to_fallout() -> None:
    driven = OrderDriver({"a": {"wait": {"condition": "quantity"}}})
    assert driven.state("a") is S.FATALLY_FAILED


def test_setting_the_same_characteristic_again_changes_nothing() -> None:
    driven = OrderDriver({"a": call()})
    assert not driven.set_characteristics(paid=True).already
    assert driven.set_characteristics(paid=True).already
    assert [entry.message for entry in driven.run.audit_log.entries].count("set paid") == 1


DELIVERED = {"event": {"name": "delivered", "key": "${order.id}", "within": "5d"}}


def test_event_completes_the_step_with_its_name_and_key() -> None:
    driven = OrderDriver({"a": DELIVERED})
    assert driven.view("a").waits_for == "event delivered with key O-1"
    with pytest.raises(RequestRefused) as refused:
        driven.event("delivered", "O-2")
    assert refused.value.code is RefusalCode.NOT_FOUND
    assert "O-1" in str(refused.value)
    assert driven.event("delivered", "O-1", {"at": "door"}) == "completed"
    assert driven.step("a").output == {"at": "door"}


def test_step_subscribes_to_keyed_events_while_it_waits() -> None:
    driven = OrderDriver({"a": DELIVERED, "b": {"event": {"name": "other"}}})
    subscribed = [command for command in driven.commands if isinstance(command, SubscribeEvents)]
    assert [(command.subscription.names, command.subscription.key) for command in subscribed] == [
        (["delivered"], "O-1")
    ]
    driven.event("delivered", "O-1")
    ended = [command for command in driven.commands if isinstance(command, UnsubscribeEvents)]
    assert [command.subscription for command in ended] == [subscribed[0].subscription]


def test_event_past_within_fails_with_timeout() -> None:
    driven = OrderDriver({"a": DELIVERED})
    driven.wait(5 * 86_400)
    assert driven.step("a").failure.code == "timeout"  # type: ignore[union-attr]


def test_first_event_of_several_names_completes_the_step() -> None:
    written = {"event": {"name": ["paid", "waived"]}, "output": {"how": "${event}"}}
    driven = OrderDriver({"a": written})
    driven.event("waived")
    assert driven.step("a").output == {"how": "waived"}
    assert driven.event("paid") == "late"


def test_match_decides_which_event_completes_the_step() -> None:
    driven = OrderDriver({"a": {"event": {"name": "paid", "match": "payload.amount >= 10"}}})
    for payload in ({"amount": 9}, {}, None):
        with pytest.raises(RequestRefused):
            driven.event("paid", None, payload)
    assert driven.event("paid", None, {"amount": 10}) == "completed"


def test_event_that_fits_several_steps_is_refused_unless_it_names_one() -> None:
    driven = OrderDriver({"a": {"event": {"name": "paid"}}, "b": {"event": {"name": "paid"}}})
    with pytest.raises(RequestRefused) as refused:
        driven.event("paid")
    assert refused.value.code is RefusalCode.AMBIGUOUS
    assert "camera.a@1, camera.b@1" in str(refused.value)
    assert driven.event("paid", step="2") == "completed"
    assert driven.states() == {"a": "in_progress", "b": "completed"}


def test_early_event_is_kept_until_its_step_waits() -> None:
    driven = OrderDriver({"a": call(), "b": {**DELIVERED, "after": ["a"]}})
    assert driven.event("delivered", "O-1", {"n": 1}) == "kept"
    driven.answer("a", {})
    assert driven.state("b") is S.COMPLETED
    assert driven.step("b").output == {"n": 1}
    assert not driven.run.inbox.early_events


def test_early_event_completes_only_the_step_with_its_key() -> None:
    written = {"event": {"name": "delivered", "key": "${steps.a.output.tracking}"}, "after": ["a"]}
    driven = OrderDriver({"a": call(), "b": written})
    driven.event("delivered", "T-2")
    driven.event("delivered", "T-1")
    driven.answer("a", {"tracking": "T-1"})
    assert driven.state("b") is S.COMPLETED
    assert [event.key for event in driven.run.inbox.early_events] == ["T-2"]


def test_same_event_counts_once() -> None:
    driven = OrderDriver({"a": {"event": {"name": "paid"}}, "b": {"event": {"name": "paid"}, "after": ["a"]}})
    assert driven.event("paid", event_id="e-1") == "completed"
    assert driven.event("paid", event_id="e-1") == "duplicate"
    assert driven.states() == {"a": "completed", "b": "in_progress"}


def test_event_for_a_done_step_is_late_and_unknown_event_is_refused() -> None:
    driven = OrderDriver({"a": {"event": {"name": "paid"}}, "b": call()})
    driven.event("paid", event_id="e-1")
    assert driven.event("paid", event_id="e-2") == "late"
    with pytest.raises(RequestRefused) as refused:
        driven.event("pand")
    assert refused.value.code is RefusalCode.NOT_FOUND
    assert "paid" in str(refused.value)


def test_event_without_key_completes_the_step_that_it_names() -> None:
    driven = OrderDriver({"a": DELIVERED})
    with pytest.raises(RequestRefused):
        driven.event("delivered", "wrong", step="camera.a@1")
    with pytest.raises(RequestRefused):
        driven.event("other", step="camera.a@1")
    assert driven.event("delivered", step="camera.a@1") == "completed"


def test_event_can_be_a_business_failure() -> None:
    written = {
        "event": {"name": "paid"},
        "fail_when": [{"if": "payload.ok == false", "code": "refused", "message": "no money"}],
    }
    driven = OrderDriver({"a": written})
    driven.event("paid", None, {"ok": False})
    assert driven.state("a") is S.FATALLY_FAILED
    driven.step_action("retry", "a")
    assert driven.view("a").waits_for == "event paid"
    driven.event("paid", None, {"ok": True})
    assert driven.state("a") is S.COMPLETED


def test_ambiguous_event_goes_to_the_last_step_that_waits_for_it() -> None:
    driven = OrderDriver({"a": {"event": {"name": "paid"}}, "b": {"event": {"name": "paid"}}})
    kept = ReceivedEvent("e-1", "paid", None, {"n": 1}, None, START, 10)
    event_matching.apply_event(driven.run, kept, DeliveryVerdict("kept"))
    driven.event("paid", step="camera.a@1", event_id="e-2")
    assert driven.state("b") is S.COMPLETED
    assert driven.step("b").output == {"n": 1}


def test_too_many_early_events_are_refused() -> None:
    driven = OrderDriver({"a": call(), "b": {"event": {"name": "paid"}, "after": ["a"]}})
    with pytest.raises(RequestRefused) as refused:
        driven.event("paid", None, "x" * 400_000)
    assert refused.value.code is RefusalCode.NOT_NOW


FORM = {"outcome": {"type": "string", "enum": ["done", "absent"], "required": True}, "day": {"type": "date"}}
INSTALL = {
    "manual": {"queue": "field_force", "instructions": "Visit ${order.customer.name}", "form": FORM},
    "fail_when": [{"if": 'payload.outcome == "absent"', "code": "absent", "message": "Nobody there"}],
}


def test_task_shows_instructions_and_form() -> None:
    driven = OrderDriver({"a": INSTALL})
    view = driven.view("a")
    assert (view.waits_for, view.queue, view.instructions) == (
        "a person in field_force",
        "field_force",
        "Visit Elm Street 14",
    )
    assert view.form is not None
    assert view.form["outcome"]["enum"] == ["done", "absent"]
    assert driven.run.counters.open_tasks == 1


def test_task_is_completed_with_the_data_of_its_form() -> None:
    driven = OrderDriver({"a": INSTALL})
    for data in (None, {"outcome": "dne"}, {"outcome": "done", "dy": 1}, {"outcome": "done", "day": "tomorrow"}):
        with pytest.raises(RequestRefused) as refused:
            driven.step_action("complete", "a", data)
        assert refused.value.code is RefusalCode.INVALID
    answer = driven.step_action("complete", "a", {"outcome": "done", "day": "2026-12-01"})
    assert answer.state is S.COMPLETED
    assert driven.step("a").output == {"outcome": "done", "day": "2026-12-01"}
    assert driven.run.counters.open_tasks == 0


def test_form_can_report_failure_and_a_retry_opens_the_task_again() -> None:
    driven = OrderDriver({"a": INSTALL})
    answer = driven.step_action("complete", "a", {"outcome": "absent"})
    assert answer.state is S.FATALLY_FAILED
    assert "Nobody there" in answer.message
    driven.step_action("retry", "a")
    assert driven.run.counters.open_tasks == 1
    driven.step_action("complete", "a", {"outcome": "done"})
    assert driven.state("a") is S.COMPLETED


def test_instructions_without_a_value_lead_to_fallout_at_once() -> None:
    driven = OrderDriver({"a": {"manual": {"queue": "q", "instructions": "${attributes.missing}"}}})
    assert driven.state("a") is S.FATALLY_FAILED


def test_activity_input_is_rendered_and_its_output_evaluated() -> None:
    written = {
        "activity": "notify",
        "with": {"to": "${order.customer.id}"},
        "fail_when": [{"if": "output.sent == false", "code": "not_sent"}],
        "output": {"at": "${output.at}"},
    }
    driven = OrderDriver({"a": written, "b": written})
    command = driven.started("a")[0]
    assert isinstance(command, StartActivity)
    assert command.name == "notify"
    assert command.request.with_ == {"to": "C-1"}
    assert command.request.idempotency_key == "O-1/camera.a@1/do/1"
    driven.answer("a", {"sent": True, "at": "noon"})
    assert driven.step("a").output == {"at": "noon"}
    driven.answer("b", {"sent": False})
    assert driven.step("b").failure.code == "not_sent"  # type: ignore[union-attr]
