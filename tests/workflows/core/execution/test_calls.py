"""Calls: what is sent, keys, attempts, callbacks, polling."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from activity_contract.calls import CALLBACK_ID, CALLBACK_URL
from tests.support.core.order_driver import START, OrderDriver
from tests.support.core.plans import call, plan_of
from workflows.contract.order_messages import RefusalCode
from workflows.contract.states import StepState
from workflows.core.engine import advance
from workflows.core.steps.refusal import RequestRefused

S = StepState


def test_request_is_rendered_except_secrets_and_address() -> None:
    written = {
        "system": "shop",
        "post": "/reservations",
        "query": {"for": "${order.customer.id}"},
        "headers": {"X-Quantity": "${quantity}"},
        "body": {"sku": "cam-${attributes.model}", "quantity": "${quantity}", "list": ["${order.id}"]},
    }
    driven = OrderDriver(plan_of({"a": {"call": written}}, quantity=4, attributes={"model": "indoor"}))
    request = driven.request("a")
    assert request.query == {"for": "C-1"}
    assert request.headers == {"X-Quantity": "4"}
    assert request.body == {"sku": "cam-indoor", "quantity": 4, "list": ["O-1"]}
    assert request.idempotency_key == "O-1/camera.a@1/do/1"
    assert request.method == "post"


@pytest.mark.parametrize(
    ("value", "path"), [("a/b", "/x/a%2Fb"), ("..", "/x/.."), ("1?y=2", "/x/1%3Fy%3D2"), (7, "/x/7")]
)
def test_value_cannot_add_a_segment_or_query_to_a_path(value: object, path: str) -> None:
    driven = OrderDriver(plan_of({"a": call("/x/${attributes.v}")}, attributes={"v": value}))
    assert driven.request("a").path == path


def test_path_that_is_one_expression_is_not_encoded() -> None:
    driven = OrderDriver(plan_of({"a": call("${attributes.v}")}, attributes={"v": "/a/b?c=1"}))
    assert driven.request("a").path == "/a/b?c=1"


def test_later_step_sees_the_output() -> None:
    driven = OrderDriver({"a": call(), "b": call("/${steps.a.output.id}", after=["a"])})
    driven.answer("a", {"id": "R-1"})
    assert driven.request("b").path == "/R-1"


def test_missing_output_field_leads_to_fallout_of_the_reader_and_names_the_place() -> None:
    driven = OrderDriver({"a": call(), "b": call("/${steps.a.output.id}", after=["a"]), "c": call(after=["a"])})
    driven.answer("a", {})
    failure = driven.step("b").failure
    assert driven.states() == {"a": "completed", "b": "fatally_failed", "c": "in_progress"}
    assert failure is not None
    assert failure.code == "definition_error"
    assert "there is no `id`" in failure.message


def test_call_carries_the_expressions_that_the_activity_evaluates() -> None:
    written = call(
        output={"id": "${response.body.id}", "day": "${attributes.day}"},
        fail_when=[{"if": "response.body.n > quantity", "code": "too_many", "message": "no"}],
    )
    request = OrderDriver(plan_of({"a": written}, attributes={"day": date(2026, 12, 1)}, quantity=2)).request("a")
    assert request.output == {"id": "${response.body.id}", "day": "${attributes.day}"}
    assert request.fail_when == [{"if": "response.body.n > quantity", "code": "too_many", "message": "no"}]
    assert request.scope == {"attributes": {"day": date(2026, 12, 1)}, "quantity": 2}


def test_timeout_as_template() -> None:
    driven = OrderDriver(plan_of({"a": call(timeout="${minutes(quantity)}")}, quantity=2))
    assert driven.request("a").timeout == 120


def test_long_pause_is_a_timer_and_the_key_stays() -> None:
    driven = OrderDriver({"a": call()})
    driven.fail("a", "http_503", attempts=1, retry_after=600.0, outcome_known=False)
    assert driven.state("a") is S.FAILED
    assert driven.view("a").next_attempt_at == datetime.fromtimestamp(START + 600, UTC)
    driven.wait(599)
    assert driven.state("a") is S.FAILED
    driven.wait(1)
    assert driven.state("a") is S.IN_PROGRESS
    assert driven.keys("a") == ["O-1/camera.a@1/do/1"] * 2
    assert [command.activity_id for command in driven.started("a")] == ["camera.a@1", "camera.a@1/2"]
    assert driven.request("a").earlier_attempts == 1
    assert not driven.request("a").outcome_known


def test_last_failed_attempt_leads_to_fallout_and_other_branches_go_on() -> None:
    driven = OrderDriver({"a": call(), "b": call(after=["a"]), "c": call(), "d": call(after=["c"])})
    driven.fail("a", "out_of_stock", "nothing left")
    driven.answer("c", {})
    view = driven.view("a")
    assert driven.states() == {"a": "fatally_failed", "b": "pending", "c": "completed", "d": "in_progress"}
    assert view.error is not None
    assert (view.error.code, view.error.message, view.attempts) == ("out_of_stock", "nothing left", 5)


def test_interrupted_attempt_is_repeated_and_not_counted() -> None:
    driven = OrderDriver({"a": call()})
    step = driven.step("a")
    advance.activity_interrupted(driven.run, step.position, step.launch, started=False)
    driven.advance()
    assert driven.request("a").earlier_attempts == 0
    assert driven.request("a").outcome_known
    advance.activity_interrupted(driven.run, step.position, step.launch, started=True)
    driven.advance()
    assert driven.keys("a") == ["O-1/camera.a@1/do/1"] * 3
    assert not driven.request("a").outcome_known


def test_result_of_an_earlier_activity_is_ignored() -> None:
    driven = OrderDriver({"a": call()})
    driven.fail("a")
    driven.step_action("retry", "a")
    advance.activity_succeeded(driven.run, 0, 1, {"output": {}, "attempts": 1})
    assert driven.state("a") is S.IN_PROGRESS


CALLED_BACK = {
    "call": {"system": "shop", "post": "/x", "body": {"to": "${callback.url}"}, "callback": {"within": "2d"}}
}


def test_callback_completes_an_acknowledged_call() -> None:
    driven = OrderDriver({"a": CALLED_BACK})
    assert driven.request("a").callback
    assert driven.request("a").body == {"to": CALLBACK_URL}
    driven.answer("a", {})
    assert driven.state("a") is S.IN_PROGRESS
    assert driven.view("a").waits_for == "a callback of shop"
    assert driven.view("a").due == datetime.fromtimestamp(START + 2 * 86_400, UTC)
    assert driven.callback("a", {"visit": 1}) == "completed"
    assert driven.step("a").output == {"visit": 1}


def test_callback_id_is_a_placeholder_in_everything_that_temporal_sees() -> None:
    written = {"system": "shop", "post": "/x", "body": "${callback.id}", "callback": {}}
    assert OrderDriver({"a": {"call": written}}).request("a").body == CALLBACK_ID


def test_callback_before_the_response() -> None:
    driven = OrderDriver({"a": CALLED_BACK})
    assert driven.callback("a", {"visit": 1}) == "kept"
    assert driven.state("a") is S.IN_PROGRESS
    driven.answer("a", {})
    assert driven.state("a") is S.COMPLETED
    assert driven.step("a").output == {"visit": 1}


def test_early_callback_completes_a_call_without_response() -> None:
    driven = OrderDriver({"a": CALLED_BACK})
    driven.callback("a", {"visit": 1})
    driven.fail("a", "timeout", outcome_known=False)
    assert driven.state("a") is S.COMPLETED


def test_callback_ends_the_pause_before_the_next_attempt() -> None:
    driven = OrderDriver({"a": CALLED_BACK})
    driven.fail("a", "timeout", attempts=1, retry_after=600.0, outcome_known=False)
    assert driven.callback("a", {"visit": 1}) == "completed"
    assert driven.state("a") is S.COMPLETED
    driven.wait(600)
    assert len(driven.started("a")) == 1


def test_callback_takes_a_step_out_of_fallout() -> None:
    driven = OrderDriver({"a": CALLED_BACK})
    driven.answer("a", {})
    driven.wait(2 * 86_400)
    assert driven.state("a") is S.FATALLY_FAILED
    assert driven.step("a").failure is not None
    assert driven.step("a").failure.code == "timeout"  # type: ignore[union-attr]
    assert driven.callback("a", {"visit": 1}) == "completed"
    assert driven.state("a") is S.COMPLETED


def test_callback_counts_once_and_is_late_for_an_earlier_effect() -> None:
    driven = OrderDriver({"a": CALLED_BACK})
    driven.answer("a", {})
    driven.callback("a", {})
    assert driven.callback("a", {}) == "duplicate"
    assert driven.callback("a", {}, event_id="another") == "late"
    again = OrderDriver({"a": CALLED_BACK})
    again.fail("a", "refused")
    again.step_action("retry", "a")
    assert again.callback("a", {}, key="O-1/camera.a@1/do/1") == "late"


def test_callback_for_a_step_that_waits_for_none_is_refused() -> None:
    driven = OrderDriver({"a": call(), "b": {**CALLED_BACK, "after": ["a"]}})
    with pytest.raises(RequestRefused) as refused:
        driven.callback("a")
    assert refused.value.code is RefusalCode.INVALID
    with pytest.raises(RequestRefused):
        driven.callback("b")


def test_callback_expressions_read_the_response() -> None:
    written = {
        **CALLED_BACK,
        "fail_when": [
            {"if": "payload.ok == false", "code": "refused", "message": "order ${response.body.id}"},
            {"if": "response.status == 202", "code": "never"},
        ],
        "output": {"id": "${response.body.id}", "day": "${payload.day}"},
    }
    driven = OrderDriver({"a": written})
    assert driven.request("a").fail_when == [{"if": "response.status == 202", "code": "never", "message": ""}]
    assert driven.request("a").output == {"body": "${response.body}"}
    driven.answer("a", {"body": {"id": "7"}})
    good, bad = driven.continue_as_new(), driven
    bad.callback("a", {"ok": False})
    failure = bad.step("a").failure
    assert failure is not None
    assert (failure.code, failure.message) == ("refused", "order 7")
    good.callback("a", {"ok": True, "day": "2026-12-01"})
    assert good.step("a").output == {"id": "7", "day": "2026-12-01"}


POLLED = {
    "call": {
        "system": "shop",
        "post": "/routers",
        "poll": {
            "get": "/routers/${response.body.id}",
            "every": "2m",
            "within": "4h",
            "until": 'response.body.state == "online"',
        },
    },
    "output": {"id": "${response.body.id}"},
    "fail_when": [{"if": 'response.body.state == "dead"', "code": "dead"}],
}


def test_poll_path_comes_from_the_response() -> None:
    driven = OrderDriver({"a": POLLED})
    first = driven.request("a")
    assert (first.fail_when, first.until, first.output) == ([], None, {"body": "${response.body}"})
    driven.answer("a", {"body": {"id": "r/1"}})
    polled = driven.request("a")
    assert (polled.method, polled.path, polled.every) == ("get", "/routers/r%2F1", 120)
    assert polled.until == 'response.body.state == "online"'
    assert polled.output == {"id": "${response.body.id}"}
    assert [case["code"] for case in polled.fail_when] == ["dead"]
    assert driven.view("a").waits_for == '`response.body.state == "online"`, asking shop every 2m'
    driven.answer("a", {"id": "r/1"})
    assert driven.step("a").output == {"id": "r/1"}


def test_workflow_timer_waits_between_polls_with_a_long_pause() -> None:
    driven = OrderDriver({"a": POLLED})
    driven.answer("a", {"body": {"id": "1"}})
    driven.fail("a", "not_yet", retry_after=120.0)
    assert driven.state("a") is S.IN_PROGRESS
    driven.wait(120)
    assert len(driven.started("a")) == 3


def test_polling_past_within_fails_with_timeout() -> None:
    driven = OrderDriver({"a": POLLED})
    driven.answer("a", {"body": {"id": "1"}})
    driven.wait(timedelta(hours=4).total_seconds())
    assert driven.cancelled("a")
    assert driven.state("a") is S.FATALLY_FAILED
    assert driven.step("a").failure.code == "timeout"  # type: ignore[union-attr]


def test_retry_after_a_failed_poll_repeats_the_call_with_its_key() -> None:
    driven = OrderDriver({"a": POLLED})
    driven.answer("a", {"body": {"id": "1"}})
    driven.fail("a", "http_404", "not found")
    driven.step_action("retry", "a")
    assert driven.keys("a")[-1] == "O-1/camera.a@1/do/1"
    assert driven.request("a").method == "post"


def test_business_failure_found_by_polling_is_certain() -> None:
    driven = OrderDriver({"a": POLLED})
    driven.answer("a", {"body": {"id": "1"}})
    driven.fail("a", "dead", "it is dead")
    driven.step_action("retry", "a")
    assert driven.keys("a")[-1] == "O-1/camera.a@1/do/2"
