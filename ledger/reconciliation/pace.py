"""A limit to how often Temporal and orders are asked, so that their own work is not disturbed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic


class Pace:
    """At most `per_second` requests, evenly."""

    def __init__(self, per_second: float, clock: Callable[[], float] = monotonic) -> None:
        if per_second <= 0:
            raise ValueError("a pace is above 0 requests a second")
        self._interval = 1 / per_second
        self._clock = clock
        self._next_at = 0.0

    async def turn(self) -> None:
        """Returns when the caller may make its request."""
        now = self._clock()
        at = max(now, self._next_at)
        self._next_at = at + self._interval
        if at > now:
            await asyncio.sleep(at - now)
