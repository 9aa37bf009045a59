"""CALL_SYSTEM: what it sends, and what it returns."""

from __future__ import annotations

import asyncio
import base64
import gzip
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.activity import ActivityCancellationDetails

from activities.calls.response import MAX_BODY_BYTES, MAX_DEPTH
from activities.calls.response_outcome import MAX_OUTPUT_BYTES
from activity_contract.calls import (
    CONFIGURATION_ERROR,
    DEFINITION_ERROR,
    RESPONSE_TOO_LARGE,
    RESPONSE_UNREADABLE,
    SystemCallResult,
)
from tests.activities.conftest import World
from tests.support.servers.scripted_system import Reply


async def test_call_sends_the_whole_request_and_returns_the_response_body(world: World) -> None:
    world.server.answers(Reply(201, {"id": "R-1"}))
    query = {"site": "B 1&x=y", "tag": ["a", "b"], "none": None, "yes": True}
    answer = await world.call(query=query, headers={"X-A": "1"}, body={"sku": "cam", "größe": 2})
    assert (answer.status, answer.output, answer.attempts) == (201, {"id": "R-1"}, 1)
    received = world.server.received[0]
    assert (received.method, received.path) == ("POST", "/reservations")
    assert received.query == [("site", "B 1&x=y"), ("tag", "a"), ("tag", "b"), ("yes", "true")]
    assert received.json == {"sku": "cam", "größe": 2}
    assert received.headers["x-a"] == "1"
    assert received.headers["content-type"] == "application/json"
    assert received.headers["accept"] == "application/json"


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
async def test_call_uses_its_method_and_sends_no_body_without_one(world: World, method: str) -> None:
    world.server.answers(Reply(204))
    answer = await world.call(method=method)
    assert answer.output is None
    assert world.server.received[0].method == method.upper()
    assert world.server.received[0].body == b""
    assert "content-type" not in world.server.received[0].headers


async def test_idempotency_key_overrides_the_calls_headers(world: World) -> None:
    await world.call(headers={"idempotency-key": "mine"})
    assert world.server.received[0].headers["idempotency-key"] == "HS-1001/security_camera.reserve@1/do/1"


async def test_text_format_sends_and_reads_text(world: World) -> None:
    world.server.answers(Reply(200, "grün".encode(), {"Content-Type": "text/plain; charset=utf-8"}))
    answer = await world.call(format="text", body="hällo")
    assert answer.output == "grün"
    assert world.server.received[0].body == "hällo".encode()
    assert world.server.received[0].headers["content-type"] == "text/plain; charset=utf-8"
    world.server.answers(Reply(200, {"id": 1}))
    assert (await world.call(format="text", accept="json", body="x")).output == {"id": 1}


