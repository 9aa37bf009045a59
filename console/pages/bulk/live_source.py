"""Where a follower of a bulk job looks: the job itself."""

from __future__ import annotations

import asyncio

from pydantic import BaseModel

from console.live.readings import Reading
from operations.client import OrderClient
from workflows.contract.bulk_messages import BulkOutcome, BulkState

SECONDS = 1.0


class JobHead(BaseModel):
    state: BulkState
    counts: dict[BulkOutcome, int]


class BulkJobSource:
    def __init__(self, orders: OrderClient, job: str) -> None:
        self._orders, self._job = orders, job
        self._seen: JobHead | None = None

    async def read(self) -> Reading | None:
        if self._seen is not None and self._seen.state in ("done", "stopped"):
            return None
        progress = await self._orders.read_bulk_progress(self._job)
        head = JobHead(state=progress.state, counts=progress.counts)
        if head == self._seen:
            return None
        self._seen = head
        return Reading(head)

    async def pause(self, cost: float) -> None:
        await asyncio.sleep(max(SECONDS, 10 * cost))

    def close(self) -> None:
        """It holds nothing."""
