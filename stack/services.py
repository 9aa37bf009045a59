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
from stack.data_folder import DataFolder
from stack.options import HOST, StackOptions
from stack.running_stack import Addresses
from stack.supervisor import Service, current_run_log, with_project_path

SANDBOX_SYSTEMS = ("inventory", "logistics", "installation", "subscription", "warranty", "billing", "access", "network")
"""Of the sandbox: each has its address in `<NAME>_URL`."""
SERVICE_NAMES = ("temporal", "sandbox", "worker", "gateway")


@dataclass(frozen=True)
class StackSpec:
    """Everything that the services are made from."""

    options: StackOptions
    folder: DataFolder
    client: Client
    sandbox_delays: Mapping[str, float] = field(default_factory=dict)
    """Seconds by name, as the sandbox has them: `delivery`, `booking`, …"""

    @property
    def addresses(self) -> Addresses:
        return Addresses.from_ports(self.options.ports)


def shared_environment(spec: StackSpec) -> dict[str, str]:
    """Addresses and secrets of this stack."""
    systems = {f"{system.upper()}_URL": f"{spec.addresses.sandbox}/{system}" for system in SANDBOX_SYSTEMS}
    receivers = {"CUSTOMER_CARE_URL": f"{spec.addresses.sandbox}/_notifications"}
    connection = {"TEMPORAL_ADDRESS": spec.addresses.temporal, "TEMPORAL_NAMESPACE": temporal_server.NAMESPACE}
    return systems | receivers | connection | {"ORDO_GATEWAY_URL": spec.addresses.gateway} | spec.folder.load_secrets()


def build_services(spec: StackSpec) -> tuple[Service, ...]:
    """In the order in which they are started."""
    shared = shared_environment(spec)
    spec.folder.save_environment(shared)
    # No profile of the person's may lead to another Temporal; but a system may be pointed at the real one.
    person = {name: value for name, value in os.environ.items() if not name.startswith(("TEMPORAL_", "ORDO_"))}
    base = with_project_path(shared | person) | {"TEMPORAL_CONFIG_FILE": os.devnull, "PYTHONUNBUFFERED": "1"}
    return (_temporal(spec, base), _sandbox(spec, base), _worker(spec, base), _gateway(spec, base))


def _temporal(spec: StackSpec, base_environment: dict[str, str]) -> Service:
    command = temporal_server.server_command(spec.options.ports, spec.folder.path / "temporal.sqlite")
    environment = base_environment | {"TEMPORAL_VERSION_CHECK_DISABLED": "1"}  # it would ask its maker for news
    return Service(
        "temporal",
        "Temporal",
        command,
        environment,
        spec.folder.log_file("temporal"),
        lambda: temporal_server.is_ready(spec.client),
    )


def _sandbox(spec: StackSpec, base_environment: dict[str, str]) -> Service:
    command = (
        *(sys.executable, "-m", "sandbox", "--host", HOST, "--port", str(spec.options.ports.sandbox)),
        *("--data", str(spec.folder.path / "sandbox.sqlite")),
    )
    delays = {f"SANDBOX_DELAY_{name.upper()}": str(seconds) for name, seconds in spec.sandbox_delays.items()}
    return Service(
        "sandbox",
        "The sandbox",
        command,
        base_environment | delays,
        spec.folder.log_file("sandbox"),
        http_ready(spec.addresses.sandbox + "/health"),
    )


def _worker(spec: StackSpec, base_environment: dict[str, str]) -> Service:
    command = (
        *(sys.executable, "-m", "worker", "--address", spec.addresses.temporal),
        *("--namespace", temporal_server.NAMESPACE, "--definitions", str(spec.options.definitions)),
    )
    log = spec.folder.log_file("worker")
    return Service(
        "worker", "The worker", command, base_environment, log, log_contains("worker ready", log), grace=20.0
    )


def _gateway(spec: StackSpec, base_environment: dict[str, str]) -> Service:
    command = (
        *(sys.executable, "-m", "gateway", "--host", HOST, "--port", str(spec.options.ports.gateway)),
        *("--address", spec.addresses.temporal, "--namespace", temporal_server.NAMESPACE),
    )
    return Service(
        "gateway",
        "The gateway",
        command,
        base_environment,
        spec.folder.log_file("gateway"),
        http_ready(spec.addresses.gateway + "/ready"),
    )


def http_ready(url: str) -> Callable[[], Awaitable[bool]]:
    async def ready() -> bool:
        async with httpx.AsyncClient(timeout=2, trust_env=False) as client:
            try:
                return (await client.get(url)).is_success
            except httpx.HTTPError:
                return False

    return ready


def log_contains(text: str, log: Path) -> Callable[[], Awaitable[bool]]:
    async def ready() -> bool:
        return text in current_run_log(log)

    return ready
