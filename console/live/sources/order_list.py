"""The list of orders: which ones have changed, and how many are in each state."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from console.live.items import OrderListHead, listed_order_item, order_item
from console.live.pulse import Pulses
from console.live.readings import Reading
from ledger.reading.filters.order_filter import OrderFilter
from operations.client import OrderClient
from operations.reading.changes import Changes

if TYPE_CHECKING:
    from ledger.reading.changes import WatchedOrder

MAX_ORDERS = 200
"""Told at once."""
MAX_READ = 1_000
MARGIN = timedelta(seconds=5)
"""The clocks of workers and of Temporal may differ so much."""
VISIBILITY_SECONDS = 5.0


class OrdersFromLedger:
    """Reads the orders that have changed since the ledger was last complete: each change is made after that moment, or
    was read before."""

    def __init__(self, changes: Changes, pulses: Pulses) -> None:
        self._changes = changes
        self._pulses = pulses
        self._as_of: datetime | None = None
        self._newest = 0
        self._read: dict[int, WatchedOrder] = {}
        """Changed orders of the last reading, by key: within the margin, the next one finds them again."""
        self._writes = -1
        pulses.join()

    async def read(self) -> Reading | None:
        self._pulses.check()
        writes = self._pulses.writes
        if writes == self._writes:
            return None
        since = self._as_of or datetime.now(UTC)
        found = await self._changes.changed_orders(since - MARGIN, MAX_READ)
        newest, is_first = self._newest, self._as_of is None
        changed = [order for order in found.orders if self._read.get(order.key) != order]
        self._as_of, self._newest, self._writes = found.as_of, found.newest, writes
        self._read = {order.key: order for order in found.orders}
        more = len(found.orders) == MAX_READ or len(changed) > MAX_ORDERS
        items = {
            order.order_id: order_item(order, is_new=not is_first and order.key > newest)
            for order in changed[-MAX_ORDERS:]
        }
        return Reading(OrderListHead(counts=found.counts, more=more or None), items)

    async def pause(self, cost: float) -> None:
        await self._pulses.next()
        await asyncio.sleep(5 * cost if cost > 0.02 else 0)

    def close(self) -> None:
        self._pulses.leave()


class OrdersFromVisibility:
    """Looks at the first page only."""

    def __init__(self, orders: OrderClient) -> None:
        self._orders = orders
        self._latest: datetime | None = None

    async def read(self) -> Reading | None:
        counts = await self._orders.count_orders()
        page = await self._orders.list_orders(OrderFilter(limit=50))
        latest = self._latest
        self._latest = max((order.started_at for order in page.orders), default=latest)
        items = {
            order.order_id: listed_order_item(order, is_new=latest is not None and order.started_at > latest)
            for order in page.orders
        }
        return Reading(OrderListHead(counts={state.value: count for state, count in counts.items()}), items)

    async def pause(self, cost: float) -> None:
        await asyncio.sleep(max(VISIBILITY_SECONDS, 10 * cost))

    def close(self) -> None:
        """It holds nothing."""