async def test_secrets_are_read_from_environment_or_file_at_each_call(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TOKEN", "t-123456789")
    world.environment = {"TOKEN": "t-123456789"}
    world.definition["auth"] = {"bearer": {"env": "TOKEN"}}
    await world.call()
    secret = tmp_path / "secret"
    secret.write_text("first-password\n")
    world.definition["auth"] = {"basic": {"user": "ordo", "password": {"file": str(secret)}}}
    await world.call()
    secret.write_text("second-password\n")
    await world.call()
    world.definition["auth"] = {"api_key": {"header": "X-Api-Key", "value": {"env": "TOKEN"}}}
    await world.call(headers={"x-api-key": "forged"})
    pairs = [base64.b64encode(f"ordo:{word}-password".encode()).decode() for word in ("first", "second")]
    sent = [received.headers for received in world.server.received]
    assert [headers.get("authorization") for headers in sent] == [
        "Bearer t-123456789", f"Basic {pairs[0]}", f"Basic {pairs[1]}", None,
    ]  # fmt: skip
    assert sent[3]["x-api-key"] == "t-123456789"


async def test_missing_secret_is_reported_with_its_source(world: World, tmp_path: Path) -> None:
    world.definition["auth"] = {"bearer": {"file": str(tmp_path / "gone")}}
    failed = await world.failure()
    assert (failed.type, failed.retryable) == (CONFIGURATION_ERROR, False)
    assert "gone" in failed.message


async def test_unknown_system_is_reported(world: World) -> None:
    failed = await world.failure(system="elsewhere")
    assert (failed.type, failed.retryable) == (CONFIGURATION_ERROR, False)
    assert "elsewhere" in failed.message


async def test_call_headers_override_system_headers(world: World) -> None:
    world.environment = {"TENANT": "north"}
    world.definition["headers"] = {"X-Tenant": "${env.TENANT}", "X-Kind": "system"}
    await world.call(headers={"x-kind": "call"})
    headers = world.server.received[0].headers
    assert (headers["x-tenant"], headers["x-kind"]) == ("north", "call")


@pytest.mark.parametrize("headers", [{"Host": "evil"}, {"Content-Length": "5"}, {"Transfer-Encoding": "chunked"}])
async def test_reserved_headers_cannot_be_set(world: World, headers: dict[str, str]) -> None:
    failed = await world.failure(headers=headers)
    assert (failed.type, failed.retryable) == (DEFINITION_ERROR, False)


async def test_header_value_cannot_inject_another_header(world: World) -> None:
    failed = await world.failure(headers={"X-A": "1\r\nX-B: 2"})
    assert (failed.type, failed.retryable) == (DEFINITION_ERROR, False)
    assert not world.server.received


@pytest.mark.parametrize("name", ["X A", "X:A", "", "Ünicode", "X\r\nY"])
async def test_invalid_header_name_is_refused(world: World, name: str) -> None:
    failed = await world.failure(headers={name: "1"})
    assert (failed.type, failed.retryable) == (DEFINITION_ERROR, False)


async def test_idempotency_key_is_percent_encoded_if_needed(world: World) -> None:
    await world.call(idempotency_key="A-1/ship@größe 1#2/do/1")
    assert world.server.received[0].headers["idempotency-key"] == "A-1/ship@gr%C3%B6%C3%9Fe%201#2/do/1"


async def test_changed_base_url_applies_to_the_next_call(world: World) -> None:
    world.definition["base_url"] = f"{world.server.url}/old"
    await world.call()
    world.definition["base_url"] = f"{world.server.url}/new/"
    await world.call()
    assert [received.path for received in world.server.received] == ["/old/reservations", "/new/reservations"]


async def test_connection_is_reused_by_the_next_call(world: World) -> None:
    for _ in range(5):
        await world.call()
    assert world.server.connections == 1


async def test_cookies_are_not_kept(world: World) -> None:
    world.server.answers(Reply(200, {}, {"Set-Cookie": "session=of-another-order; Path=/"}))
    await world.call()
    await world.call()
    assert "cookie" not in world.server.received[1].headers


async def test_output_sees_response_and_scope_and_turns_dates_into_text(world: World) -> None:
    world.server.answers(Reply(201, {"id": "R-1"}, {"Location": "/reservations/R-1"}))
    output = {
        "id": "${response.body.id}",
        "at": "${response.headers.location}",
        "status": "${response.status}",
        "until": "${order.requested_start + days(2)}",
        "day": "${attributes.day}",
        "text": "${attributes.day} for ${order.id}",
    }
    scope = {
        "order": {"id": "HS-1", "requested_start": datetime(2026, 12, 1, 8, tzinfo=UTC)},
        "attributes": {"day": date(2026, 12, 24)},
    }
    assert (await world.call(output=output, scope=scope)).output == {
        "id": "R-1",
        "at": "/reservations/R-1",
        "status": 201,
        "until": "2026-12-03T08:00:00Z",
        "day": "2026-12-24",
        "text": "2026-12-24 for HS-1",
    }


async def test_output_without_a_value_is_reported_with_its_location_and_not_retried(world: World) -> None:
    world.server.answers(Reply(200, {"di": "R-1"}))
    places = {"response.body.id": "definitions/camera.yaml:12:34"}
    failed = await world.failure(output={"id": "${response.body.id}"}, places=places)
    assert (failed.type, failed.retryable) == (DEFINITION_ERROR, False)
    assert failed.message.startswith("definitions/camera.yaml:12:34: ")
    assert "id" in failed.message
    assert not failed.details.outcome_known, "the system has done the work"


async def test_fail_when_has_its_own_code_and_message_and_is_not_retried(
    world: World,
) -> None:
    world.server.answers(Reply(200, {"state": "rejected", "why": "no credit"}))
    cases = [
        {"if": "response.body.state == 'lost'", "code": "lost", "message": ""},
        {"if": "response.body.state == 'rejected'", "code": "rejected", "message": "refused: ${response.body.why}"},
    ]
    failed = await world.failure(fail_when=cases)
    assert (failed.type, failed.retryable, failed.details.status) == ("rejected", False, 200)
    assert "refused: no credit" in failed.message
    assert failed.details.outcome_known


async def test_condition_that_is_not_a_boolean_is_a_definition_error(world: World) -> None:
    world.server.answers(Reply(200, {"state": "x"}))
    case = {"if": "response.body.state", "code": "c", "message": ""}
    failed = await world.failure(fail_when=[case], places={"response.body.state": "f.yaml:1:2"})
    assert (failed.type, failed.retryable) == (DEFINITION_ERROR, False)
    assert failed.message.startswith("f.yaml:1:2: ")


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b"x" * (MAX_BODY_BYTES + 1)),
        Reply(200, gzip.compress(b"0" * (100 * MAX_BODY_BYTES)), {"Content-Encoding": "gzip"}),
    ],
    ids=["large", "small until it is unpacked"],
)
async def test_response_that_is_too_large_is_refused_and_not_retried(world: World, reply: Reply) -> None:
    world.server.answers(reply)
    failed = await world.failure()
    assert (failed.type, failed.retryable) == (RESPONSE_TOO_LARGE, False)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(503, b"x" * (MAX_BODY_BYTES + 1), {"Retry-After": "3"}),
        Reply(503, b"x", {"Retry-After": "3", "Content-Encoding": "br"}),
        Reply(503, b"x", {"Retry-After": "3", "Content-Encoding": "gzip"}),
    ],
)
async def test_error_response_is_classified_by_status_whatever_its_body(world: World, reply: Reply) -> None:
    world.server.answers(reply)
    failed = await world.failure()
    assert (failed.type, failed.details.retry_after) == ("503", 3.0)


