"""A system as this worker reaches it: its definition with `${env.NAME}` filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from activities.systems.endpoint import Endpoint, check_environment, resolve_endpoint
from compiler.language.systems import System


@dataclass(frozen=True, slots=True)
class ResolvedSystem:
    system: System
    endpoint: Endpoint

    @property
    def id(self) -> str:
        return self.system.id

    @property
    def name(self) -> str:
        return self.system.name or self.system.id


class SystemLookup(Protocol):
    """Systems are looked up at each call, so an edited definition reaches running orders."""

    def system(self, id_: str) -> ResolvedSystem | None: ...


def resolve_system(system: System, environment: Mapping[str, str]) -> ResolvedSystem:
    """Raises Unresolvable with every reason why this environment cannot reach the system."""
    owner = f"system {system.id}"
    check_environment(owner, (system.base_url, *system.headers.values()), system.auth, environment)
    return ResolvedSystem(system, resolve_endpoint(owner, system.base_url, system.headers, system.auth, environment))
