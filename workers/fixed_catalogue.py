"""Workers that run one catalogue only, which never changes, and whose Python activities are scripted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import replace
from itertools import count
from typing import Any

from temporalio.client import Client

from activities.compilation.live_catalogue import CatalogueSnapshot, LiveCatalogue
from activities.notifications.resolved_receiver import resolve_receivers
from activities.registry import BusinessFailure, run_step
from activities.systems.connections import ConnectionPools
from activities.systems.resolved_system import ResolvedSystem, resolve_system
from activity_contract.calls import StepActivity, StepActivityResult
from compiler.catalogue.catalogue import Catalogue
from compiler.language.systems import Receiver, System
from workers.fleet import Registrations
from workers.registrations import build_registrations
from workers.switches import SwitchClient

_sequence = count(1_000_000)
CLOSED_ADDRESS = "http://127.0.0.1:9"
"""Nothing listens there."""
UNREACHABLE: ContextVar[bool] = ContextVar("unreachable", default=False)
"""Whether the attempt that runs finds nobody at the system's address."""


class FixedCatalogue(LiveCatalogue):
    def __init__(
        self, catalogue: Catalogue, systems: Mapping[str, System], receivers: Mapping[str, Receiver] | None = None
    ) -> None:
        """`systems` and `receivers`: as they are called, with literal addresses. None: no receiver is reached."""
        resolved = {name: resolve_system(system, {}) for name, system in systems.items()}
        closed = {"base_url": CLOSED_ADDRESS}
        self._closed = {name: resolve_system(one.model_copy(update=closed), {}) for name, one in systems.items()}
        reached, problems = resolve_receivers(replace(catalogue, receivers=dict(receivers or {})), {})
        if problems:
            raise ValueError("; ".join(problems))
        self._current = CatalogueSnapshot(catalogue, resolved, next(_sequence), reached)
        self._refusal = None

    async def refresh(self) -> CatalogueSnapshot:
        return self._current

    def system(self, id_: str) -> ResolvedSystem | None:
        return (self._closed if UNREACHABLE.get() else self._current.systems).get(id_)


def fixed_registrations(client: Client, task_queue: str, catalogue: FixedCatalogue) -> Registrations:
    """What a worker runs with this catalogue."""
    switches = SwitchClient(client, task_queue)
    return build_registrations(client, task_queue, catalogue, ConnectionPools(), switches)


class ScriptedFailure(Exception):
    def __init__(self, code: str, message: str, *, retryable: bool = True) -> None:
        super().__init__(message)
        self.code = code
        self.retryable = retryable


async def run_scripted(step: StepActivity, answer: Callable[[], Any]) -> StepActivityResult:
    """An attempt of a Python activity in whose place `answer` gives the output, or raises ScriptedFailure."""

    async def function(_: StepActivity) -> Any:
        try:
            return answer()
        except ScriptedFailure as failure:
            raise BusinessFailure(failure.code, str(failure), retryable=failure.retryable) from None

    return await run_step(function, step)
