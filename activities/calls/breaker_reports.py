"""How a worker's calls to a system fare, counted in memory: only a breakdown is told, and only once in a while."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable

import structlog

from activities.attempts.failure import AttemptFailure
from activities.systems.resolved_system import ResolvedSystem
from activity_contract.system_switch import SystemTrip
from compiler.language.systems import BreakerPolicy

logger = structlog.get_logger("activities")

DEFAULT_BREAKER = BreakerPolicy()
WINDOW_CALLS = 20
"""Of so many calls at most, half must have failed: a busy system's breakdown shows as quickly as an idle one's."""
REPORT_INTERVAL = 1.0
"""Seconds between two reports of one worker about one system."""

ReportTrip = Callable[[ResolvedSystem, SystemTrip], Awaitable[None]]


class _CallWindow:
    """The last calls of a system, the latest last: when each ended, and whether the system itself failed."""

    __slots__ = ("calls", "muted_until")

    def __init__(self, length: int) -> None:
        self.calls: deque[tuple[float, bool]] = deque(maxlen=length)
        self.muted_until = 0.0


class SystemHealth:
    def __init__(self, report: ReportTrip | None = None) -> None:
        """`report`: what a breakdown is told to; it has `system/<name>` open the breaker."""
        self._report = report
        self._windows: dict[str, _CallWindow] = {}
        self._report_tasks: set[asyncio.Task[None]] = set()

    def record_success(self, system: ResolvedSystem) -> None:
        """The system is there, whether or not it did what was asked."""
        self._window(system).calls.append((time.monotonic(), False))

    def record_failure(self, system: ResolvedSystem, failure: AttemptFailure) -> None:
        """A failure of the system itself (Failure.unwell)."""
        breaker = system.system.breaker
        if self._report is None or breaker is False:
            return
        wanted = breaker or DEFAULT_BREAKER
        recent, now = self._window(system), time.monotonic()
        recent.calls.append((now, True))
        since = now - wanted.within.total_seconds()
        lately = [failed for at, failed in recent.calls if at >= since]
        failures = sum(lately)
        if failures < wanted.failures or 2 * failures < len(lately) or now < recent.muted_until:
            return
        recent.calls.clear()
        recent.muted_until = now + REPORT_INTERVAL
        trip = SystemTrip(failures=failures, calls=len(lately), error=failure.message[:500])
        reporting = asyncio.create_task(self._send_report(self._report, system, trip))
        self._report_tasks.add(reporting)
        reporting.add_done_callback(self._report_tasks.discard)

    def _window(self, system: ResolvedSystem) -> _CallWindow:
        length = max(WINDOW_CALLS, 2 * (system.system.breaker or DEFAULT_BREAKER).failures)
        recent = self._windows.get(system.id)
        if recent is None or recent.calls.maxlen != length:
            recent = self._windows[system.id] = _CallWindow(length)
        return recent

    async def _send_report(self, report: ReportTrip, system: ResolvedSystem, trip: SystemTrip) -> None:
        logger.warning("a system fails again and again", system=system.id, **trip.model_dump())
        try:
            await report(system, trip)
        except Exception as error:  # the next failures report again
            logger.warning("its switch could not be told", system=system.id, reason=str(error)[:200])
