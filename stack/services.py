"""What the stack consists of: each part's command, its environment, and how one sees that it is ready."""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from temporalio.client import Client

from stack import temporal_server
from stack.data_folder import Folder
from stack.options import HOST, StackOptions
from stack.supervisor import Service, importing_us, since_start

SYSTEMS = ("inventory", "logistics", "installation", "subscription", "warranty", "billing", "access", "network")
"""Of the sandbox: each has its address in `<NAME>_URL`."""
NAMES = ("temporal", "sandbox", "worker", "gateway")


@dataclass(frozen=True)
class Addresses:
    temporal: str
    ui: str
    gateway: str
    sandbox: str

    @classmethod
    def of(cls, options: StackOptions) -> Addresses:
        ports = options.ports
        return cls(
            f"{HOST}:{ports.temporal}",
            f"http://{HOST}:{ports.ui}",
            f"http://{HOST}:{ports.gateway}",
            f"http://{HOST}:{ports.sandbox}",
        )


@dataclass(frozen=True)
class Blueprint:
    """Everything that the services are made from."""

    options: StackOptions
    folder: Folder
    client: Client
    sandbox_delays: Mapping[str, float] = field(default_factory=dict)
    """Seconds by name, as the sandbox has them: `delivery`, `booking`, …"""

    @property
    def addresses(self) -> Addresses:
        return Addresses.of(self.options)


def shared_environment(plan: Blueprint) -> dict[str, str]:
    """Addresses and secrets of this stack."""
    systems = {f"{system.upper()}_URL": f"{plan.addresses.sandbox}/{system}" for system in SYSTEMS}
    receivers = {"CUSTOMER_CARE_URL": f"{plan.addresses.sandbox}/_notifications"}
    connection = {"TEMPORAL_ADDRESS": plan.addresses.temporal, "TEMPORAL_NAMESPACE": temporal_server.NAMESPACE}
    return systems | receivers | connection | {"ORDO_GATEWAY_URL": plan.addresses.gateway} | plan.folder.secrets()


def services(plan: Blueprint) -> tuple[Service, ...]:
    """In the order in which they are started."""
    shared = shared_environment(plan)
    plan.folder.keep(shared)
    # No profile of the person's may lead to another Temporal; but a system may be pointed at the real one.
    person = {name: value for name, value in os.environ.items() if not name.startswith(("TEMPORAL_", "ORDO_"))}
    base = importing_us(shared | person) | {"TEMPORAL_CONFIG_FILE": os.devnull, "PYTHONUNBUFFERED": "1"}
    return (_temporal(plan, base), _sandbox(plan, base), _worker(plan, base), _gateway(plan, base))


def _temporal(plan: Blueprint, base: dict[str, str]) -> Service:
    command = temporal_server.command(plan.options.ports, plan.folder.path / "temporal.sqlite")
    environment = base | {"TEMPORAL_VERSION_CHECK_DISABLED": "1"}  # it would ask its maker for news
    return Service(
        "temporal",
        "Temporal",
        command,
        environment,
        plan.folder.log("temporal"),
        lambda: temporal_server.answers(plan.client),
    )


def _sandbox(plan: Blueprint, base: dict[str, str]) -> Service:
    command = (
        *(sys.executable, "-m", "sandbox", "--host", HOST, "--port", str(plan.options.ports.sandbox)),
        *("--data", str(plan.folder.path / "sandbox.sqlite")),
    )
    delays = {f"SANDBOX_DELAY_{name.upper()}": str(seconds) for name, seconds in plan.sandbox_delays.items()}
    return Service(
        "sandbox",
        "The sandbox",
        command,
        base | delays,
        plan.folder.log("sandbox"),
        healthy(plan.addresses.sandbox + "/health"),
    )


def _worker(plan: Blueprint, base: dict[str, str]) -> Service:
    command = (
        *(sys.executable, "-m", "worker", "--address", plan.addresses.temporal),
        *("--namespace", temporal_server.NAMESPACE, "--definitions", str(plan.options.definitions)),
    )
    log = plan.folder.log("worker")
    return Service("worker", "The worker", command, base, log, says("worker ready", log), grace=20.0)


def _gateway(plan: Blueprint, base: dict[str, str]) -> Service:
    command = (
        *(sys.executable, "-m", "gateway", "--host", HOST, "--port", str(plan.options.ports.gateway)),
        *("--address", plan.addresses.temporal, "--namespace", temporal_server.NAMESPACE),
    )
    return Service(
        "gateway", "The gateway", command, base, plan.folder.log("gateway"), healthy(plan.addresses.gateway + "/ready")
    )


def healthy(url: str) -> Callable[[], Awaitable[bool]]:
    async def ready() -> bool:
        async with httpx.AsyncClient(timeout=2, trust_env=False) as client:
            try:
                return (await client.get(url)).is_success
            except httpx.HTTPError:
                return False

    return ready


def says(words: str, log: Path) -> Callable[[], Awaitable[bool]]:
    async def ready() -> bool:
        return words in since_start(log)

    return ready
