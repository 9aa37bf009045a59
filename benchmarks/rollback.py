"""Rolling back orders of any size: time and cost a step, once everything but the last steps is done."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from benchmarks.environment import Process, Rig, processor_seconds, rig
from benchmarks.order_size import STEPS_A_LINE, order
from benchmarks.reporting import say
from operations.actions.step_and_order_actions import OrderCommand
from operations.client import Orders
from workflows.contract.order_messages import Actor
from workflows.contract.states import OrderState

SIZES = (500, 10_000)
QUEUE = "benchmark-rollback"


@dataclass(frozen=True)
class Run:
    steps: int
    """That were done, and are undone."""
    seconds: float
    processor_seconds: float


async def _run(bench: Rig, worker: Process, steps: int) -> Run:
    order_id, orders, lines = f"R-{steps}", Orders(bench.client, QUEUE), steps // STEPS_A_LINE
    await orders.submit(order(order_id, lines, "undone_item"), deadline=120)
    while (await orders.read(order_id, steps=False)).order.open_tasks < lines:  # noqa: ASYNC110 - the server tells nobody
        await asyncio.sleep(1)
    began, used = time.perf_counter(), processor_seconds(worker.pid)
    await orders.act_on_order(OrderCommand("rollback", order_id, Actor(by="benchmark")))
    ended = await orders.wait(order_id, timeout=3600)
    took, used = time.perf_counter() - began, processor_seconds(worker.pid) - used
    if ended.state is not OrderState.FAILED:
        raise RuntimeError(f"order {order_id} ended {ended.state}")
    return Run(lines * (STEPS_A_LINE - 1), took, used)


async def measure(sizes: tuple[int, ...] = SIZES) -> None:
    """Each size once, after a small one that warms the worker up; the others are held against the smallest."""
    say("Roll-back: one order on one worker; four undone calls a line")
    async with rig() as bench:
        worker = bench.worker(QUEUE, bench.catalogue("undone_lines.yaml", "twelve_steps.yaml"))
        try:
            await _run(bench, worker, 100)
            base: Run | None = None
            for steps in sizes:
                run = await _run(bench, worker, steps)
                base = base or run
                cost, processor = run.seconds / run.steps, run.processor_seconds / run.steps
                say(
                    f"  {steps:6} steps: {run.steps} undone in {run.seconds:.1f} s, {cost * 1000:.2f} ms each"
                    f" ({cost / (base.seconds / base.steps):.2f} of {base.steps}'s), worker CPU"
                    f" {processor * 1000:.2f} ms each ({processor / (base.processor_seconds / base.steps):.2f})"
                )
        finally:
            worker.end()