async def test_response_with_an_unknown_encoding_is_unreadable(world: World) -> None:
    world.server.answers(Reply(200, b"{}", {"Content-Encoding": "br"}))
    assert (await world.failure()).type == RESPONSE_UNREADABLE


async def test_compressed_response_is_read_although_not_requested(world: World) -> None:
    world.server.answers(Reply(200, gzip.compress(b'{"id": 1}'), {"Content-Encoding": "gzip"}))
    assert (await world.call()).output == {"id": 1}


async def test_output_that_is_too_large_is_refused_with_advice(world: World) -> None:
    world.server.answers(Reply(200, {"id": "R-1", "log": "x" * MAX_OUTPUT_BYTES}))
    failed = await world.failure()
    assert (failed.type, failed.retryable) == (RESPONSE_TOO_LARGE, False)
    assert "`output`" in failed.message
    assert (await world.call(output={"id": "${response.body.id}"})).output == {"id": "R-1"}


@pytest.mark.parametrize(
    "body",
    [b"<html>", b"{", b'{"a": NaN}', b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), b"[" * 100_000, b"9" * 5_000],
    ids=["html", "cut", "no number", "deep", "bottomless", "endless number"],
)
async def test_unreadable_response_is_retried(world: World, body: bytes) -> None:
    world.server.answers(Reply(200, body))
    failed = await world.failure()
    assert (failed.type, failed.retryable) == (RESPONSE_UNREADABLE, True)
    assert not failed.details.outcome_known


async def test_lone_surrogate_in_a_response_is_replaced(world: World) -> None:
    world.server.answers(Reply(200, b'{"name": "\\ud83d"}'))
    assert (await world.call()).output == {"name": "\ufffd"}


async def test_response_with_many_brackets_but_little_depth_is_read(world: World) -> None:
    world.server.answers(Reply(200, [{"text": "[[{"}] * 200))
    assert len((await world.call()).output) == 200


async def called_off(world: World, reply: Reply, why: ActivityCancellationDetails) -> asyncio.Task[SystemCallResult]:
    """A call that is cancelled while it waits for its response."""
    beat = asyncio.Event()
    world.activity.on_heartbeat = lambda _: beat.set()
    world.server.answers(reply)
    world.is_attempt(1, heartbeat_timeout=timedelta(seconds=0.3))
    calling = asyncio.create_task(world.call())
    await asyncio.wait_for(beat.wait(), 10)
    world.activity.cancel(why)
    return calling


async def test_long_call_sends_heartbeats_and_ends_with_its_worker(world: World) -> None:
    calling = await called_off(world, Reply(hangs=True), ActivityCancellationDetails(worker_shutdown=True))
    with pytest.raises(asyncio.CancelledError):
        await calling


async def test_cancelled_call_runs_to_completion_so_that_it_can_be_undone(world: World) -> None:
    answer = asyncio.Event()
    reply = Reply(200, {"id": "R-1"}, holds=answer)
    calling = await called_off(world, reply, ActivityCancellationDetails(cancel_requested=True))
    answer.set()
    assert (await calling).output == {"id": "R-1"}
