"""The services of the stack: the command, the environment and the readiness check of each."""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
from temporalio.client import Client

from ledger.settings import LEDGER_URL
from operations.access.accounts_file import ACCOUNTS_FILE_VARIABLE
from stack import temporal_server
from stack.console_sign_in import own_accounts_file, prepare_accounts
from stack.data_folder import DataFolder
from stack.options import HOST, PretendOptions, StackOptions
from stack.running_stack import Addresses
from stack.supervisor import Service, current_run_log, with_project_path

SANDBOX_SYSTEMS = ("inventory", "logistics", "installation", "subscription", "warranty", "billing", "access", "network")
"""The systems of the sandbox. The variable `<NAME>_URL` holds the address of each."""
STACK_SETTINGS = frozenset(
    {"ORDO_GATEWAY_URL", "ORDO_GATEWAY_TOKEN", "ORDO_CALLBACK_SECRET", "ORDO_CONSOLE_URL", LEDGER_URL}
)
CONSOLE_IDLE_MINUTES = 720
"""On one machine, nobody else reaches the console."""
SERVICE_NAMES = ("temporal", "sandbox", "pretend", "worker", "gateway", "console")


@dataclass(frozen=True)
class StackSpec:
    options: StackOptions
    folder: DataFolder
    client: Client
    sandbox_delays: Mapping[str, float] = field(default_factory=dict)
    """Delays in seconds, by the sandbox's names for them: `delivery`, `booking`, …"""

    @property
    def addresses(self) -> Addresses:
        return Addresses.from_ports(self.options.ports)


def shared_environment(spec: StackSpec) -> dict[str, str]:
    """The addresses and secrets of this stack, as environment variables."""
    systems = {f"{system.upper()}_URL": f"{spec.addresses.sandbox}/{system}" for system in SANDBOX_SYSTEMS}
    receivers = {"CUSTOMER_CARE_URL": f"{spec.addresses.sandbox}/_notifications"}
    connection = {"TEMPORAL_ADDRESS": spec.addresses.temporal, "TEMPORAL_NAMESPACE": temporal_server.NAMESPACE}
    own = {
        "ORDO_GATEWAY_URL": spec.addresses.gateway,
        "ORDO_CONSOLE_URL": spec.addresses.console,
        ACCOUNTS_FILE_VARIABLE: str(own_accounts_file() or spec.folder.accounts),
        LEDGER_URL: spec.folder.ledger_url,
    }
    return systems | receivers | connection | own | spec.folder.load_secrets()


def build_services(spec: StackSpec) -> dict[str, Service]:
    """Temporal, the sandbox, the pretend systems if there are any, the worker, the gateway and the console. Raises
    StackError."""
    options, folder, addresses = spec.options, spec.folder, spec.addresses
    shared = shared_environment(spec)
    folder.save_environment(shared)
    if own_accounts_file() is None:
        prepare_accounts(folder)
    # The person's Temporal profile must not lead to another server, but their environment may name a real system.
    person = {name: value for name, value in os.environ.items() if not _is_set_by_stack(name)}
    base = with_project_path(shared | person) | {"TEMPORAL_CONFIG_FILE": os.devnull, "PYTHONUNBUFFERED": "1"}
    delays = {f"SANDBOX_DELAY_{name.upper()}": str(seconds) for name, seconds in spec.sandbox_delays.items()}
    worker_options = _worker_pretend_arguments(options.pretend, addresses)
    client_options = ("--address", addresses.temporal, "--namespace", temporal_server.NAMESPACE)

    def service(
        name: str, title: str, command: tuple[str, ...], is_ready: Callable[[], Awaitable[bool]], **environment: str
    ) -> Service:
        return Service(name, title, command, base | environment, folder.log_file(name), is_ready)

    def module(name: str, *arguments: str) -> tuple[str, ...]:
        return (sys.executable, "-m", name, *arguments)

    services = [
        service(
            "temporal",
            "Temporal",
            temporal_server.server_command(options.ports, folder.database),
            lambda: temporal_server.is_ready(spec.client),
            TEMPORAL_VERSION_CHECK_DISABLED="1",  # without this, the server contacts its maker
        ),
        service(
            "sandbox",
            "The sandbox",
            module("sandbox", *_listen(options.ports.sandbox), "--data", str(folder.path / "sandbox.sqlite")),
            http_ready(addresses.sandbox + "/health"),
            **delays,
        ),
        replace(
            service(
                "worker",
                "The worker",
                module("worker", *client_options, "--definitions", str(options.definitions), *worker_options),
                log_contains("worker ready", folder.log_file("worker")),
            ),
            advise=_advise_on_variables,
        ),
        service(
            "gateway",
            "The gateway",
            module("gateway", *_listen(options.ports.gateway), *client_options),
            http_ready(addresses.gateway + "/ready"),
        ),
        service(
            "console",
            "The console",
            module("console", *_listen(options.ports.console), *client_options),
            http_ready(addresses.console + "/ready"),
            ORDO_CONSOLE_SESSIONS=str(folder.console_sessions),
            ORDO_CONSOLE_IDLE_MINUTES=str(CONSOLE_IDLE_MINUTES),
            ORDO_TEMPORAL_UI_URL=addresses.ui,
        ),
    ]
    if options.pretend is not None:
        command = module("scenarios.pretend", *_pretend_arguments(options, options.pretend, folder))
        services.append(
            service("pretend", "The server of the pretend systems", command, http_ready(f"{addresses.pretend}/_health"))
        )
    return {each.name: each for each in services}


def _advise_on_variables(log: str) -> str:
    if "is not set" not in log:
        return ""
    return (
        "Set the variables in the environment of this command. Or let the system or receiver that needs them be "
        "pretended: --pretend and its id, or --pretend all; a system needs an `example` in its definition for that."
    )


def _worker_pretend_arguments(pretend: PretendOptions | None, addresses: Addresses) -> tuple[str, ...]:
    if pretend is None or addresses.pretend is None:
        return ()
    return ("--pretend-address", addresses.pretend, *(word for name in pretend.names for word in ("--pretend", name)))


def _pretend_arguments(options: StackOptions, pretend: PretendOptions, folder: DataFolder) -> Iterator[str]:
    assert options.ports.pretend is not None
    yield from (*_listen(options.ports.pretend), "--definitions", str(options.definitions))
    yield from (word for name in pretend.names for word in ("--system", name))
    yield from ("--data", str(folder.pretend_data))
    if pretend.time_scale is not None:
        yield from ("--time-scale", pretend.time_scale)


def _is_set_by_stack(variable: str) -> bool:
    """Whether the stack alone decides its value."""
    return variable.startswith("TEMPORAL_") or variable.removesuffix("_FILE") in STACK_SETTINGS


def _listen(port: int) -> tuple[str, ...]:
    return ("--host", HOST, "--port", str(port))


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
