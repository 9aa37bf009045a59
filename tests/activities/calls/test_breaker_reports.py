"""What counts as a breakdown of a system, when it is reported, and what a probe finds."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from activities.calls.breaker_reports import REPORT_INTERVAL, SystemHealth
from activities.calls.call_system import SystemCalls
from activities.calls.system_probe import SystemProbes
from activities.systems.connections import ConnectionPools
from activities.systems.oauth_tokens import TokenCache
from activities.systems.resolved_system import ResolvedSystem
from activity_contract.system_switch import ProbeResult, SystemProbe, SystemTrip
from tests.activities.conftest import World, call_of
from tests.support.servers.scripted_system import Reply


class Watched:
    """The world's system, and the reports of a worker that calls it."""

    def __init__(self, world: World, connections: ConnectionPools) -> None:
        self.world = world
        self.trips: list[tuple[str, SystemTrip]] = []
        self.told = asyncio.Event()
        self.health = SystemHealth(self._report)
        self.tokens = TokenCache()
        self.calls = SystemCalls(world, connections, self.tokens, self.health)
        self.probes = SystemProbes(world, connections, self.tokens)

    async def _report(self, system: ResolvedSystem, trip: SystemTrip) -> None:
        self.trips.append((system.id, trip))
        self.told.set()

    async def call(self, times: int = 1, **wanted: Any) -> None:
        for _ in range(times):
            with suppress(ApplicationError):
                await self.world.activity.run(self.calls.call_system, call_of(**wanted))
        await asyncio.sleep(0)

    async def probe(self) -> ProbeResult:
        answer: ProbeResult = await self.world.activity.run(self.probes.probe_system, SystemProbe(system="inventory"))
        return answer


@pytest.fixture
async def watched(world: World) -> AsyncIterator[Watched]:
    connections = ConnectionPools()
    yield Watched(world, connections)
    await connections.close()


DOWN = {
    "503": Reply(503),
    "503 with a code": Reply(503, {"code": "unavailable"}),
    "502": Reply(502, b"<html>"),
    "500 without a code": Reply(500),
    "lost": Reply(drops=True),
    "late": Reply(hangs=True),
}
UP = {
    "done": Reply(200, {}),
    "business": Reply(409, {"code": "out_of_stock"}),
    "business as a 500, as SOAP has it": Reply(500, {"code": "out_of_stock"}),
    "missing": Reply(404),
    "not ours": Reply(401),
    "too much": Reply(429),
    "not implemented": Reply(501),
    "unreadable": Reply(200, b"<html>"),
}


@pytest.mark.parametrize("met", DOWN)
async def test_three_failures_of_the_system_itself_are_reported_once(watched: Watched, met: str) -> None:
    watched.world.definition["error_code"] = "response.body.code"
    watched.world.server.answers(DOWN[met])
    await watched.call(2, timeout=0.1)
    assert watched.trips == []
    await watched.call(4, timeout=0.1)
    ((system, trip),) = watched.trips
    assert (system, trip.failures, trip.calls) == ("inventory", 3, 3)
    assert "Inventory Management, POST /reservations" in trip.error


@pytest.mark.parametrize("met", UP)
async def test_responses_below_500_and_business_errors_do_not_count_as_failures(watched: Watched, met: str) -> None:
    watched.world.definition["error_code"] = "response.body.code"
    watched.world.server.answers(UP[met])
    await watched.call(8)
    assert watched.trips == []


async def test_unreachable_system_is_reported(watched: Watched) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        watched.world.definition["base_url"] = f"http://127.0.0.1:{closed.getsockname()[1]}"
    await watched.call(3)
    assert len(watched.trips) == 1


async def test_a_call_that_was_not_sent_does_not_count(watched: Watched) -> None:
    watched.world.server.answers(Reply(503))
    await watched.call(2)
    await watched.call(10, path="/../elsewhere")
    await watched.call(1)
    assert len(watched.trips) == 1


async def test_a_minority_of_failures_is_not_reported(watched: Watched) -> None:
    watched.world.server.answers(*[Reply(200, {}), Reply(503), Reply(200, {})] * 6)
    await watched.call(18)
    assert watched.trips == []


async def test_breakdown_of_a_busy_system_shows_in_its_latest_calls(watched: Watched) -> None:
    await watched.call(200)
    watched.world.server.answers(Reply(503))
    await watched.call(9)
    assert watched.trips == []
    await watched.call(1)
    ((_, trip),) = watched.trips
    assert (trip.failures, trip.calls) == (10, 20)


async def test_breaker_policy_can_raise_the_threshold_or_disable_the_breaker(watched: Watched) -> None:
    watched.world.server.answers(Reply(503))
    watched.world.definition["breaker"] = {"failures": 6}
    await watched.call(5)
    assert watched.trips == []
    watched.world.definition["breaker"] = False
    await watched.call(5)
    assert watched.trips == []
    watched.world.definition["breaker"] = {"failures": 6}
    await watched.call(1)
    assert len(watched.trips) == 1


async def test_old_failures_do_not_count(watched: Watched) -> None:
    watched.world.server.answers(Reply(503))
    watched.world.definition["breaker"] = {"failures": 3, "within": "30ms"}
    await watched.call(2)
    await asyncio.sleep(0.07)
    await watched.call(1)
    assert watched.trips == []


async def test_lasting_breakdown_is_reported_repeatedly_with_a_pause(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("activities.calls.breaker_reports.REPORT_INTERVAL", REPORT_INTERVAL / 20)
    watched.world.server.answers(Reply(503))
    await watched.call(6)
    told = len(watched.trips)
    await asyncio.sleep(REPORT_INTERVAL / 20)
    await watched.call(3)
    assert len(watched.trips) == told + 1


@pytest.mark.parametrize(
    ("reply", "alive", "said"),
    [
        (Reply(200, {}), True, "answered 200"),
        (Reply(404), True, "answered 404"),
        (Reply(401), True, "answered 401"),
        (Reply(302, headers={"Location": "http://elsewhere.example/"}), True, "redirect"),
        (Reply(200, b"x" * 5_000_000), True, "KiB"),
        (Reply(503), False, "answered 503"),
        (Reply(500), False, "answered 500"),
        (Reply(drops=True), False, "lost"),
    ],
)
async def test_any_response_but_5xx_means_alive(watched: Watched, reply: Reply, alive: bool, said: str) -> None:
    watched.world.server.answers(reply)
    answer = await watched.probe()
    assert answer.alive == alive
    assert said in answer.said


async def test_probe_uses_the_defined_path_with_auth_and_headers(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("T", "secret-token")
    watched.world.environment = {"T": "secret-token"}
    watched.world.definition |= {"auth": {"bearer": {"env": "T"}}, "headers": {"X-Tenant": "north"}}
    await watched.probe()
    watched.world.definition["probe"] = "/health/ready"
    await watched.probe()
    first, second = watched.world.server.received
    assert (first.method, first.target, second.target) == ("GET", "/", "/health/ready")
    assert (second.headers["authorization"], second.headers["x-tenant"]) == ("Bearer secret-token", "north")
    assert "idempotency-key" not in second.headers


async def test_system_that_this_worker_cannot_call_is_not_alive(watched: Watched) -> None:
    watched.world.definition["auth"] = {"bearer": {"file": "/nowhere"}}
    assert not (await watched.probe()).alive
    watched.world.definition = {"id": "other", "base_url": "http://x"}
    assert not (await watched.probe()).alive
