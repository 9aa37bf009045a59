"""The server's clocks of the workflows that a scenario involves beside the order: its outbox, mailboxes and switches.

Each workflow has a clock of its own. It is moved to the scenario's time before the workflow gets a message, and to the
time at which the workflow itself is going to do something.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from temporalio.client import Client
from temporalio.testing import TimeSkipper

from scenarios.server_run.server_clock import ServerClock


class WorkflowClocks:
    def __init__(
        self,
        client: Client,
        order_workflow_id: str,
        touched: set[str],
        now: Callable[[], float],
        waits: Callable[[str], bool],
    ) -> None:
        """`touched`: gets the ids of workflows that may be at work. `now`: the scenario's time, in seconds since 1970.
        `waits`: whether the workflow may wait for a time. If it does not, only how long it waits from now on matters,
        so its clock may be behind."""
        self._client = client
        self._skipper = TimeSkipper(client)
        self._order_workflow_id = order_workflow_id
        self._touched = touched
        self._now = now
        self._waits = waits
        self._clocks: dict[str, ServerClock] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    def started(self, workflow_id: str) -> None:
        """The workflow runs. If it is new, its clock shows the scenario's time."""
        if workflow_id != self._order_workflow_id and workflow_id not in self._clocks:
            handle = self._client.get_workflow_handle(workflow_id)
            self._clocks[workflow_id] = ServerClock(handle, self._skipper, self._now())
            self._locks[workflow_id] = asyncio.Lock()

    async def bring_to_now(self, workflow_id: str) -> None:
        """To the scenario's time. What the workflow had to do until then, it does on the way."""
        if (clock := self._clocks.get(workflow_id)) is None:
            return
        if not self._waits(workflow_id):
            clock.set(self._now())
            return
        async with self._locks[workflow_id]:
            if not await clock.come_close_to(self._now()):
                self._clocks.pop(workflow_id, None)

    async def pass_to(self, workflow_id: str, moment: float) -> None:
        """Until what the workflow does at this moment has begun."""
        if (clock := self._clocks.get(workflow_id)) is not None:
            async with self._locks[workflow_id]:
                await clock.pass_to(moment)
            self._touched.add(workflow_id)
