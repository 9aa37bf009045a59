"""The systems, with their switches and waiting calls. Temporal has them, with or without a ledger."""

from __future__ import annotations

import asyncio

from console.live.items import system_item
from console.live.readings import Reading
from operations.client import OrderClient

SECONDS = 3.0


class SystemListSource:
    def __init__(self, orders: OrderClient) -> None:
        self._orders = orders

    async def read(self) -> Reading | None:
        statuses = await self._orders.list_systems()
        return Reading(items={status.view.system: system_item(status) for status in statuses}, is_complete=True)

    async def pause(self, cost: float) -> None:
        await asyncio.sleep(max(SECONDS, 10 * cost))

    def close(self) -> None:
        """It holds nothing."""
