"""Pretend systems: which example answers, its effects, failures, and what becomes due later."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml
from pydantic import TypeAdapter

from activity_contract.calls import CALLBACK_URL
from compiler.language.example_answers import ExampleAnswer, ExampleAnswers
from scenarios.pretend.messages import Callback, Event, PretendRequest
from scenarios.pretend.state import PretendState
from scenarios.pretend.system import PretendSystem

NOW = datetime(2026, 12, 1, 8, tzinfo=UTC)
URL = "http://127.0.0.1:8080/callbacks/abc-_9"


def system(example: str, state: PretendState | None = None) -> PretendSystem:
    answers = TypeAdapter(list[ExampleAnswer]).validate_python(
        TypeAdapter(ExampleAnswers).validate_python(yaml.safe_load(example))
    )
    return PretendSystem("grid", answers, state)


def post(path: str = "/connections", key: str = "k1", body: Any = None, **headers: str) -> PretendRequest:
    return PretendRequest("POST", path, headers={"idempotency-key": key, **headers}, body=body)


def get(path: str) -> PretendRequest:
    return PretendRequest("GET", path)


def test_first_answer_that_fits_is_given() -> None:
    grid = system("""
    - {post: /connections, when: request.body.power > 22, status: 422, body: {error: too_much}}
    - {post: "/connections", status: 201, body: {id: "GC-${number}", power: "${request.body.power}"}}
    - {get: "/connections/{id}", body: {id: "${path.id}"}}
    """)
    refused = grid.answer(post(body={"power": 40}), NOW)
    assert (refused.status, refused.body) == (422, {"error": "too_much"})
    accepted = grid.answer(post(key="k2", body={"power": 7.5}), NOW)
    assert (accepted.status, accepted.body) == (201, {"id": "GC-2", "power": 7.5})
    assert grid.answer(get("/connections/GC%201"), NOW).body == {"id": "GC 1"}


def test_condition_on_what_the_request_lacks_does_not_hold() -> None:
    grid = system('[{when: "request.body.power > 22", status: 422}, {body: {ok: true}}]')
    assert grid.answer(post(body={}), NOW).body == {"ok": True}
    assert grid.answer(post(key="k2", body=None), NOW).body == {"ok": True}


def test_same_key_has_one_effect() -> None:
    grid = system('{post: "/connections", delay: 2s, body: {id: "GC-${number}"}, sends: {event: made}}')
    first = grid.answer(post(), NOW)
    again = grid.answer(post(), NOW + timedelta(seconds=1))
    assert again.body == first.body == {"id": "GC-1"}
    assert again.is_replay
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (first.delay, again.delay) == (timedelta(seconds=2), timedelta(seconds=1))
    assert len(grid.take_due(NOW)) == 1
    assert grid.answer(post(key="k2"), NOW).body == {"id": "GC-2"}


def test_key_for_another_request_is_refused() -> None:
    grid = system("{body: {ok: true}}")
    grid.answer(post(body={"power": 7}), NOW)
    assert grid.answer(post(body={"power": 8}), NOW).status == 422


def test_first_requests_of_each_effect_fail() -> None:
    grid = system("""
    post: /connections
    fails: {times: 2, status: 503, headers: {Retry-After: "1"}, body: {error: down}}
    body: {id: "GC-${number}"}
    """)
    answers = [grid.answer(post(key=key), NOW) for key in ("k1", "k2", "k1", "k1", "k2", "k2")]
    assert [answer.status for answer in answers] == [503, 503, 503, 200, 503, 200]
    assert answers[0].headers == {"Retry-After": "1"}
    assert answers[0].body == {"error": "down"}
    assert [answers[3].body, answers[5].body] == [{"id": "GC-1"}, {"id": "GC-2"}]


def test_polls_that_fail_count_by_their_path() -> None:
    grid = system('{get: "/connections/{id}", fails: {error: timeout}, body: {}}')
    assert grid.answer(get("/connections/1"), NOW).error == "timeout"
    assert grid.answer(get("/connections/2"), NOW).error == "timeout"
    assert grid.answer(get("/connections/1"), NOW).error is None


def test_server_error_does_not_use_up_the_key() -> None:
    grid = system('[{when: "request.body.bad == true", status: 500}, {body: {ok: true}}]')
    failing = ExampleAnswer(status=503)
    assert grid.answer(post(), NOW, failing).status == 503
    assert grid.answer(post(), NOW).status == 200


def test_answer_of_the_scenario_comes_before_a_stored_response() -> None:
    grid = system("{body: {ok: true}}")
    grid.answer(post(), NOW)
    assert grid.answer(post(), NOW, ExampleAnswer(body={"ok": False})).body == {"ok": False}


@pytest.mark.parametrize(
    "request_",
    [
        post(body={"deep": [{"reply_to": URL}]}),
        post(body=f"<order><reply>{URL}</reply></order>"),
        post(**{"x-callback": URL}),
        PretendRequest("POST", "/connections", query={"reply": URL}),
        post(path="/connections/http%3A%2F%2F127.0.0.1%3A8080%2Fcallbacks%2Fabc-_9"),
    ],
)
def test_callback_goes_to_the_url_in_the_request(request_: PretendRequest) -> None:
    grid = system('{body: {id: 7}, calls_back: {after: 50d, body: {state: "${request.method}"}}}')
    grid.answer(request_, NOW)
    assert grid.next_due() == NOW + timedelta(days=50)
    assert grid.take_due(NOW + timedelta(days=49)) == []
    (due,) = grid.take_due(NOW + timedelta(days=50))
    assert isinstance(due, Callback)
    assert (due.to, due.body) == (URL, {"state": "POST"})
    assert grid.next_due() is None


def test_callback_to_what_stands_for_the_url() -> None:
    grid = system("{calls_back: {body: {}}}")
    grid.answer(post(body={"reply": CALLBACK_URL}), NOW)
    (due,) = grid.take_due(NOW)
    assert isinstance(due, Callback)
    assert due.to == CALLBACK_URL


def test_callback_to_a_named_place() -> None:
    grid = system('{calls_back: {to: "${request.body.reply}", when: request.body.wants, body: {}}}')
    grid.answer(post(body={"reply": "abc", "wants": True}), NOW)
    grid.answer(post(key="k2", body={"reply": "def", "wants": False}), NOW)
    (due,) = grid.take_due(NOW)
    assert isinstance(due, Callback)
    assert due.to == "abc"


def test_no_callback_without_url_or_after_a_refusal() -> None:
    grid = system("[{when: request.body.bad, status: 409, calls_back: {body: {}}}, {calls_back: {body: {}}}]")
    grid.answer(post(body={"bad": True, "reply": URL}), NOW)
    grid.answer(post(key="k2", body={"bad": False}), NOW)
    assert grid.next_due() is None


def test_events_are_due_in_the_order_of_their_times() -> None:
    grid = system("""
    body: {tracking: "T-${number}"}
    sends:
      - {event: delivered, key: "T-${number}", after: 2d, payload: {at: "${request.time + days(2)}"}}
      - {event: picked, key: "T-${number}", after: "${request.body.hours}h", order: "${request.body.order}"}
    """)
    grid.answer(post(body={"hours": 3, "order": "O-1"}), NOW)
    picked, delivered = grid.take_due(NOW + timedelta(days=3))
    assert isinstance(picked, Event)
    assert isinstance(delivered, Event)
    assert (picked.name, picked.key, picked.order, picked.due) == ("picked", "T-1", "O-1", NOW + timedelta(hours=3))
    assert (delivered.name, delivered.payload) == ("delivered", {"at": "2026-12-03T08:00:00Z"})
    assert picked.event_id != delivered.event_id


def test_poll_is_answered_by_the_age_of_what_was_made() -> None:
    grid = system("""
    - {post: /chargers, status: 201, body: {id: "CH-${number}"}}
    - get: /chargers/{id}
      body: {state: new}
      then: [{after: 2h, body: {state: online}}, {after: 1h, status: 202, body: {state: booting}}]
    """)
    grid.answer(post("/chargers"), NOW)
    states = [grid.answer(get("/chargers/CH-1"), NOW + timedelta(minutes=m)) for m in (0, 59, 60, 119, 120, 600)]
    assert [one.body["state"] for one in states] == ["new", "new", "booting", "booting", "online", "online"]
    assert [one.status for one in states] == [200, 200, 202, 202, 200, 200]


def test_poll_of_something_unknown_counts_from_the_first_request() -> None:
    grid = system('{get: "/chargers/{id}", body: 1, then: {after: 2h, body: 2}}')
    later = NOW + timedelta(hours=5)
    assert grid.answer(get("/chargers/A"), NOW).body == 1
    assert grid.answer(get("/chargers/B"), later).body == 1
    assert grid.answer(get("/chargers/A"), later).body == 2


def test_what_is_deleted_calls_back_no_more() -> None:
    grid = system("""
    - {post: /connections, body: {id: "GC-${number}"}, calls_back: {after: 50d, body: {}}, sends: {event: e, after: 1d}}
    - {delete: "/connections/{id}", status: 204}
    """)
    for key in ("k1", "k2"):
        grid.answer(post(key=key, body={"reply": URL}), NOW)
    grid.answer(PretendRequest("DELETE", "/connections/GC-1", headers={"idempotency-key": "k3"}), NOW)
    assert [type(one) for one in grid.take_due(NOW + timedelta(days=90))] == [Event, Callback]


def test_missing_example_says_what_to_write() -> None:
    response = system('{get: "/connections"}').answer(post(), NOW)
    assert response.status == 501
    assert response.body["error"]["code"] == "example_missing"
    assert "`- {post: /connections, status: 200, body: {}}`" in response.problem
    assert "`grid`" in response.problem


def test_example_without_a_value_is_an_error_of_the_example() -> None:
    response = system('{body: {id: "${request.body.id}"}}').answer(post(body={}), NOW)
    assert response.status == 501
    assert response.body["error"]["code"] == "example_error"
    assert "there is no `id`" in response.problem


def test_state_is_plain_data() -> None:
    example = '{body: {id: "GC-${number}"}, calls_back: {after: 1d, body: {}}, sends: {event: e, after: 2d}}'
    grid = system(example)
    grid.answer(post(body={"reply": URL}), NOW)
    again = system(example, PretendState.model_validate_json(grid.state.model_dump_json()))
    assert again.answer(post(body={"reply": URL}), NOW).body == {"id": "GC-1"}
    assert [one.kind for one in again.take_due(NOW + timedelta(days=2))] == ["callback", "event"]


def test_moments_are_converted_to_the_callers_clock() -> None:
    answers = [ExampleAnswer(body={"at": "${request.time + days(2)}", "text": "by ${request.time}"})]
    grid = PretendSystem("grid", answers, convert_moment=lambda moment: NOW + (moment - NOW) / 1440)
    assert grid.answer(post(), NOW).body == {"at": "2026-12-01T08:02:00Z", "text": "by 2026-12-01T08:00:00Z"}


def test_probe_needs_no_example() -> None:
    grid = PretendSystem("grid", [ExampleAnswer(post="/connections")], probe="ready")
    assert [grid.answer(get(path), NOW).status for path in ("/", "/ready", "/other")] == [200, 200, 501]
    assert grid.answer(PretendRequest("DELETE", "/ready"), NOW).status == 501
