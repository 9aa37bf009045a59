"""Attempts that only Temporal knows, beside what the ledger says: neither delays the other, the later one counts."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, cast

from console.live.pulse import Pulses
from console.live.sources.order_from_ledger import ATTEMPTS_SECONDS, OrderFromLedger
from ledger.reading.changes import Pulse, WatchedOrder
from ledger.reading.freshness import Freshness
from operations.reading.changes import Changes
from tests.support.ledger.simulated_orders import simulated_step
from workflows.contract.order_views import StepView
from workflows.contract.states import StepState

NOW = datetime(2026, 12, 1, 8, tzinfo=UTC)


def row(event_id: int) -> WatchedOrder:
    texts: dict[str, Any] = {"customer_id": None, "customer_name": None, "requested_completion": None, "forecast": None}
    counts: dict[str, Any] = dict.fromkeys(("fallout", "open_tasks", "step_count", "settled_steps"), 0)
    return WatchedOrder(
        key=1,
        order_id="A",
        submission="s",
        run_id="r",
        event_id=event_id,
        state="in_progress",
        jeopardy="on_track",
        revision=1,
        started_at=NOW,
        ended_at=None,
        changed_at=NOW,
        **texts,
        **counts,
    )


class ScriptedChanges:
    """A ledger with one order of one step, and a Temporal that answers when a test lets it."""

    has_ledger = True

    def __init__(self) -> None:
        self.row = row(1)
        self.step = StepView(**asdict(simulated_step(1))).model_copy(update={"state": StepState.IN_PROGRESS})
        self.asked: asyncio.Queue[asyncio.Future[list[StepView]]] = asyncio.Queue()

    async def pulse(self, _order_ids: list[str]) -> Pulse:
        return Pulse({}, Freshness(NOW, 0.0, is_fed=True), {"A": self.row})

    async def step_versions(self, _key: int) -> dict[int, int]:
        return {1: hash(self.step.model_dump_json())}

    async def steps(self, _key: int, _numbers: list[int]) -> list[StepView]:
        return [self.step]

    async def attempts(self, _order_id: str, _key: int) -> list[StepView]:
        answer: asyncio.Future[list[StepView]] = asyncio.get_running_loop().create_future()
        await self.asked.put(answer)
        return await answer

    def tried(self, attempts: int) -> list[StepView]:
        return [self.step.model_copy(update={"attempts": attempts, "state": StepState.FAILED})]


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


async def test_attempts_are_told_once_temporal_has_answered() -> None:
    changes, clock = ScriptedChanges(), Clock()
    pulses = Pulses(cast(Changes, changes))
    source = OrderFromLedger(cast(Changes, changes), pulses, "A", clock)
    await source.read()
    await source.pause(0.0)
    assert await source.read() is None
    answer = await changes.asked.get()
    assert await source.read() is None, "it does not wait for Temporal"
    answer.set_result(changes.tried(2))
    await asyncio.sleep(0.01)
    reading = await source.read()
    assert reading is not None
    assert reading.items["1"].model_dump()["attempts"] == 2
    assert await source.read() is None
    assert changes.asked.empty()
    clock.now += ATTEMPTS_SECONDS
    await source.read()
    (await changes.asked.get()).set_result([])
    source.close()


async def test_an_answer_about_a_step_that_has_gone_on_since_is_dropped() -> None:
    changes, clock = ScriptedChanges(), Clock()
    pulses = Pulses(cast(Changes, changes))
    source = OrderFromLedger(cast(Changes, changes), pulses, "A", clock)
    await source.read()
    await source.pause(0.0)
    await source.read()
    answer = await changes.asked.get()
    late = changes.tried(3)
    changes.step = changes.step.model_copy(update={"state": StepState.COMPLETED})
    changes.row = row(2)
    await source.pause(0.0)
    await source.pause(0.0)
    reading = await source.read()
    assert reading is not None
    assert reading.items["1"].model_dump()["state"] == "completed"
    answer.set_result(late)
    await asyncio.sleep(0.01)
    assert await source.read() is None
    source.close()
