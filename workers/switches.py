"""A worker's word to the switches of its systems: which systems there are, and which of them fail again and again."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode

from activities.compilation.live_catalogue import InForce
from activities.systems.reachable_system import ReachableSystem
from activity_contract.calls import system_task_queue
from activity_contract.system_switch import (
    SWITCH_ANNOUNCE,
    SWITCH_RETIRE,
    SWITCH_TRIP,
    SystemAnnounced,
    SystemSwitchInput,
    SystemTrip,
)
from workflows.contract.switch_messages import SYSTEM_SWITCH_TYPE, switch_id

logger = structlog.get_logger("worker")

AGAIN = 10.0
"""Seconds after which systems are announced again that could not be."""


class SystemSwitches:
    """Signals, not updates: durable at once, and nobody waits for them."""

    def __init__(self, client: Client, task_queue: str) -> None:
        self._client = client
        self._task_queue = task_queue
        self._announced: dict[str, str] = {}
        self._announcing: asyncio.Task[None] | None = None

    async def trip(self, system: ReachableSystem, trip: SystemTrip) -> None:
        await self._signal(system.id, SWITCH_TRIP, trip)

    def announce_soon(self, in_force: InForce) -> None:
        """Sees to it that each system has its switch, and that those end which no system has any more."""
        if self._announcing is not None:
            self._announcing.cancel()
        self._announcing = asyncio.create_task(self._announce(in_force))

    async def stop(self) -> None:
        if self._announcing is not None:
            self._announcing.cancel()
            await asyncio.wait([self._announcing])

    async def _announce(self, in_force: InForce) -> None:
        wanted = {name: reachable.name for name, reachable in in_force.systems.items()}
        while True:
            try:
                new = {name: shown for name, shown in wanted.items() if self._announced.get(name) != shown}
                await asyncio.gather(*(self._announced_one(name, shown) for name, shown in new.items()))
                await asyncio.gather(*(self._retire(name) for name in self._announced.keys() - wanted.keys()))
                return
            except RPCError as error:
                logger.warning("systems cannot be announced yet", reason=error.message.splitlines()[0][:200])
                await asyncio.sleep(AGAIN)

    async def _announced_one(self, name: str, shown: str) -> None:
        await self._signal(name, SWITCH_ANNOUNCE, SystemAnnounced(name=shown))
        self._announced[name] = shown

    async def _retire(self, name: str) -> None:
        try:
            await self._client.get_workflow_handle(switch_id(name, self._task_queue)).signal(SWITCH_RETIRE)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:  # another worker was first
                raise
        self._announced.pop(name, None)

    async def _signal(self, system: str, signal: str, message: Any) -> None:
        """Starts the switch where it is not there yet."""
        await self._client.start_workflow(
            SYSTEM_SWITCH_TYPE,
            SystemSwitchInput(system=system, queue=system_task_queue(self._task_queue, system)),
            id=switch_id(system, self._task_queue),
            task_queue=self._task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            static_summary=f"Switch and circuit breaker of system {system}",
            start_signal=signal,
            start_signal_args=[message],
        )
