"""Options of the stack: its ports, its data folder, its definitions."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from stack.errors import StackError

HOST = "127.0.0.1"
"""Services listen only on this address, so other machines cannot reach them."""
DATA_FOLDER = Path(".ordo")
DEMO_FOLDER = "demo"
"""In the data folder, what the demo keeps."""


@dataclass(frozen=True)
class Ports:
    temporal: int = 7233
    ui: int = 8233
    gateway: int = 8080
    sandbox: int = 8100
    console: int = 8070
    pretend: int | None = None
    """None: no system is pretended."""

    def described(self) -> Iterator[tuple[str, str, int]]:
        """(service, the option for another port, port)"""
        yield "Temporal", "--temporal-port", self.temporal
        yield "Temporal's Web UI", "--ui-port", self.ui
        yield "the gateway", "--gateway-port", self.gateway
        yield "the sandbox systems", "--sandbox-port", self.sandbox
        yield "the console", "--console-port", self.console
        if self.pretend is not None:
            yield "the pretend systems", "--pretend-port", self.pretend

    def check_free(self) -> None:
        """Raises StackError with every port that is taken and the option for another one."""
        taken = [(what, flag, port) for what, flag, port in self.described() if not is_port_free(port)]
        if taken:
            lines = [f"Port {port}, for {what}, is taken: choose another with {flag}." for what, flag, port in taken]
            raise StackError("\n".join([*lines, "Or stop the program that uses it; it may be another `up` or `demo`."]))

    def with_free_ports(self) -> Ports:
        """These ports, with free ones in place of those that are taken."""
        return Ports(*(port if is_port_free(port) else free_port() for _, _, port in self.described()))


@dataclass(frozen=True)
class PretendOptions:
    """Which systems are pretended, by the `example` of their definitions, and which receivers."""

    names: tuple[str, ...]
    """Ids, or `all`: every system that has an `example`, and every receiver."""
    time_scale: str | None = None
    """`1d=1m`: a day of their delays takes a minute. None: delays take as long as they say."""


@dataclass(frozen=True)
class StackOptions:
    definitions: Path = Path("definitions")
    data: Path = DATA_FOLDER
    """Folder for everything that the stack keeps: databases, secrets, logs."""
    ports: Ports = Ports()
    pretend: PretendOptions | None = None
    """None: no system is pretended. Otherwise `ports.pretend` is set."""
    fresh: bool = False
    """Deletes what earlier starts left in the folder."""

    def for_demo(self) -> StackOptions:
        """These options for a demo. It has its own data, which is new at each start. If a port is taken, it gets a free
        one."""
        return replace(self, data=self.data / DEMO_FOLDER, ports=self.ports.with_free_ports(), fresh=True)


def is_port_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port
