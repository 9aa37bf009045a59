"""Calls to the sandbox, a real server: one effect, whatever fault happens."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from activities.calls.breaker_reports import SystemHealth
from activities.calls.call_system import SystemCalls
from activities.systems.connections import ConnectionPools
from activities.systems.resolved_system import ResolvedSystem
from activity_contract.calls import CONNECTION, RESPONSE_UNREADABLE, TIMEOUT
from activity_contract.system_switch import SystemTrip
from compiler.language.retry_policy import STANDARD_RETRY
from tests.activities.conftest import World
from tests.support.paths import ROOT
from tests.support.servers.scripted_system import ScriptedServer

SECRETS = {
    "INVENTORY_TOKEN": "t-inventory",
    "LOGISTICS_API_KEY": "k-logistics",
    "INSTALLATION_PASSWORD": "p-installation",
}


class Sandbox:
    def __init__(self, http: httpx.Client) -> None:
        self._http = http
        self.url = str(http.base_url).rstrip("/")

    def reset(self) -> None:
        self._http.post("/_reset").raise_for_status()

    def fault(self, **fault: Any) -> None:
        self._http.post("/_faults", json=fault).raise_for_status()

    def effects(self) -> list[str]:
        """The resources that were really created or changed."""
        return [done["resource"] for done in self._http.get("/_log").json()]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--port", "0"],
        cwd=ROOT, env=os.environ | SECRETS, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    address = process.stderr.readline().split()[-1]
    client = httpx.Client(base_url=address, timeout=20, transport=httpx.HTTPTransport(retries=20))
    client.get("/health").raise_for_status()
    yield Sandbox(client)
    client.close()
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stderr.close()


@pytest.fixture
async def inventory(sandbox: Sandbox, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    sandbox.reset()
    connections = ConnectionPools()
    world = World(server, connections)
    world.environment = SECRETS
    world.definition |= {
        "base_url": f"{sandbox.url}/inventory",
        "auth": {"bearer": {"env": "INVENTORY_TOKEN"}},
        "error_code": "response.body.error.code",
    }
    yield world
    await connections.close()


RESERVATION: dict[str, Any] = {"body": {"sku": "cam-indoor", "quantity": 2}, "retry": STANDARD_RETRY}


async def test_a_reservation_is_made(inventory: World, sandbox: Sandbox) -> None:
    answer = await inventory.call(**RESERVATION, output={"id": "${response.body.id}"})
    assert answer.status == 201
    assert sandbox.effects() == [answer.output["id"]]


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("drop", CONNECTION),
        ("drop_before", CONNECTION),
        ("garbage", RESPONSE_UNREADABLE),
        ("slow", TIMEOUT),
        ("status", "unavailable"),
    ],
)
async def test_next_attempt_after_any_fault_finds_one_effect(
    inventory: World, sandbox: Sandbox, kind: str, code: str
) -> None:
    sandbox.fault(
        kind=kind, system="inventory", seconds=1, status=503 if kind == "status" else None, code="unavailable"
    )
    failed = await inventory.failure(**RESERVATION, timeout=0.5 if kind == "slow" else 20)
    assert (failed.type, failed.retryable, failed.details.outcome_known) == (code, True, False)
    inventory.is_attempt(2)
    answer = await inventory.call(**RESERVATION)
    assert answer.attempts == 2
    assert sandbox.effects() == [answer.output["id"]]


async def test_business_refusal_has_the_systems_code_and_is_not_retried(inventory: World) -> None:
    failed = await inventory.failure(**RESERVATION | {"body": {"sku": "no-such", "quantity": 1}})
    assert (failed.type, failed.retryable, failed.details.outcome_known) == ("unknown_sku", False, True)


async def test_rate_limit_sets_the_pause(inventory: World, sandbox: Sandbox) -> None:
    sandbox.fault(kind="rate_limit", retry_after=9)
    failed = await inventory.failure(**RESERVATION)
    assert (failed.retryable, failed.details.retry_after) == (True, 9.0)


@pytest.mark.parametrize(
    ("system", "auth", "path"),
    [
        ("logistics", {"api_key": {"header": "X-Api-Key", "value": {"env": "LOGISTICS_API_KEY"}}}, "/shipments/none"),
        ("installation", {"basic": {"user": "ordo", "password": {"env": "INSTALLATION_PASSWORD"}}}, "/requests/none"),
    ],
)
async def test_sandbox_accepts_the_credentials_of_each_system(
    inventory: World, system: str, auth: dict[str, Any], path: str
) -> None:
    inventory.definition |= {"base_url": inventory.definition["base_url"].replace("inventory", system), "auth": auth}
    assert (await inventory.failure(method="get", path=path)).details.status == 404
    inventory.definition["auth"] = None
    refused = await inventory.failure(method="get", path=path)
    assert (refused.type, refused.details.status) == ("unauthorized", 401)


async def test_repeated_failures_trip_the_breaker_and_refusals_do_not(inventory: World, sandbox: Sandbox) -> None:
    told: list[SystemTrip] = []

    async def report(_: ResolvedSystem, trip: SystemTrip) -> None:
        told.append(trip)

    connections = ConnectionPools()
    inventory.calls = SystemCalls(inventory, connections, health=SystemHealth(report))
    sandbox.fault(kind="refuse", system="inventory", times=5)
    for _ in range(5):
        await inventory.failure(**RESERVATION)
    assert told == []
    sandbox.fault(kind="status", system="inventory", times=6)
    for _ in range(6):
        await inventory.failure(**RESERVATION)
    assert [(trip.failures, trip.calls, "503" in trip.error) for trip in told] == [(5, 10, True)]
    await connections.close()
