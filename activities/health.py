"""How a worker's calls to a system fare, counted in memory: only a breakdown is told, and only once in a while."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog

from activities.contract import SystemTrip
from activities.failure import Failure
from activities.reachable_system import ReachableSystem
from compiler.catalogue import Breaker

logger = structlog.get_logger("activities")

USUAL = Breaker()
PAUSE = 1.0
"""Seconds between two reports of one worker about one system."""

Report = Callable[[ReachableSystem, SystemTrip], Awaitable[None]]


class _Window:
    """Calls and failures of the time that runs, and of as long a time before it."""

    __slots__ = ("before", "began", "calls", "failures", "silent_until")

    def __init__(self) -> None:
        self.before = (0, 0)
        self.silent_until = 0.0
        self.reset(0.0)

    def reset(self, now: float) -> None:
        self.began, self.calls, self.failures = now, 0, 0

    def clear(self, now: float) -> None:
        self.reset(now)
        self.before = (0, 0)

    def turn(self, now: float, length: float) -> None:
        age = now - self.began
        if age >= length:
            self.before = (self.calls, self.failures) if age < 2 * length else (0, 0)
            self.reset(now)


class SystemHealth:
    def __init__(self, report: Report | None = None) -> None:
        """`report`: what a breakdown is told to; it has `system/<name>` open the breaker."""
        self._report = report
        self._windows: dict[str, _Window] = {}
        self._reporting: set[asyncio.Task[None]] = set()

    def answered(self, system: ReachableSystem) -> None:
        """The system is there, whether or not it did what was asked."""
        self._window(system).calls += 1

    def failed(self, system: ReachableSystem, failure: Failure) -> None:
        """A failure of the system itself (Failure.unwell)."""
        window = self._window(system)
        window.calls += 1
        window.failures += 1
        breaker = system.system.breaker
        if self._report is None or breaker is False:
            return
        wanted = breaker or USUAL
        calls, failures = window.calls + window.before[0], window.failures + window.before[1]
        now = time.monotonic()
        if failures < wanted.failures or 2 * failures < calls or now < window.silent_until:
            return
        window.clear(now)
        window.silent_until = now + PAUSE
        trip = SystemTrip(failures=failures, calls=calls, error=failure.message[:500])
        reporting = asyncio.create_task(self._told(self._report, system, trip))
        self._reporting.add(reporting)
        reporting.add_done_callback(self._reporting.discard)

    def _window(self, system: ReachableSystem) -> _Window:
        window = self._windows.get(system.id)
        if window is None:
            window = self._windows[system.id] = _Window()
        breaker = system.system.breaker
        window.turn(time.monotonic(), (breaker or USUAL).within.total_seconds())
        return window

    async def _told(self, report: Report, system: ReachableSystem, trip: SystemTrip) -> None:
        logger.warning("a system fails again and again", system=system.id, **trip.model_dump())
        try:
            await report(system, trip)
        except Exception as error:  # the next failures report again
            logger.warning("its switch could not be told", system=system.id, reason=str(error)[:200])
