"""How the jobs of a list stand. Temporal knows only whether they run: each is asked, or its result is read."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from operations.bulk.job_reading import JobState, ListedJob
from operations.client import OrderClient

CONCURRENT = 10
SECONDS = 1.5
"""The list does not wait longer for one job: no worker may be there."""


async def read_states(orders: OrderClient, jobs: Sequence[ListedJob]) -> list[JobState | None]:
    """In the order of the jobs. None: the job has not answered in time."""
    limit = asyncio.Semaphore(CONCURRENT)

    async def read(job: ListedJob) -> JobState | None:
        async with limit:
            try:
                async with asyncio.timeout(SECONDS):
                    return await orders.read_bulk_job_state(job)
            except TimeoutError:
                return None

    return await asyncio.gather(*map(read, jobs))
