"""Counts the outcomes of a worker's calls in memory, and reports a system that breaks down to its circuit breaker."""

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
"""At most this many recent calls count, so a busy system's breakdown shows as quickly as an idle one's."""
REPORT_INTERVAL = 1.0
"""Seconds between two reports of this worker about one system."""

ReportTrip = Callable[[ResolvedSystem, SystemTrip], Awaitable[None]]


class _CallWindow:
    """The latest calls of a system, oldest first: when each ended, and whether the system itself failed."""

    __slots__ = ("calls", "muted_until")

    def __init__(self, length: int) -> None:
        self.calls: deque[tuple[float, bool]] = deque(maxlen=length)
        self.muted_until = 0.0


class SystemHealth:
    def __init__(self, report: ReportTrip | None = None) -> None:
        """`report` tells the system's switch to open the breaker. None: nothing is counted."""
        self._report = report
        self._windows: dict[str, _CallWindow] = {}
        self._report_tasks: set[asyncio.Task[None]] = set()

    def record_success(self, system: ResolvedSystem) -> None:
        """The system answered, even if it refused."""
        self._window(system).calls.append((time.monotonic(), False))

    def record_failure(self, system: ResolvedSystem, failure: AttemptFailure) -> None:
        """A failure with `system_down`."""
        breaker = system.system.breaker
        if self._report is None or breaker is False:
            return
        policy = breaker or DEFAULT_BREAKER
        window, now = self._window(system), time.monotonic()
        window.calls.append((now, True))
        since = now - policy.within.total_seconds()
        recent = [failed for at, failed in window.calls if at >= since]
        failures = sum(recent)
        if failures < policy.failures or 2 * failures < len(recent) or now < window.muted_until:
            return
        window.calls.clear()
        window.muted_until = now + REPORT_INTERVAL
        trip = SystemTrip(failures=failures, calls=len(recent), error=failure.message[:500])
        reporting = asyncio.create_task(self._send_report(self._report, system, trip))
        self._report_tasks.add(reporting)
        reporting.add_done_callback(self._report_tasks.discard)

    def _window(self, system: ResolvedSystem) -> _CallWindow:
        length = max(WINDOW_CALLS, 2 * (system.system.breaker or DEFAULT_BREAKER).failures)
        window = self._windows.get(system.id)
        if window is None or window.calls.maxlen != length:
            window = self._windows[system.id] = _CallWindow(length)
        return window

    async def _send_report(self, report: ReportTrip, system: ResolvedSystem, trip: SystemTrip) -> None:
        logger.warning("system breaks down", system=system.id, **trip.model_dump())
        try:
            await report(system, trip)
        except Exception as error:  # further failures cause another report
            logger.warning("breakdown not reported to the switch", system=system.id, reason=str(error)[:200])
