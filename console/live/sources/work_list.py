"""The work of people: which steps wait for them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping

from console.live.items import WorkHead, WorkItem, work_item
from console.live.pulse import Pulses
from console.live.readings import Reading
from ledger.reading.filters.work_filter import WorkFilter
from operations.client import OrderClient
from operations.reading.changes import Changes
from operations.reading.worklists import StepWorklist
from workflows.contract.worklists import WorklistItem, working_queue

MAX_WORK = 5_000
"""Of more than this, only the numbers are told."""
VISIBILITY_SECONDS = 15.0
"""Each order with work is asked."""
MAX_ASKED = 200


class WorkFromLedger:
    def __init__(self, changes: Changes, pulses: Pulses) -> None:
        self._changes = changes
        self._pulses = pulses
        self._writes = -1
        pulses.join()

    async def read(self) -> Reading | None:
        self._pulses.check()
        writes = self._pulses.writes
        if writes == self._writes:
            return None
        work, counts = await self._changes.open_work(MAX_WORK + 1)
        self._writes = writes
        head = _head(counts)
        if len(work) > MAX_WORK:
            return Reading(head, has_gap=True)
        return Reading(head, {item.key: item for item in map(work_item, work)}, is_complete=True)

    async def pause(self, cost: float) -> None:
        await self._pulses.next()
        await asyncio.sleep(5 * cost if cost > 0.02 else 0)

    def close(self) -> None:
        self._pulses.leave()


class WorkFromVisibility:
    def __init__(self, orders: OrderClient) -> None:
        self._orders = orders

    async def read(self) -> Reading | None:
        criteria = WorkFilter(limit=MAX_ASKED)
        tasks = await self._orders.list_tasks(criteria)
        fallout = await self._orders.list_fallout(criteria)
        items = [*_items("task", tasks), *_items("fallout", fallout)]
        head = _head(Counter((item.kind, item.queue) for item in items))
        return Reading(head, {item.key: item for item in items}, is_complete=True)

    async def pause(self, cost: float) -> None:
        await asyncio.sleep(max(VISIBILITY_SECONDS, 10 * cost))

    def close(self) -> None:
        """It holds nothing."""


def _items(kind: str, worklist: StepWorklist) -> Iterable[WorkItem]:
    return (_item(kind, each) for each in worklist.items)


def _item(kind: str, item: WorklistItem) -> WorkItem:
    step = item.step
    error = step.undo.error if step.undo is not None and step.undo.error is not None else step.error
    return WorkItem(
        kind=kind,
        order_id=item.order_id,
        step=step.number,
        queue=working_queue(step),
        holder=step.holder,
        due=step.due,
        since=(error.at if error is not None and kind == "fallout" else None) or step.started_at,
        system=step.system,
        code=error.code if error is not None else None,
        jeopardy=step.jeopardy.value,
    )


def _head(counts: Mapping[tuple[str, str | None], int]) -> WorkHead:
    """`counts`: (kind, queue) → steps."""
    queues: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    for (kind, queue), count in counts.items():
        kinds[kind] += count
        if queue is not None:
            queues[queue] += count
    return WorkHead(task=kinds["task"], fallout=kinds["fallout"], queues=dict(sorted(queues.items())))
