"""Orders a second, history events and worker CPU: the generic workflow against the hand-written one, in turns."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from temporalio.client import WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from benchmarks.environment import Process, Rig, processor_seconds, rig
from benchmarks.hand_written import HandWrittenOrder
from benchmarks.reporting import say, spread
from operations.client import Orders
from workflows.contract.order_messages import workflow_id

ORDERS = 100
ROUNDS = 5
LOOKED_AT = 20
"""Histories that are counted in a round: how many workflow tasks an order needs depends on what else is going on."""
GENERIC, HAND_WRITTEN = "benchmark-generic", "benchmark-hand-written"


def order(order_id: str) -> dict[str, Any]:
    line = {"id": "1", "product": "starter_kit", "attributes": {"units": 3, "plan": "plus"}}
    return {"id": order_id, "customer": {"id": "C-1"}, "lines": [line]}


@dataclass(frozen=True)
class Round:
    orders_per_second: float
    processor_seconds: float
    """The worker's, an order."""
    events: float
    """Of an order's history, on average."""


async def _generic(bench: Rig, order_id: str) -> str:
    await Orders(bench.client, GENERIC).submit(order(order_id), deadline=120)
    await bench.client.get_workflow_handle(workflow_id(order_id)).result()
    return workflow_id(order_id)


async def _hand_written(bench: Rig, order_id: str) -> str:
    start: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
        HandWrittenOrder.run,
        order(order_id),
        id=order_id,
        task_queue=HAND_WRITTEN,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
        memo={"order_digest": order_id},
        static_summary=f"Order {order_id}",
    )
    await bench.client.execute_update_with_start_workflow(HandWrittenOrder.accepted, start_workflow_operation=start)
    handle = await start.workflow_handle()
    await bench.client.get_workflow_handle(order_id).describe()  # as a submission of Ordo's reads what it started
    await handle.result()
    return order_id


async def _round(
    bench: Rig, run: Callable[[Rig, str], Awaitable[str]], worker: Process, name: str, orders: int
) -> Round:
    began, used = time.perf_counter(), processor_seconds(worker.pid)
    ids = await asyncio.gather(*(run(bench, f"{name}-{number}") for number in range(orders)))
    took, used = time.perf_counter() - began, processor_seconds(worker.pid) - used
    looked_at = ids[:: max(1, orders // LOOKED_AT)]
    histories = [await bench.client.get_workflow_handle(id_).fetch_history() for id_ in looked_at]
    return Round(orders / took, used / orders, sum(len(one.events) for one in histories) / len(histories))


async def measure(orders: int = ORDERS, rounds: int = ROUNDS) -> None:
    """Prints both sides and the ratios, pair by pair. The first pair warms up and does not count."""
    async with rig() as bench:
        generic_worker = bench.worker(GENERIC, bench.catalogue("twelve_steps.yaml"))
        hand_written_worker = bench.hand_written_worker(HAND_WRITTEN)
        try:
            pairs = []
            for number in range(rounds + 1):
                generic = await _round(bench, _generic, generic_worker, f"g{number}", orders)
                hand_written = await _round(bench, _hand_written, hand_written_worker, f"h{number}", orders)
                if number:
                    pairs.append((generic, hand_written))
        finally:
            generic_worker.end()
            hand_written_worker.end()
    _report(pairs, orders)


def _report(pairs: list[tuple[Round, Round]], orders: int) -> None:
    say(f"Throughput: {orders} orders of 12 calls at once, {len(pairs)} rounds in turns")
    for name, side in (("generic", 0), ("hand-written", 1)):
        rounds = [pair[side] for pair in pairs]
        say(
            f"  {name:13} {spread([one.orders_per_second for one in rounds], ' orders/s', 1)}"
            f", worker CPU {spread([one.processor_seconds * 1000 for one in rounds], ' ms an order', 1)}"
            f", {statistics.median(one.events for one in rounds):.0f} history events"
        )
    speed = [generic.orders_per_second / hand.orders_per_second for generic, hand in pairs]
    cost = [generic.processor_seconds / hand.processor_seconds for generic, hand in pairs]
    events = [generic.events / hand.events for generic, hand in pairs]
    say(f"  ratio         orders/s {spread(speed)}, worker CPU {spread(cost)}, history events {spread(events)}")
