"""Pretend systems over real HTTP: answers, silence, broken connections, and what they send to the gateway."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
import yaml

from compiler.language.systems import System
from scenarios.pretend.app import create_app
from scenarios.pretend.clock import parse_time_scale
from scenarios.pretend.deliveries import Gateway
from scenarios.pretend.world import PretendWorld
from tests.support.servers.scripted_system import Reply, ScriptedServer

DAY_IN_A_SECOND = parse_time_scale("1d=1s")


@asynccontextmanager
async def serving(world: PretendWorld, example: str, gateway: str = "") -> AsyncIterator[httpx.AsyncClient]:
    system = System(id="grid", base_url="http://grid.example", example=yaml.safe_load(example))
    world.pretend({"grid": system})
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(create_app(world, Gateway(gateway, "secret")), log_level="critical", access_log=False)
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve(sockets=[listening]))
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=5) as client:
        yield client
    server.should_exit = True
    await running


async def until(condition: Any) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - real servers change it
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("headers", "content", "expected"),
    [
        ({"content-type": "application/json"}, '{"id": 7}', 7),
        ({"content-type": "application/x-www-form-urlencoded"}, "id=7", "7"),
        ({"content-type": "application/xml"}, "<id>7</id>", "7"),
    ],
)
async def test_body_is_read_by_its_content_type(headers: dict[str, str], content: str, expected: Any) -> None:
    async with serving(PretendWorld(), '{body: "${request.body}"}') as client:
        answered = await client.post("/grid/a", content=content, headers=headers)
    assert answered.json()["id"] == expected


async def test_text_that_is_not_what_it_says_stays_text() -> None:
    async with serving(PretendWorld(), '{body: {was: "${request.body}", q: "${request.query.a}"}}') as client:
        headers = {"content-type": "application/json"}
        answered = await client.post("/grid/a?a=1&a=2", content="{not json", headers=headers)
    assert answered.json() == {"was": "{not json", "q": ["1", "2"]}


@pytest.mark.parametrize(
    ("accept", "media_type", "text"),
    [
        ("application/json", "application/json", '{"order": {"id": 7}}'),
        ("*/*", "application/json", '{"order": {"id": 7}}'),
        ("application/xml, text/xml", "application/xml", "<order><id>7</id></order>"),
        ("text/plain", "text/plain; charset=utf-8", '{"order": {"id": 7}}'),
    ],
)
async def test_response_is_in_the_format_that_the_caller_accepts(accept: str, media_type: str, text: str) -> None:
    async with serving(PretendWorld(), "{body: {order: {id: 7}}}") as client:
        answered = await client.get("/grid/a", headers={"accept": accept})
    assert answered.headers["content-type"] == media_type
    assert answered.text.endswith(text)


async def test_path_reaches_the_example_as_it_was_sent() -> None:
    async with serving(PretendWorld(), '{get: "/a/{id}", body: "${path.id}"}') as client:
        assert (await client.get("/grid/a/x%2Fy")).json() == "x/y"
        assert (await client.get("/other/a")).status_code == 404


async def test_silence_lasts_until_the_caller_gives_up() -> None:
    async with serving(PretendWorld(), "{fails: {error: timeout}, body: {ok: true}}") as client:
        with pytest.raises(httpx.ReadTimeout):
            await client.post("/grid/a", headers={"idempotency-key": "k"}, timeout=0.2)
        assert (await client.post("/grid/a", headers={"idempotency-key": "k"})).json() == {"ok": True}


async def test_connection_ends_without_a_response() -> None:
    async with serving(PretendWorld(), "{error: connection}") as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.post("/grid/a")


async def test_delay_follows_the_time_scale() -> None:
    async with serving(PretendWorld(DAY_IN_A_SECOND), "{delay: 12h, body: 1}") as client:
        started = time.monotonic()
        assert (await client.post("/grid/a")).json() == 1
    assert 0.45 < time.monotonic() - started < 2


async def test_callback_and_event_reach_the_gateway_when_they_are_due() -> None:
    gateway = ScriptedServer()
    await gateway.start()
    example = """
    body: {id: "GC-${number}"}
    calls_back: {after: 12h, body: {state: connected}}
    sends: {event: connected, key: "GC-${number}", after: 6h, payload: {ok: true}}
    """
    async with serving(PretendWorld(DAY_IN_A_SECOND), example, gateway.url) as client:
        await client.post("/grid/a", json={"reply": f"{gateway.url}/callbacks/abc"})
        waiting = (await client.get("/_deliveries")).json()["waiting"]
        assert [one["kind"] for one in waiting] == ["event", "callback"]
        await until(lambda: len(gateway.received) == 2)
        sent = (await client.get("/_deliveries")).json()["sent"]
    event, callback = gateway.received
    assert (event.path, event.headers["authorization"]) == ("/events", "Bearer secret")
    assert event.json | {"event_id": "x"} == {
        "event_id": "x", "name": "connected", "key": "GC-1", "payload": {"ok": True},
    }  # fmt: skip
    assert (callback.path, callback.json) == ("/callbacks/abc", {"state": "connected"})
    assert "authorization" not in callback.headers
    assert [one["what"] for one in sent] == ["connected GC-1", ""]
    await gateway.close()


async def test_delivery_is_repeated_until_the_gateway_takes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scenarios.pretend.deliveries.RETRY_DELAY", 0.05)
    gateway = ScriptedServer()
    await gateway.start()
    gateway.answers(Reply(503), Reply(drops=True), Reply(200))
    async with serving(PretendWorld(), "{sends: {event: connected}}", gateway.url) as client:
        await client.post("/grid/a")
        await until(lambda: len(gateway.received) == 3)
        assert len({request.json["event_id"] for request in gateway.received}) == 1
    await gateway.close()


async def test_log_shows_calls_and_missing_examples() -> None:
    async with serving(PretendWorld(), "{post: /a, body: {id: 1}}") as client:
        for path in ("/grid/a", "/grid/b"):
            await client.post(path, json={"n": 1}, headers={"idempotency-key": f"O-1{path}"})
        calls = (await client.get("/_log?key_prefix=O-1/grid")).json()
        assert [(call["path"], call["status"], call["body"]) for call in calls] == [
            ("/a", 200, {"n": 1}),
            ("/b", 501, {"n": 1}),
        ]
        (problem,) = (await client.get("/_log?problems=true")).json()
        assert "`- {post: /b, status: 200, body: {}}`" in problem["problem"]


async def test_what_a_system_knows_survives_a_restart_at_another_speed(tmp_path: Path) -> None:
    file = tmp_path / "pretend.json"
    gateway = ScriptedServer()
    await gateway.start()
    example = '{body: {id: "GC-${number}"}, sends: {event: connected, after: 1d}}'
    async with serving(PretendWorld(1.0, file), example, gateway.url) as client:
        first = await client.post("/grid/a", headers={"idempotency-key": "k"})
    world = PretendWorld(DAY_IN_A_SECOND, file)
    async with serving(world, example, gateway.url) as client:
        again = await client.post("/grid/a", headers={"idempotency-key": "k"})
        assert (again.json(), again.headers["idempotency-replayed"]) == (first.json(), "true")
        (waiting,) = world.pending()
        assert timedelta(0) < waiting[1].due - world.clock.now() <= timedelta(days=1)
        await until(lambda: len(gateway.received) == 1)
    await gateway.close()


@pytest.mark.parametrize(
    ("text", "speed"), [("1d=1m", 1440.0), ("1h=1h", 1.0), ("1s=1m", 1 / 60), ("PT24H = 1m", 1440.0)]
)
def test_time_scale(text: str, speed: float) -> None:
    assert parse_time_scale(text) == speed


@pytest.mark.parametrize("text", ["1d", "1d=", "x=1m", "0s=1m", "1d=0s", "-1d=1m"])
def test_time_scale_that_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"time scale|duration|negative"):
        parse_time_scale(text)
