"""A worker's word to the switches of its systems: which systems there are, and which of them fail again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import structlog
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

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
from workflows.contract.switch_messages import MEMO_SYSTEM, SWITCH_WORKFLOW_TYPE, SystemSwitchView, switch_workflow_id

logger = structlog.get_logger("worker")

ANNOUNCE_RETRY_INTERVAL = 10.0
"""Seconds after which systems are announced again that could not be."""


HEAL_INTERVAL = 10.0
"""Seconds between two looks for switches that were ended with Temporal's own tools."""


class SwitchClient:
    def __init__(self, client: Client, task_queue: str) -> None:
        self._client = client
        self._task_queue = task_queue
        self._announced: dict[str, str] = {}
        self._announce_task: asyncio.Task[None] | None = None

    async def trip(self, system: ResolvedSystem, trip: SystemTrip) -> None:
        await self._signal(system.id, SWITCH_TRIP, trip)

    def schedule_announcement(self, snapshot: CatalogueSnapshot) -> None:
        """Sees to it that each system has its switch, and keeps it, and that those end which no system has any more."""
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
                await asyncio.gather(*(self.announce(name, shown) for name, shown in new.items()))
                await asyncio.gather(*(self._retire(name) for name in self._announced.keys() - wanted.keys()))
                await asyncio.sleep(HEAL_INTERVAL)
                self._forget(await self._ended_switches(wanted))
            except RPCError as error:
                logger.warning("systems cannot be announced yet", reason=error.message.splitlines()[0][:200])
                await asyncio.sleep(ANNOUNCE_RETRY_INTERVAL)

    async def announce(self, name: str, display_name: str) -> None:
        """Starts the switch of this system unless it runs."""
        await self._signal(name, SWITCH_ANNOUNCE, SystemAnnouncement(name=display_name))
        self._announced[name] = display_name

    async def _ended_switches(self, names: Iterable[str]) -> list[str]:
        """The systems whose switch does not run, although this worker has announced it."""
        query = f"WorkflowType = '{SWITCH_WORKFLOW_TYPE}' AND ExecutionStatus = 'Running'"
        running = {execution.id async for execution in self._client.list_workflows(query)}
        return [name for name in names if switch_workflow_id(name, self._task_queue) not in running]

    def _forget(self, names: Iterable[str]) -> None:
        """They are announced again."""
        for name in names:
            self._announced.pop(name, None)

    async def _retire(self, name: str) -> None:
        """Another worker may already have ended the switch."""
        await signal_if_running(self._client, switch_workflow_id(name, self._task_queue), SWITCH_RETIRE)
        self._announced.pop(name, None)

    async def _signal(self, system: str, signal: str, message: Any) -> None:
        workflow_id = switch_workflow_id(system, self._task_queue)
        await signal_with_start(
            self._client,
            SWITCH_WORKFLOW_TYPE,
            SystemSwitchInput(
                system=system,
                queue=system_task_queue(self._task_queue, system),
                carried=await self._state_of_ended(workflow_id),
            ),
            workflow_id=workflow_id,
            task_queue=self._task_queue,
            signal=signal,
            message=message,
            summary=f"Switch and circuit breaker of system {system}",
        )

    async def _state_of_ended(self, workflow_id: str) -> dict[str, Any] | None:
        """How a switch stood that was ended from outside; None where it runs, or there was none."""
        try:
            record = await self._client.get_workflow_handle(workflow_id).describe()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return None
        if record.status in (WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.COMPLETED):
            return None
        view = (await record.memo()).get(MEMO_SYSTEM)
        return SystemSwitchView.model_validate(view).restored_state() if view is not None else None
