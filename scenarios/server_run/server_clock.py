"""The server's clock of a workflow, which skips the time in which the workflow only waits."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from math import inf
from typing import Any

from temporalio.client import WorkflowHandle
from temporalio.service import RPCError
from temporalio.testing import TimeSkipper

LEEWAY = 0.05
"""Seconds that the server's clock stays behind what comes next from outside."""
AHEAD = 0.001
"""Seconds that it goes beyond what it does itself."""
MAX_PUSH = 86_400.0
MAX_REAL_SECONDS = 3.0
"""Real seconds after which the server is asked anew. If a timer and an attempt are due at nearly the same moment, the
server (1.32) sometimes skips time in short steps that take long to reach the timer."""


class ServerClock:
    """Times are the scenario's, in seconds since 1970."""

    def __init__(self, workflow: WorkflowHandle[Any, Any], skipper: TimeSkipper, now: float) -> None:
        self._workflow = workflow
        self._skipper = skipper
        self.set(now)
        self._last_due, self._push = inf, AHEAD

    def set(self, now: float) -> None:
        """What the server's clock shows now counts as this time."""
        self._server_at, self._real_at = now, time.monotonic()

    async def come_close_to(self, moment: float) -> bool:
        """To just before it: what is due at the same time on the server must not come first. False if the workflow has
        ended."""
        passed = time.monotonic() - self._real_at
        duration = moment - self._server_at - passed - LEEWAY
        if duration <= 0:
            return True
        if not await self._fast_forward(duration):
            return False
        self.set(moment - LEEWAY)
        return True

    async def pass_to(self, moment: float) -> None:
        """Until the timer, or the pause between two attempts, is over that is due at this moment."""
        self._push = min(4 * self._push, MAX_PUSH) if moment == self._last_due else AHEAD
        self._last_due = moment
        await self._fast_forward(max(moment - self._server_at, 0.0) + self._push)
        self.set(max(moment, self._server_at))

    async def _fast_forward(self, seconds: float) -> bool:
        while True:
            try:
                async with asyncio.timeout(MAX_REAL_SECONDS):
                    return await self._skipper.fast_forward(self._workflow, timedelta(seconds=seconds))
            except TimeoutError:
                seconds = AHEAD
            except RPCError:  # it has ended meanwhile
                return False
