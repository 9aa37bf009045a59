"""How often the feed writes: the more orders change at the same time, the less often."""

from __future__ import annotations

from collections.abc import Iterable

from ledger.feed.pending_order import OrderKey

MIN_INTERVAL, MAX_INTERVAL = 0.25, 0.8
"""Seconds between the beginnings of two transactions."""
INTERVAL_PER_ORDER = 0.008
"""Seconds, for each active order."""
ACTIVE_TIME = 2.0
"""Seconds for which an order counts as active after a change of it was taken."""


class WritePace:
    """A longer interval saves work: an order that changes again meanwhile is written once, and each statement has more
    rows. It depends on the active orders, not on those of the last transaction, which are fewer the shorter the
    interval was."""

    def __init__(self) -> None:
        self._taken_at: dict[OrderKey, float] = {}
        """When a change of the order was taken last, earliest first."""

    def next_interval(self, orders: Iterable[OrderKey], now: float, *, has_more: bool) -> float:
        """Counts `orders` as active. Returns the seconds from the beginning of the transaction that writes them, which
        is `now` by time.monotonic(), to that of the next one. `has_more`: whether more orders wait than it takes."""
        for key in orders:
            self._taken_at.pop(key, None)
            self._taken_at[key] = now
        self._forget_before(now - ACTIVE_TIME)
        if has_more:
            return MIN_INTERVAL
        return min(max(INTERVAL_PER_ORDER * len(self._taken_at), MIN_INTERVAL), MAX_INTERVAL)

    def _forget_before(self, limit: float) -> None:
        while self._taken_at:
            key = next(iter(self._taken_at))
            if self._taken_at[key] >= limit:
                return
            del self._taken_at[key]
