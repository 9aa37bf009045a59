"""The services of the stack: the command, the environment and the readiness check of each."""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace

from temporalio.client import Client

from ledger.settings import LEDGER_URL
from operations.access.accounts_file import ACCOUNTS_FILE_VARIABLE
from stack import temporal_server
from stack.console_sign_in import own_accounts_file, prepare_accounts
from stack.data_folder import DataFolder
from stack.options import HOST, PretendOptions, StackOptions
from stack.readiness import http_ready, log_contains
from stack.running_stack import Addresses
from stack.supervisor import Service, with_project_path

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
    build = _ServiceBuilder(spec, _prepare_environment(spec))
    services = [build.temporal(), build.sandbox(), build.worker(), build.gateway(), build.console()]
    if spec.options.pretend is not None:
        services.append(build.pretend(spec.options.pretend))
    return {each.name: each for each in services}


def _prepare_environment(spec: StackSpec) -> dict[str, str]:
    """What every service gets. The folder then has the environment of this stack, and its accounts. Raises
    StackError."""
    shared = shared_environment(spec)
    spec.folder.save_environment(shared)
    if own_accounts_file() is None:
        prepare_accounts(spec.folder)
    # The person's Temporal profile must not lead to another server, but their environment may name a real system.
    person = {name: value for name, value in os.environ.items() if not _is_set_by_stack(name)}
    return with_project_path(shared | person) | {"TEMPORAL_CONFIG_FILE": os.devnull, "PYTHONUNBUFFERED": "1"}


def _is_set_by_stack(variable: str) -> bool:
    """Whether the stack alone decides its value."""
    return variable.startswith("TEMPORAL_") or variable.removesuffix("_FILE") in STACK_SETTINGS


@dataclass(frozen=True)
class _ServiceBuilder:
    """Makes each service of a stack. They share its environment, its folder and its Temporal."""

    spec: StackSpec
    environment: Mapping[str, str]
    """What every service gets."""

    def temporal(self) -> Service:
        return self._service(
            "temporal",
            "Temporal",
            temporal_server.server_command(self.spec.options.ports, self.spec.folder.database),
            lambda: temporal_server.is_ready(self.spec.client),
            TEMPORAL_VERSION_CHECK_DISABLED="1",  # without this, the server contacts its maker
        )

    def sandbox(self) -> Service:
        data = ("--data", str(self.spec.folder.path / "sandbox.sqlite"))
        delays = {f"SANDBOX_DELAY_{name.upper()}": str(seconds) for name, seconds in self.spec.sandbox_delays.items()}
        return self._service(
            "sandbox",
            "The sandbox",
            _module("sandbox", *_listen(self.spec.options.ports.sandbox), *data),
            http_ready(self.spec.addresses.sandbox + "/health"),
            **delays,
        )

    def worker(self) -> Service:
        definitions = ("--definitions", str(self.spec.options.definitions))
        service = self._service(
            "worker",
            "The worker",
            _module("worker", *self._client_options(), *definitions, *self._pretended_systems()),
            log_contains("worker ready", self.spec.folder.log_file("worker")),
        )
        return replace(service, advise=_advise_on_variables)

    def gateway(self) -> Service:
        return self._service(
            "gateway",
            "The gateway",
            _module("gateway", *_listen(self.spec.options.ports.gateway), *self._client_options()),
            http_ready(self.spec.addresses.gateway + "/ready"),
        )

    def console(self) -> Service:
        return self._service(
            "console",
            "The console",
            _module("console", *_listen(self.spec.options.ports.console), *self._client_options()),
            http_ready(self.spec.addresses.console + "/ready"),
            ORDO_CONSOLE_SESSIONS=str(self.spec.folder.console_sessions),
            ORDO_CONSOLE_IDLE_MINUTES=str(CONSOLE_IDLE_MINUTES),
            ORDO_TEMPORAL_UI_URL=self.spec.addresses.ui,
        )

    def pretend(self, pretend: PretendOptions) -> Service:
        port = self.spec.options.ports.pretend
        assert port is not None
        definitions = ("--definitions", str(self.spec.options.definitions))
        systems = (word for name in pretend.names for word in ("--system", name))
        data = ("--data", str(self.spec.folder.pretend_data))
        time_scale = ("--time-scale", pretend.time_scale) if pretend.time_scale is not None else ()
        return self._service(
            "pretend",
            "The server of the pretend systems",
            _module("scenarios.pretend", *_listen(port), *definitions, *systems, *data, *time_scale),
            http_ready(f"{self.spec.addresses.pretend}/_health"),
        )

    def _service(
        self,
        name: str,
        title: str,
        command: tuple[str, ...],
        is_ready: Callable[[], Awaitable[bool]],
        **environment: str,
    ) -> Service:
        """`environment`: what only this service gets."""
        log = self.spec.folder.log_file(name)
        return Service(name, title, command, {**self.environment, **environment}, log, is_ready)

    def _client_options(self) -> tuple[str, ...]:
        """Where Temporal is."""
        return ("--address", self.spec.addresses.temporal, "--namespace", temporal_server.NAMESPACE)

    def _pretended_systems(self) -> tuple[str, ...]:
        """What tells the worker which systems are pretended, and where."""
        pretend, address = self.spec.options.pretend, self.spec.addresses.pretend
        if pretend is None or address is None:
            return ()
        return ("--pretend-address", address, *(word for name in pretend.names for word in ("--pretend", name)))


def _advise_on_variables(log: str) -> str:
    if "is not set" not in log:
        return ""
    return (
        "Set the variables in the environment of this command. Or let the system or receiver that needs them be "
        "pretended: --pretend and its id, or --pretend all; a system needs an `example` in its definition for that."
    )


def _module(name: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", name, *arguments)


def _listen(port: int) -> tuple[str, ...]:
    return ("--host", HOST, "--port", str(port))
