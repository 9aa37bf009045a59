"""A worker's word to the switches of its systems: which systems there are, and which of them fail again and again."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from temporalio.client import Client
from temporalio.service import RPCError

from activities.compilation.live_catalogue import CatalogueSnapshot
from activities.systems.resolved_system import ResolvedSystem
from activities.temporal_signals import signal_if_running, signal_with_start
from activity_contract.calls import system_task_queue
from activity_contract.system_switch import (
    SWITCH_ANNOUNCE,
    SWITCH_RETIRE,
    SWITCH_TRIP,
    SystemAnnouncement,
    SystemSwitchInput,
    SystemTrip,
)
from workflows.contract.switch_messages import SWITCH_WORKFLOW_TYPE, switch_workflow_id

logger = structlog.get_logger("worker")

ANNOUNCE_RETRY_INTERVAL = 10.0
"""Seconds after which systems are announced again that could not be."""


class SwitchClient:
    def __init__(self, client: Client, task_queue: str) -> None:
        self._client = client
        self._task_queue = task_queue
        self._announced: dict[str, str] = {}
        self._announce_task: asyncio.Task[None] | None = None

    async def trip(self, system: ResolvedSystem, trip: SystemTrip) -> None:
        await self._signal(system.id, SWITCH_TRIP, trip)

    def schedule_announcement(self, snapshot: CatalogueSnapshot) -> None:
        """Sees to it that each system has its switch, and that those end which no system has any more."""
        if self._announce_task is not None:
            self._announce_task.cancel()
        self._announce_task = asyncio.create_task(self._announce(snapshot))

    async def stop(self) -> None:
        if self._announce_task is not None:
            self._announce_task.cancel()
            await asyncio.wait([self._announce_task])

    async def _announce(self, snapshot: CatalogueSnapshot) -> None:
        wanted = {name: reachable.name for name, reachable in snapshot.systems.items()}
        while True:
            try:
                new = {name: shown for name, shown in wanted.items() if self._announced.get(name) != shown}
                await asyncio.gather(*(self._announce_system(name, shown) for name, shown in new.items()))
                await asyncio.gather(*(self._retire(name) for name in self._announced.keys() - wanted.keys()))
                return
            except RPCError as error:
                logger.warning("systems cannot be announced yet", reason=error.message.splitlines()[0][:200])
                await asyncio.sleep(ANNOUNCE_RETRY_INTERVAL)

    async def _announce_system(self, name: str, display_name: str) -> None:
        await self._signal(name, SWITCH_ANNOUNCE, SystemAnnouncement(name=display_name))
        self._announced[name] = display_name

    async def _retire(self, name: str) -> None:
        """Another worker may already have ended the switch."""
        await signal_if_running(self._client, switch_workflow_id(name, self._task_queue), SWITCH_RETIRE)
        self._announced.pop(name, None)

    async def _signal(self, system: str, signal: str, message: Any) -> None:
        await signal_with_start(
            self._client,
            SWITCH_WORKFLOW_TYPE,
            SystemSwitchInput(system=system, queue=system_task_queue(self._task_queue, system)),
            workflow_id=switch_workflow_id(system, self._task_queue),
            task_queue=self._task_queue,
            signal=signal,
            message=message,
            summary=f"Switch and circuit breaker of system {system}",
        )
