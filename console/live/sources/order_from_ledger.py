"""A running order as the ledger has it, with the attempts that only Temporal knows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING

from console.live.items import StepItem, head_of_row, step_item
from console.live.pulse import Pulses
from console.live.readings import Reading
from operations.errors import OperationError
from operations.reading.changes import Changes
from workflows.contract.states import ENDED_ORDER_STATES

if TYPE_CHECKING:
    from ledger.reading.changes import WatchedOrder

MAX_CHANGED = 400
"""More changed steps than this are not read: pages fetch the whole plan."""
ATTEMPTS_SECONDS = 2.0
"""How often Temporal is asked for the attempts at the order's calls."""


class OrderFromLedger:
    def __init__(self, changes: Changes, pulses: Pulses, order_id: str, clock: Callable[[], float] = monotonic) -> None:
        self._changes = changes
        self._pulses = pulses
        self._order_id = order_id
        self._clock = clock
        self._row: WatchedOrder | None = None
        self._versions: dict[int, int] = {}
        self._has_begun = False
        self._asked: asyncio.Task[Mapping[int, StepItem]] | None = None
        self._asked_versions: Mapping[int, int] = {}
        """Those of the steps when Temporal was asked."""
        self._ask_at = 0.0
        pulses.join(order_id)

    async def read(self) -> Reading | None:
        if not self._has_begun:
            return await self._begin()
        changed, attempted = await self._read_changed(), self._take_attempts()
        if changed is None or changed.has_gap or not attempted:
            return changed or (Reading(items=attempted) if attempted else None)
        return replace(changed, items={**changed.items, **attempted})

    async def _read_changed(self) -> Reading | None:
        row = self._pulses.order(self._order_id)
        if row is None or row == self._row:
            return None
        before, self._row = self._row, row
        versions, earlier = await self._changes.step_versions(row.key), self._versions
        self._versions = versions
        changed = [number for number, version in versions.items() if earlier.get(number) != version]
        is_another = before is None or before.key != row.key  # it has just got here, or was submitted again
        if is_another or len(changed) > MAX_CHANGED:
            return Reading(head_of_row(row), has_gap=True)
        steps = await self._changes.steps(row.key, changed) if changed else []
        return Reading(head_of_row(row), {str(step.number): step_item(step) for step in steps})

    async def _begin(self) -> Reading:
        pulse = await self._changes.pulse([self._order_id])
        self._row = pulse.watched.get(self._order_id)
        if self._row is not None:
            self._versions = await self._changes.step_versions(self._row.key)
        self._has_begun = True
        return Reading(head_of_row(self._row) if self._row is not None else None)

    def _take_attempts(self) -> Mapping[str, StepItem]:
        """Calls that fail and are tried again change nothing in the order until they end. Temporal may take its time to
        answer, which delays nothing else."""
        row, asked = self._row, self._asked
        if asked is not None and asked.done():
            self._asked = None
            return {
                str(number): item
                for number, item in asked.result().items()
                if self._versions.get(number) == self._asked_versions.get(number)  # else it has gone on since
            }
        is_running = row is not None and row.ended_at is None and row.state not in ENDED_ORDER_STATES
        if asked is None and row is not None and is_running and self._clock() >= self._ask_at:
            self._asked_versions = self._versions
            self._asked = asyncio.create_task(self._ask_attempts(row.key))
        return {}

    async def _ask_attempts(self, order_key: int) -> Mapping[int, StepItem]:
        began = self._clock()
        try:
            steps = await self._changes.attempts(self._order_id, order_key)
        except OperationError:  # what the ledger says is true without them
            steps = []
        now = self._clock()
        self._ask_at = now + max(ATTEMPTS_SECONDS, 20 * (now - began))
        return {step.number: step_item(step) for step in steps}

    async def pause(self, cost: float) -> None:
        await self._pulses.next()
        await asyncio.sleep(3 * cost if cost > 0.05 else 0)

    def close(self) -> None:
        if self._asked is not None:
            self._asked.cancel()
        self._pulses.leave(self._order_id)
