"""Rolling back orders of any size: time and cost a step, once everything but the last steps is done."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from benchmarks.environment import BenchmarkEnvironment, ChildProcess, benchmark_environment, cpu_seconds
from benchmarks.order_size import STEPS_PER_LINE, many_line_order
from benchmarks.reporting import print_line
from operations.client import OrderClient
from workflows.contract.actions import ROLLBACK
from workflows.contract.order_messages import Actor, OrderAction
from workflows.contract.states import OrderState

SIZES = (500, 10_000)
QUEUE = "benchmark-rollback"


@dataclass(frozen=True)
class RollbackResult:
    steps: int
    """That were done, and are undone."""
    seconds: float
    cpu_seconds: float


async def _roll_back_order(bench: BenchmarkEnvironment, worker: ChildProcess, steps: int) -> RollbackResult:
    order_id, orders, lines = f"R-{steps}", OrderClient(bench.client, QUEUE), steps // STEPS_PER_LINE
    await orders.submit(many_line_order(order_id, lines, "undone_item"), decision_timeout=120)
    while (await orders.read(order_id, steps=False)).order.open_tasks < lines:  # noqa: ASYNC110 - the server tells nobody
        await asyncio.sleep(1)
    began, used = time.perf_counter(), cpu_seconds(worker.pid)
    await orders.perform_action(order_id, ROLLBACK, OrderAction(actor=Actor(by="benchmark")))
    ended = await orders.wait_until_ended(order_id, timeout=3600)
    took, used = time.perf_counter() - began, cpu_seconds(worker.pid) - used
    if ended.state is not OrderState.FAILED:
        raise RuntimeError(f"order {order_id} ended {ended.state}")
    return RollbackResult(lines * (STEPS_PER_LINE - 1), took, used)


async def measure(sizes: tuple[int, ...] = SIZES) -> None:
    """Each size once, after a small one that warms the worker up; the others are held against the smallest."""
    print_line("Roll-back: one order on one worker; four undone calls a line")
    async with benchmark_environment() as bench:
        worker = bench.start_worker(QUEUE, bench.copy_definitions("undone_lines.yaml", "twelve_steps.yaml"))
        try:
            await _roll_back_order(bench, worker, 100)
            base: RollbackResult | None = None
            for steps in sizes:
                run = await _roll_back_order(bench, worker, steps)
                base = base or run
                cost, processor = run.seconds / run.steps, run.cpu_seconds / run.steps
                print_line(
                    f"  {steps:6} steps: {run.steps} undone in {run.seconds:.1f} s, {cost * 1000:.2f} ms each"
                    f" ({cost / (base.seconds / base.steps):.2f} of {base.steps}'s), worker CPU"
                    f" {processor * 1000:.2f} ms each ({processor / (base.cpu_seconds / base.steps):.2f})"
                )
        finally:
            worker.stop()
