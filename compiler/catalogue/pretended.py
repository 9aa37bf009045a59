"""Which systems and receivers are pretended, and how a worker reaches them: by address, without secrets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from compiler.catalogue.catalogue import Catalogue
from compiler.language.systems import Receiver, System

ALL = "all"
"""Every system that has an `example`, and every receiver."""
NOTIFICATIONS_PATH = "/_notifications"
"""Below it, pretended receivers accept their events: `/_notifications/<receiver>`."""


@dataclass(frozen=True, slots=True)
class Pretended:
    address: str
    """Where the pretend systems are served, without a `/` at the end."""
    names: Sequence[str] = (ALL,)
    """Ids of systems and receivers, or `all`."""

    def redirect(self, catalogue: Catalogue) -> Catalogue:
        """The catalogue with other addresses, and without authentication and variables, for what is pretended.

        A named system is redirected even while it has no `example`, so that an edit never sends a call to the real one.
        """
        systems = {name: self._redirect_system(name, system) for name, system in catalogue.systems.items()}
        receivers = {name: self._redirect_receiver(name, receiver) for name, receiver in catalogue.receivers.items()}
        return replace(catalogue, systems=systems, receivers=receivers)

    def _redirect_system(self, name: str, system: System) -> System:
        if name not in self.names and not (ALL in self.names and system.example):
            return system
        changes = {"base_url": f"{self.address}/{name}", "auth": None, "headers": _fixed(system.headers)}
        return system.model_copy(update=changes)

    def _redirect_receiver(self, name: str, receiver: Receiver) -> Receiver:
        if name not in self.names and ALL not in self.names:
            return receiver
        timeout = receiver.timeout
        changes = {
            "url": f"{self.address}{NOTIFICATIONS_PATH}/{name}",
            "auth": None,
            "secret": None,
            "headers": _fixed(receiver.headers),
            "timeout": None if isinstance(timeout, str) and "${" in timeout else timeout,
        }
        return receiver.model_copy(update=changes)


def _fixed(headers: Mapping[str, str]) -> dict[str, str]:
    """Without the headers that take their value from a variable."""
    return {name: value for name, value in headers.items() if "${" not in value}
