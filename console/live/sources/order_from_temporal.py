"""An order that is asked itself, where no ledger answers: at a slower pace, since it tells everything each time."""

from __future__ import annotations

import asyncio

from console.live.items import head_of_order, step_item
from console.live.readings import Reading
from operations.client import OrderClient

SECONDS = 2.0


class OrderFromTemporal:
    def __init__(self, orders: OrderClient, order_id: str) -> None:
        self._orders = orders
        self._order_id = order_id
        self._length: tuple[str, int, int] | None = None

    async def read(self) -> Reading | None:
        length = await self._orders.changes.length(self._order_id)
        if length == self._length:
            return None
        details = await self._orders.read(self._order_id, source="live")
        self._length = length
        if details.source == "record":  # no worker answers: only the order itself is known
            return Reading(head_of_order(details.order))
        return Reading(head_of_order(details.order), {str(step.number): step_item(step) for step in details.steps})

    async def pause(self, cost: float) -> None:
        await asyncio.sleep(max(SECONDS, 5 * cost))

    def close(self) -> None:
        """It holds nothing."""
