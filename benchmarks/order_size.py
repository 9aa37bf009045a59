"""Orders of any size on one workflow: time and cost a step, Temporal's limits, and a worker killed on the way."""

from __future__ import annotations

import asyncio
import signal
import time
from dataclasses import dataclass
from typing import Any

from temporalio.client import WorkflowHistory

from benchmarks.environment import Process, Rig, processor_seconds, resident_megabytes, rig
from benchmarks.reporting import say
from operations.client import Orders
from workflows.contract.order_messages import workflow_id
from workflows.contract.states import OrderState

SIZES = (500, 2_000, 10_000)
STEPS_A_LINE = 5
QUEUE = "benchmark-size"


def order(order_id: str, lines: int, product: str = "line_item") -> dict[str, Any]:
    return {
        "id": order_id,
        "customer": {"id": "C-1"},
        "lines": [{"id": str(number), "product": product} for number in range(1, lines + 1)],
    }


@dataclass(frozen=True)
class Run:
    steps: int
    seconds: float
    accepted: float
    """Seconds from submission to the answer."""
    processor_seconds: float
    megabytes: float
    runs: int
    most_events: int
    most_bytes: int
    show: float
    """Seconds of reading the whole order at its end."""


async def _histories(bench: Rig, order_id: str) -> list[WorkflowHistory]:
    """Every run's, the first first."""
    handle = bench.client.get_workflow_handle(workflow_id(order_id))
    run_id: str | None = (await handle.describe()).run_id
    found: list[WorkflowHistory] = []
    while run_id:
        history = await bench.client.get_workflow_handle(workflow_id(order_id), run_id=run_id).fetch_history()
        found.insert(0, history)
        run_id = history.events[0].workflow_execution_started_event_attributes.continued_execution_run_id or None
    return found


async def _run(bench: Rig, worker: Process, steps: int) -> Run:
    order_id, orders = f"S-{steps}", Orders(bench.client, QUEUE)
    began, used = time.perf_counter(), processor_seconds(worker.pid)
    await orders.submit(order(order_id, steps // STEPS_A_LINE), deadline=120)
    accepted = time.perf_counter() - began
    ended = await orders.wait(order_id, timeout=3600)
    took, used = time.perf_counter() - began, processor_seconds(worker.pid) - used
    if ended.state is not OrderState.COMPLETED:
        raise RuntimeError(f"order {order_id} ended {ended.state}")
    began = time.perf_counter()
    await orders.read(order_id)
    show = time.perf_counter() - began
    histories = await _histories(bench, order_id)
    return Run(
        steps, took, accepted, used, resident_megabytes(worker.pid), len(histories),
        max(len(history.events) for history in histories),
        max(sum(event.ByteSize() for event in history.events) for history in histories),
        show,
    )  # fmt: skip


def _report(run: Run, base: Run) -> None:
    cost, time_ratio = run.seconds / run.steps * 1000, (run.seconds / run.steps) / (base.seconds / base.steps)
    processor = run.processor_seconds / run.steps * 1000
    say(
        f"  {run.steps:6} steps: {run.seconds:6.1f} s, {cost:.2f} ms a step ({time_ratio:.2f} of {base.steps}'s)"
        f", worker CPU {processor:.2f} ms a step ({processor / (base.processor_seconds / base.steps * 1000):.2f})"
        f", accepted after {run.accepted:.2f} s, show {run.show:.2f} s"
    )
    say(
        f"         {run.runs} runs of at most {run.most_events} events and {run.most_bytes / 1e6:.2f} MB"
        f", worker {run.megabytes:.0f} MB"
    )


async def measure(sizes: tuple[int, ...] = SIZES) -> None:
    """Each size once, after a small order that warms the worker up; the others are held against the smallest."""
    say("Size: one order on one worker; five steps a line, four of them calls")
    async with rig() as bench:
        worker = bench.worker(QUEUE, bench.catalogue("many_lines.yaml", "twelve_steps.yaml"))
        try:
            await _run(bench, worker, 100)
            base: Run | None = None
            for steps in sizes:
                run = await _run(bench, worker, steps)
                base = base or run
                _report(run, base)
        finally:
            worker.end()


async def measure_kill(steps: int = 10_000) -> None:
    """The worker is killed in the middle, and started again; then `show` while it is under way."""
    async with rig() as bench:
        definitions = bench.catalogue("many_lines.yaml", "twelve_steps.yaml")
        worker = bench.worker(QUEUE, definitions)
        orders, order_id = Orders(bench.client, QUEUE), "K-1"
        began = time.perf_counter()
        await orders.submit(order(order_id, steps // STEPS_A_LINE), deadline=120)
        await asyncio.sleep(steps / 1000)
        worker.end(signal.SIGKILL)
        worker = bench.worker(QUEUE, definitions, "worker-2")
        try:
            asked = time.perf_counter()
            reading = await orders.read(order_id)
            show = time.perf_counter() - asked
            ended = await orders.wait(order_id, timeout=3600)
            took = time.perf_counter() - began
        finally:
            worker.end()
    done = reading.order.steps_by_state.get("completed", 0)
    say(
        f"Size: {steps} steps with the worker killed on the way: {ended.state.value} after {took:.1f} s"
        f"; show after the restart {show:.2f} s ({done} steps done then)"
    )
