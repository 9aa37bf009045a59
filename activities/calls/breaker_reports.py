"""How a worker's calls to a system fare, counted in memory: only a breakdown is told, and only once in a while."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable

import structlog

from activities.attempts.failure import Failure
from activities.systems.reachable_system import ReachableSystem
from activity_contract.system_switch import SystemTrip
from compiler.language.systems import Breaker

logger = structlog.get_logger("activities")

USUAL = Breaker()
LAST_CALLS = 20
"""Of so many calls at most, half must have failed: a busy system's breakdown shows as quickly as an idle one's."""
PAUSE = 1.0
"""Seconds between two reports of one worker about one system."""

Report = Callable[[ReachableSystem, SystemTrip], Awaitable[None]]


class _Recent:
    """The last calls of a system, the latest last: when each ended, and whether the system itself failed."""

    __slots__ = ("calls", "silent_until")

    def __init__(self, length: int) -> None:
        self.calls: deque[tuple[float, bool]] = deque(maxlen=length)
        self.silent_until = 0.0


class SystemHealth:
    def __init__(self, report: Report | None = None) -> None:
        """`report`: what a breakdown is told to; it has `system/<name>` open the breaker."""
        self._report = report
        self._recent: dict[str, _Recent] = {}
        self._reporting: set[asyncio.Task[None]] = set()

    def answered(self, system: ReachableSystem) -> None:
        """The system is there, whether or not it did what was asked."""
        self._of(system).calls.append((time.monotonic(), False))

    def failed(self, system: ReachableSystem, failure: Failure) -> None:
        """A failure of the system itself (Failure.unwell)."""
        breaker = system.system.breaker
        if self._report is None or breaker is False:
            return
        wanted = breaker or USUAL
        recent, now = self._of(system), time.monotonic()
        recent.calls.append((now, True))
        since = now - wanted.within.total_seconds()
        lately = [failed for at, failed in recent.calls if at >= since]
        failures = sum(lately)
        if failures < wanted.failures or 2 * failures < len(lately) or now < recent.silent_until:
            return
        recent.calls.clear()
        recent.silent_until = now + PAUSE
        trip = SystemTrip(failures=failures, calls=len(lately), error=failure.message[:500])
        reporting = asyncio.create_task(self._told(self._report, system, trip))
        self._reporting.add(reporting)
        reporting.add_done_callback(self._reporting.discard)

    def _of(self, system: ReachableSystem) -> _Recent:
        length = max(LAST_CALLS, 2 * (system.system.breaker or USUAL).failures)
        recent = self._recent.get(system.id)
        if recent is None or recent.calls.maxlen != length:
            recent = self._recent[system.id] = _Recent(length)
        return recent

    async def _told(self, report: Report, system: ReachableSystem, trip: SystemTrip) -> None:
        logger.warning("a system fails again and again", system=system.id, **trip.model_dump())
        try:
            await report(system, trip)
        except Exception as error:  # the next failures report again
            logger.warning("its switch could not be told", system=system.id, reason=str(error)[:200])
