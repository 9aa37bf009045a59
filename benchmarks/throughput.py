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

from benchmarks.environment import BenchmarkEnvironment, ChildProcess, benchmark_environment, cpu_seconds
from benchmarks.hand_written import HandWrittenOrder
from benchmarks.reporting import format_spread, print_line
from operations.client import OrderClient
from workflows.contract.order_messages import order_workflow_id

ORDERS = 100
ROUNDS = 5
HISTORY_SAMPLE = 20
"""Histories that are counted in a round: how many workflow tasks an order needs depends on what else is going on."""
GENERIC_QUEUE, HAND_WRITTEN_QUEUE = "benchmark-generic", "benchmark-hand-written"


def twelve_step_order(order_id: str) -> dict[str, Any]:
    line = {"id": "1", "product": "starter_kit", "attributes": {"units": 3, "plan": "plus"}}
    return {"id": order_id, "customer": {"id": "C-1"}, "lines": [line]}


@dataclass(frozen=True)
class RoundResult:
    orders_per_second: float
    cpu_seconds: float
    """The worker's, an order."""
    mean_events: float
    """Of an order's history, on average."""


async def _run_generic(bench: BenchmarkEnvironment, order_id: str) -> str:
    await OrderClient(bench.client, GENERIC_QUEUE).submit(twelve_step_order(order_id), decision_timeout=120)
    await bench.client.get_workflow_handle(order_workflow_id(order_id)).result()
    return order_workflow_id(order_id)


async def _run_hand_written(bench: BenchmarkEnvironment, order_id: str) -> str:
    start: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
        HandWrittenOrder.run,
        twelve_step_order(order_id),
        id=order_id,
        task_queue=HAND_WRITTEN_QUEUE,
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


async def _run_round(
    bench: BenchmarkEnvironment,
    run_order: Callable[[BenchmarkEnvironment, str], Awaitable[str]],
    worker: ChildProcess,
    name: str,
    orders: int,
) -> RoundResult:
    began, used = time.perf_counter(), cpu_seconds(worker.pid)
    ids = await asyncio.gather(*(run_order(bench, f"{name}-{number}") for number in range(orders)))
    took, used = time.perf_counter() - began, cpu_seconds(worker.pid) - used
    looked_at = ids[:: max(1, orders // HISTORY_SAMPLE)]
    histories = [await bench.client.get_workflow_handle(id_).fetch_history() for id_ in looked_at]
    return RoundResult(orders / took, used / orders, sum(len(one.events) for one in histories) / len(histories))


async def measure(orders: int = ORDERS, rounds: int = ROUNDS) -> None:
    """Prints both sides and the ratios, pair by pair. The first pair warms up and does not count."""
    async with benchmark_environment() as bench:
        generic_worker = bench.start_worker(GENERIC_QUEUE, bench.copy_definitions("twelve_steps.yaml"))
        hand_written_worker = bench.start_hand_written_worker(HAND_WRITTEN_QUEUE)
        try:
            pairs = []
            for number in range(rounds + 1):
                generic = await _run_round(bench, _run_generic, generic_worker, f"g{number}", orders)
                hand_written = await _run_round(bench, _run_hand_written, hand_written_worker, f"h{number}", orders)
                if number:
                    pairs.append((generic, hand_written))
        finally:
            generic_worker.stop()
            hand_written_worker.stop()
    _report(pairs, orders)


def _report(pairs: list[tuple[RoundResult, RoundResult]], orders: int) -> None:
    print_line(f"Throughput: {orders} orders of 12 calls at once, {len(pairs)} rounds in turns")
    for name, side in (("generic", 0), ("hand-written", 1)):
        rounds = [pair[side] for pair in pairs]
        print_line(
            f"  {name:13} {format_spread([one.orders_per_second for one in rounds], ' orders/s', 1)}"
            f", worker CPU {format_spread([one.cpu_seconds * 1000 for one in rounds], ' ms an order', 1)}"
            f", {statistics.median(one.mean_events for one in rounds):.0f} history events"
        )
    speed = [generic.orders_per_second / hand.orders_per_second for generic, hand in pairs]
    cost = [generic.cpu_seconds / hand.cpu_seconds for generic, hand in pairs]
    events = [generic.mean_events / hand.mean_events for generic, hand in pairs]
    print_line(
        f"  ratio         orders/s {format_spread(speed)}, worker CPU {format_spread(cost)}, history events "
        f"{format_spread(events)}"
    )
