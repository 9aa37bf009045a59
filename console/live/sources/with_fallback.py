"""A source that stands in for another one while that does not answer."""

from __future__ import annotations

from dataclasses import replace

from console.live.readings import Reading, Source
from operations.reading.ledger_access import LedgerAway


class WithFallback:
    def __init__(self, first: Source, second: Source) -> None:
        """`first` raises LedgerAway while the ledger does not answer. Both tell the same items by the same keys."""
        self._first = first
        self._second = second
        self._present = first

    async def read(self) -> Reading | None:
        try:
            reading = await self._first.read()
        except LedgerAway:
            self._present = self._second
            return await self._second.read()
        if self._present is self._first:
            return reading
        self._present = self._first  # it may have missed what happened before it came back
        return replace(reading or Reading(), has_gap=True)

    async def pause(self, cost: float) -> None:
        await self._present.pause(cost)

    def close(self) -> None:
        self._first.close()
        self._second.close()
