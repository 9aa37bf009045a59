"""Orders per second, history events and worker CPU: the generic workflow and a hand-written one, in alternation."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from temporalio.client import WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from benchmarks.engine.hand_written import HandWrittenOrder
from benchmarks.environment import BenchmarkEnvironment, ChildProcess, benchmark_environment, stopped_at_exit
from benchmarks.orders import measure_cost, twelve_step_order
from benchmarks.reporting import format_spread, print_line
from operations.client import OrderClient
from workflows.contract.order_messages import order_workflow_id

ORDERS = 100
ROUNDS = 5
HISTORY_SAMPLE = 20
"""Histories to count per round: the number of an order's workflow tasks depends on the load."""
GENERIC_QUEUE, HAND_WRITTEN_QUEUE = "benchmark-generic", "benchmark-hand-written"


@dataclass(frozen=True)
class RoundResult:
    orders_per_second: float
    cpu_seconds: float
    """The worker's, per order."""
    mean_events: float
    """Per order."""


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
    await bench.client.get_workflow_handle(order_id).describe()  # like a submission to Ordo
    await handle.result()
    return order_id


async def _run_round(
    bench: BenchmarkEnvironment,
    run_order: Callable[[BenchmarkEnvironment, str], Awaitable[str]],
    worker: ChildProcess,
    name: str,
    orders: int,
) -> RoundResult:
    with measure_cost(worker) as cost:
        ids = await asyncio.gather(*(run_order(bench, f"{name}-{number}") for number in range(orders)))
    sample = ids[:: max(1, orders // HISTORY_SAMPLE)]
    events = [len((await bench.client.get_workflow_handle(id_).fetch_history()).events) for id_ in sample]
    return RoundResult(orders / cost.seconds, cost.cpu_seconds / orders, statistics.mean(events))


async def measure(orders: int = ORDERS, rounds: int = ROUNDS) -> None:
    """Prints both sides, and the ratios pair by pair. The first pair is a warm-up and does not count."""
    pairs = []
    async with benchmark_environment() as bench:
        with (
            bench.running_worker(GENERIC_QUEUE, "twelve_steps.yaml") as generic_worker,
            stopped_at_exit(bench.start_hand_written_worker(HAND_WRITTEN_QUEUE)) as hand_written_worker,
        ):
            for number in range(rounds + 1):
                generic = await _run_round(bench, _run_generic, generic_worker, f"g{number}", orders)
                hand_written = await _run_round(bench, _run_hand_written, hand_written_worker, f"h{number}", orders)
                if number:
                    pairs.append((generic, hand_written))
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
