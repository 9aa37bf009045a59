"""Requests that the gateway refuses by itself: without a token, too large, malformed."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.support.gateway.process import BEARER

ORDER = {"id": "HS-1", "lines": [{"id": "1", "product": "p"}]}


def error_of(response: httpx.Response) -> dict[str, Any]:
    shape = response.json()
    assert list(shape) == ["error"]
    error: dict[str, Any] = shape["error"]
    assert {"code", "message"} <= set(error) <= {"code", "message", "reason", "data", "alternatives", "findings"}
    assert error["message"]
    return error


PROTECTED = [
    ("POST", "/orders"),
    ("GET", "/orders"),
    ("GET", "/orders/HS-1"),
    ("GET", "/orders/HS-1/steps"),
    ("GET", "/orders/HS-1/why"),
    ("POST", "/orders/HS-1/events"),
    ("POST", "/orders/HS-1/steps/1/retry"),
    ("PATCH", "/orders/HS-1/characteristics"),
    ("POST", "/events"),
    ("GET", "/fallout"),
    ("GET", "/tasks"),
    ("GET", "/no/such/path"),
]


WRONG = [
    b"Bearer wrong",
    b"Bearer",
    b"x",
    b"Basic " + BEARER["Authorization"].split()[1].encode(),
    b"bearer t\xf6k\xe9n",
]


@pytest.mark.parametrize(("method", "path"), PROTECTED)
async def test_requests_without_the_token_are_refused(cut_off: httpx.AsyncClient, method: str, path: str) -> None:
    silent = cut_off.build_request(method, path)
    del silent.headers["authorization"]
    wrong = [cut_off.build_request(method, path, headers=[(b"authorization", value)]) for value in WRONG]
    for request in (silent, *wrong):
        response = await cut_off.send(request)
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == "Bearer"
        assert error_of(response)["code"] == "unauthorized"


async def test_token_scheme_is_case_insensitive(cut_off: httpx.AsyncClient) -> None:
    token = BEARER["Authorization"].split()[1]
    response = await cut_off.get("/nothing", headers={"Authorization": f"bearer  {token}"})
    assert response.status_code == 404


async def test_health_schema_docs_and_callbacks_need_no_token(cut_off: httpx.AsyncClient) -> None:
    async with httpx.AsyncClient(base_url=cut_off.base_url, trust_env=False) as stranger:
        assert (await stranger.get("/health")).json() == {"status": "ok"}
        assert (await stranger.get("/openapi.json")).status_code == 200
        assert (await stranger.get("/docs")).status_code == 200
        assert (await stranger.post("/callbacks/forged")).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/orders", ORDER),
        ("GET", "/orders", None),
        ("GET", "/orders/HS-1", None),
        ("GET", "/orders/HS-1/steps", None),
        ("GET", "/orders/HS-1/why", None),
        ("POST", "/orders/HS-1/events", {"name": "delivered"}),
        ("POST", "/events", {"name": "delivered", "key": "T-1"}),
        ("POST", "/orders/HS-1/steps/1/complete", {"by": "ann"}),
        ("PATCH", "/orders/HS-1/characteristics", {"by": "ann", "characteristics": {"paid": True}}),
        ("GET", "/fallout", None),
        ("GET", "/tasks", None),
        ("GET", "/ready", None),
    ],
)
async def test_without_temporal_every_request_gets_503_with_retry_after(
    cut_off: httpx.AsyncClient, method: str, path: str, body: object
) -> None:
    response = await cut_off.request(method, path, json=body)
    assert response.status_code == 503
    assert response.headers["retry-after"]
    error = error_of(response)
    assert error["code"] == "server_unreachable"
    assert "Connection refused" in error["message"]


NOT_JSON = [
    b"{",
    b"",
    b"\xff\xfe",
    b"[" * 10_000 + b"]" * 10_000,
    b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    b'{"name": NaN}',
    b'{"name": Infinity}',
    b'{"name": "a", "payload": 1e999}',
    b'{"name": "\\ud800"}',
    b'{"name": "a", "name": "b"}',
    b'{"name": "a"} {"name": "b"}',
    b"name: a",
    b"1" * 5000,
]


@pytest.mark.parametrize("path", ["/orders", "/events", "/orders/HS-1/events", "/orders/HS-1/steps/1/retry"])
@pytest.mark.parametrize("body", NOT_JSON, ids=range(len(NOT_JSON)))
async def test_malformed_json_gets_an_error_response(cut_off: httpx.AsyncClient, path: str, body: bytes) -> None:
    response = await cut_off.post(path, content=body, headers={"Content-Type": "application/json"})
    assert response.status_code in (400, 422)
    assert error_of(response)["code"] in ("malformed", "invalid")


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"7", b"null"])
async def test_order_is_one_object(cut_off: httpx.AsyncClient, body: bytes) -> None:
    response = await cut_off.post("/orders", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 400
    assert "one JSON object" in error_of(response)["message"]


async def test_invalid_yaml_is_rejected_with_line_numbers(cut_off: httpx.AsyncClient) -> None:
    response = await cut_off.post("/orders", content=b"id: A\nid: B\n", headers={"Content-Type": "application/yaml"})
    assert response.status_code == 422
    (finding,) = error_of(response)["findings"]
    assert finding["line"] == 2


async def test_two_orders_in_one_request_are_refused(cut_off: httpx.AsyncClient) -> None:
    response = await cut_off.post("/orders", content=b"id: A\n---\nid: B\n", headers={"Content-Type": "text/yaml"})
    assert response.status_code == 400
    assert "one order" in error_of(response)["message"]


@pytest.mark.parametrize("path", ["/orders", "/events", "/orders/HS-1/events"])
async def test_other_media_types_are_refused(cut_off: httpx.AsyncClient, path: str) -> None:
    response = await cut_off.post(path, content=b"a=b", headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert response.status_code == 415
    assert "application/json" in error_of(response)["message"]


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        ("/events", {}, "name"),
        ("/events", {"name": ""}, "name"),
        ("/events", {"name": "a", "step": "1"}, "step"),
        ("/events", {"name": "a", "event_id": "x" * 201}, "event_id"),
        ("/events", {"name": ["a"]}, "name"),
        ("/orders/HS-1/events", {"name": "a", "kee": "T-1"}, "kee"),
        ("/orders/HS-1/steps/1/complete", {"by": "", "data": {}}, "by"),
        ("/orders/HS-1/steps/1/complete", {"by": "ann", "expected": "broken"}, "expected"),
        ("/orders/HS-1/steps/1/complete", {"by": "ann", "data": [1]}, "data"),
    ],
)
async def test_invalid_field_is_named(cut_off: httpx.AsyncClient, path: str, body: object, named: str) -> None:
    response = await cut_off.post(path, json=body)
    assert response.status_code == 422
    error = error_of(response)
    assert f"`{named}`" in error["message"]
    assert error["findings"][0]["message"]


@pytest.mark.parametrize(
    "query",
    [
        "state=broken",
        "limit=0",
        "limit=1001",
        "late=perhaps",
        "since=2026-12-01T08:00:00",
        "since=0001-01-01T00:00:00%2B23:00",
        "since=9999-12-31T23:59:59-23:00",
        "customer=%00",
    ],
)
async def test_invalid_list_filters_are_refused(cut_off: httpx.AsyncClient, query: str) -> None:
    assert (await cut_off.get(f"/orders?{query}")).status_code == 422


@pytest.mark.parametrize(
    "path", ["/orders/HS-1/steps/1/complete", "/orders/HS-1/cancel", "/systems/desk/off", "/bulk/retry"]
)
async def test_the_shared_token_does_not_say_who_acts(cut_off: httpx.AsyncClient, path: str) -> None:
    response = await cut_off.post(path, json={})
    assert response.status_code == 422
    assert error_of(response)["code"] == "invalid"
    assert "name them in `by`" in error_of(response)["message"]


async def chunks(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 65_536):
        yield b"x" * 65_536


@pytest.mark.parametrize(
    ("path", "size"), [("/events", 524_288), ("/callbacks/forged", 524_288), ("/orders", 4_194_304)]
)
async def test_body_over_the_limit_is_refused_whole_or_streamed(
    cut_off: httpx.AsyncClient, path: str, size: int
) -> None:
    whole = await cut_off.post(path, content=b"x" * size)
    streamed = await cut_off.post(path, content=chunks(size))
    for response in (whole, streamed):
        assert response.status_code == 413
        assert error_of(response)["code"] == "too_large"


async def test_huge_content_length_is_refused_without_reading_the_body(
    cut_off: httpx.AsyncClient,
) -> None:
    reader, writer = await asyncio.open_connection(cut_off.base_url.host, cut_off.base_url.port)
    head = "POST /events HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n"
    writer.write((head + f"Authorization: {BEARER['Authorization']}\r\n\r\n").encode())
    assert b"413" in await reader.readline()
    writer.close()


async def test_body_without_a_token_is_not_read(cut_off: httpx.AsyncClient) -> None:
    reader, writer = await asyncio.open_connection(cut_off.base_url.host, cut_off.base_url.port)
    writer.write(b"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
    assert b"401" in await reader.readline()
    writer.close()


@pytest.mark.parametrize(
    "path",
    [
        "/orders/HS-1%2Fevents",
        "/orders/..%2f..%2fhealth",
        "/orders/a%20b",
        "/orders/a%00b",
        "/orders/%ff",
        "/orders/" + "x" * 129,
        "/orders/x%0A",
    ],
)
async def test_invalid_order_id_in_the_path_is_refused(cut_off: httpx.AsyncClient, path: str) -> None:
    response = await cut_off.get(path)
    assert response.status_code in (404, 422)
    assert error_of(response)


async def test_encoded_slash_does_not_reach_another_path(cut_off: httpx.AsyncClient) -> None:
    """If it were decoded first, this would be an event for HS-1."""
    response = await cut_off.post("/orders/HS-1%2Fevents", json={"name": "delivered"})
    assert response.status_code == 404


async def test_unknown_paths_and_methods_get_an_error_response(cut_off: httpx.AsyncClient) -> None:
    assert error_of(await cut_off.get("/nothing"))["code"] == "not_found"
    response = await cut_off.delete("/orders")
    assert response.status_code == 405
    assert error_of(response)["code"] == "method_not_allowed"


async def test_bytes_that_are_not_http_get_400(cut_off: httpx.AsyncClient) -> None:
    def talk() -> bytes:
        with socket.create_connection((cut_off.base_url.host, cut_off.base_url.port or 80), timeout=20) as line:
            line.sendall(b"\x00\x01\x02 garbage\r\n\r\n")
            return line.recv(100)

    assert b"400" in await asyncio.to_thread(talk)
