"""The server's clock, which skips the time in which an order only waits."""

from __future__ import annotations

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


class ServerClock:
    """Times are the scenario's, in seconds since 1970."""

    def __init__(self, order: WorkflowHandle[Any, Any], skipper: TimeSkipper, now: float) -> None:
        self._order = order
        self._skipper = skipper
        self._server_at, self._real_at = now, time.monotonic()
        self._last_due, self._push = inf, AHEAD

    async def come_close_to(self, moment: float) -> None:
        """To just before it: what is due at the same time on the server must not come first."""
        passed = time.monotonic() - self._real_at
        duration = moment - self._server_at - passed - LEEWAY
        if duration > 0 and await self._fast_forward(duration):
            self._server_at, self._real_at = moment - LEEWAY, time.monotonic()

    async def pass_to(self, moment: float) -> None:
        """Until the timer, or the pause between two attempts, is over that is due at this moment."""
        self._push = min(4 * self._push, MAX_PUSH) if moment == self._last_due else AHEAD
        self._last_due = moment
        await self._fast_forward(max(moment - self._server_at, 0.0) + self._push)
        self._server_at, self._real_at = max(moment, self._server_at), time.monotonic()

    async def _fast_forward(self, seconds: float) -> bool:
        try:
            return await self._skipper.fast_forward(self._order, timedelta(seconds=seconds))
        except RPCError:  # the order has ended meanwhile
            return False
