"""Orders of any size on one workflow: time and cost a step, Temporal's limits, and a worker killed on the way."""

from __future__ import annotations

import asyncio
import signal
import time
from dataclasses import dataclass
from typing import Any

from temporalio.client import WorkflowHistory

from benchmarks.environment import (
    BenchmarkEnvironment,
    ChildProcess,
    benchmark_environment,
    cpu_seconds,
    resident_megabytes,
)
from benchmarks.reporting import print_line
from operations.client import OrderClient
from workflows.contract.order_messages import order_workflow_id
from workflows.contract.states import OrderState

SIZES = (500, 2_000, 10_000)
STEPS_PER_LINE = 5
QUEUE = "benchmark-size"


def many_line_order(order_id: str, lines: int, product: str = "line_item") -> dict[str, Any]:
    return {
        "id": order_id,
        "customer": {"id": "C-1"},
        "lines": [{"id": str(number), "product": product} for number in range(1, lines + 1)],
    }


@dataclass(frozen=True)
class SizeResult:
    steps: int
    seconds: float
    accept_seconds: float
    """Seconds from submission to the answer."""
    cpu_seconds: float
    worker_megabytes: float
    workflow_runs: int
    max_events: int
    max_bytes: int
    read_seconds: float
    """Seconds of reading the whole order at its end."""


async def _histories(bench: BenchmarkEnvironment, order_id: str) -> list[WorkflowHistory]:
    """Every run's, the first first."""
    handle = bench.client.get_workflow_handle(order_workflow_id(order_id))
    run_id: str | None = (await handle.describe()).run_id
    found: list[WorkflowHistory] = []
    while run_id:
        history = await bench.client.get_workflow_handle(order_workflow_id(order_id), run_id=run_id).fetch_history()
        found.insert(0, history)
        run_id = history.events[0].workflow_execution_started_event_attributes.continued_execution_run_id or None
    return found


async def _run_order(bench: BenchmarkEnvironment, worker: ChildProcess, steps: int) -> SizeResult:
    order_id, orders = f"S-{steps}", OrderClient(bench.client, QUEUE)
    began, used = time.perf_counter(), cpu_seconds(worker.pid)
    await orders.submit(many_line_order(order_id, steps // STEPS_PER_LINE), decision_timeout=120)
    accepted = time.perf_counter() - began
    ended = await orders.wait_until_ended(order_id, timeout=3600)
    took, used = time.perf_counter() - began, cpu_seconds(worker.pid) - used
    if ended.state is not OrderState.COMPLETED:
        raise RuntimeError(f"order {order_id} ended {ended.state}")
    began = time.perf_counter()
    await orders.read(order_id)
    show = time.perf_counter() - began
    histories = await _histories(bench, order_id)
    return SizeResult(
        steps, took, accepted, used, resident_megabytes(worker.pid), len(histories),
        max(len(history.events) for history in histories),
        max(sum(event.ByteSize() for event in history.events) for history in histories),
        show,
    )  # fmt: skip


def _print_result(result: SizeResult, base: SizeResult) -> None:
    cost, time_ratio = (
        result.seconds / result.steps * 1000,
        (result.seconds / result.steps) / (base.seconds / base.steps),
    )
    processor = result.cpu_seconds / result.steps * 1000
    print_line(
        f"  {result.steps:6} steps: {result.seconds:6.1f} s, {cost:.2f} ms a step ({time_ratio:.2f} of {base.steps}'s)"
        f", worker CPU {processor:.2f} ms a step ({processor / (base.cpu_seconds / base.steps * 1000):.2f})"
        f", accepted after {result.accept_seconds:.2f} s, show {result.read_seconds:.2f} s"
    )
    print_line(
        f"         {result.workflow_runs} runs of at most {result.max_events} events and "
        f"{result.max_bytes / 1e6:.2f} MB"
        f", worker {result.worker_megabytes:.0f} MB"
    )


async def measure(sizes: tuple[int, ...] = SIZES) -> None:
    """Each size once, after a small order that warms the worker up; the others are held against the smallest."""
    print_line("Size: one order on one worker; five steps a line, four of them calls")
    async with benchmark_environment() as bench:
        worker = bench.start_worker(QUEUE, bench.copy_definitions("many_lines.yaml", "twelve_steps.yaml"))
        try:
            await _run_order(bench, worker, 100)
            base: SizeResult | None = None
            for steps in sizes:
                run = await _run_order(bench, worker, steps)
                base = base or run
                _print_result(run, base)
        finally:
            worker.stop()


async def measure_kill(steps: int = 10_000) -> None:
    """The worker is killed in the middle, and started again; then `show` while it is under way."""
    async with benchmark_environment() as bench:
        definitions = bench.copy_definitions("many_lines.yaml", "twelve_steps.yaml")
        worker = bench.start_worker(QUEUE, definitions)
        orders, order_id = OrderClient(bench.client, QUEUE), "K-1"
        began = time.perf_counter()
        await orders.submit(many_line_order(order_id, steps // STEPS_PER_LINE), decision_timeout=120)
        await asyncio.sleep(steps / 1000)
        worker.stop(signal.SIGKILL)
        worker = bench.start_worker(QUEUE, definitions, "worker-2")
        try:
            asked = time.perf_counter()
            reading = await orders.read(order_id)
            show = time.perf_counter() - asked
            ended = await orders.wait_until_ended(order_id, timeout=3600)
            took = time.perf_counter() - began
        finally:
            worker.stop()
    done = reading.order.steps_by_state.get("completed", 0)
    print_line(
        f"Size: {steps} steps with the worker killed on the way: {ended.state.value} after {took:.1f} s"
        f"; show after the restart {show:.2f} s ({done} steps done then)"
    )
