"""Looks at the ledger a few times a second, with one question for all followers."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from time import monotonic
from typing import TYPE_CHECKING

import structlog

from operations.errors import OperationError
from operations.reading.changes import Changes
from operations.reading.ledger_access import LedgerAway

if TYPE_CHECKING:
    from ledger.reading.changes import Pulse, WatchedOrder
    from ledger.reading.freshness import Freshness

log = structlog.get_logger("console")

INTERVAL = 0.25
UNPROMPTED_SECONDS = 5.0
"""So often `writes` changes although no worker has written: the reconciler writes, too."""
RETRY_SECONDS = 1.0


class Pulses:
    """Begins with the first who joins, and ends once all have left."""

    def __init__(self, changes: Changes, clock: Callable[[], float] = monotonic) -> None:
        self.changes = changes
        self.writes = 0
        """Becomes another number when something is written to the ledger."""
        self._clock = clock
        self._joined = 0
        self._watched: Counter[str] = Counter()
        self._orders: Mapping[str, WatchedOrder] = {}
        self._written: object = None
        self._counted_at = 0.0
        self._problem: OperationError | None = None
        self._freshness: Freshness | None = None
        """At the last pulse. None: it failed, or nobody has joined."""
        self._next = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def join(self, order_id: str | None = None) -> None:
        """With an order's id, each pulse also reads that order."""
        self._joined += 1
        if order_id is not None:
            self._watched[order_id] += 1
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="look at the ledger")

    def leave(self, order_id: str | None = None) -> None:
        self._joined -= 1
        if order_id is not None:
            self._watched -= Counter([order_id])
        if not self._joined and self._task is not None:
            self._task.cancel()
            self._task, self._freshness = None, None

    async def next(self) -> None:
        """Waits for the next pulse."""
        await self._next.wait()

    def check(self) -> None:
        """Raises what the last pulse failed with."""
        if self._problem is not None:
            raise self._problem

    @property
    def unfed_since(self) -> datetime | None:
        """The ledger answers, but no worker has written to it since then. None: one does, or that is not known."""
        known = self._freshness
        return known.as_of if known is not None and not known.is_fed else None

    def order(self, order_id: str) -> WatchedOrder | None:
        """As at the last pulse. None: the ledger does not have it. Raises what the last pulse failed with."""
        self.check()
        return self._orders.get(order_id)

    async def _run(self) -> None:
        while True:
            began = self._clock()
            try:
                self._take(await self.changes.pulse(list(self._watched)))
            except OperationError as error:
                self._problem, self._freshness = error, None
            except Exception:
                log.exception("the ledger cannot be looked at")
                self._problem = LedgerAway("The console cannot look at the ledger: its log says why")
                self._freshness = None
            self._next.set()
            self._next = asyncio.Event()
            cost = self._clock() - began
            await asyncio.sleep(RETRY_SECONDS if self._problem is not None else max(INTERVAL, 4 * cost))

    def _take(self, pulse: Pulse) -> None:
        self._problem, self._freshness = None, pulse.freshness
        self._orders = pulse.watched
        now = self._clock()
        if pulse.written != self._written or now - self._counted_at > UNPROMPTED_SECONDS:
            self._written, self._counted_at = pulse.written, now
            self.writes += 1
