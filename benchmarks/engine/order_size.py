"""Orders of different sizes in one workflow: time and cost per step, Temporal's limits, and a worker that is killed."""

from __future__ import annotations

import asyncio
import signal
import time
from dataclasses import dataclass

from temporalio.client import WorkflowHistory

from benchmarks.environment import (
    BenchmarkEnvironment,
    ChildProcess,
    benchmark_environment,
    resident_megabytes,
    stopped_at_exit,
)
from benchmarks.orders import STEPS_PER_LINE, Cost, compare_sizes, many_line_order, measure_cost, wait_for_state
from benchmarks.reporting import print_line
from operations.client import OrderClient
from workflows.contract.order_messages import order_workflow_id
from workflows.contract.states import OrderState

SIZES = (500, 2_000, 10_000)
QUEUE = "benchmark-size"
DEFINITIONS = ("many_lines.yaml", "twelve_steps.yaml")


@dataclass(frozen=True)
class SizeResult:
    steps: int
    cost: Cost
    accept_seconds: float
    """From the submission to the response."""
    worker_megabytes: float
    histories: list[WorkflowHistory]
    """One per run."""
    read_seconds: float
    """For reading the whole order at its end."""


async def _histories(bench: BenchmarkEnvironment, order_id: str) -> list[WorkflowHistory]:
    """The histories of all runs, the first run's first."""
    handle = bench.client.get_workflow_handle(order_workflow_id(order_id))
    run_id: str | None = (await handle.describe()).run_id
    histories: list[WorkflowHistory] = []
    while run_id:
        history = await bench.client.get_workflow_handle(order_workflow_id(order_id), run_id=run_id).fetch_history()
        histories.insert(0, history)
        run_id = history.events[0].workflow_execution_started_event_attributes.continued_execution_run_id or None
    return histories


async def _run_order(bench: BenchmarkEnvironment, worker: ChildProcess, steps: int) -> SizeResult:
    order_id, orders = f"S-{steps}", OrderClient(bench.client, QUEUE)
    with measure_cost(worker) as cost:
        began = time.perf_counter()
        await orders.submit(many_line_order(order_id, steps // STEPS_PER_LINE), decision_timeout=120)
        accepted = time.perf_counter() - began
        await wait_for_state(orders, order_id, OrderState.COMPLETED)
    began = time.perf_counter()
    await orders.read(order_id)
    read = time.perf_counter() - began
    histories = await _histories(bench, order_id)
    return SizeResult(steps, cost, accepted, resident_megabytes(worker.pid), histories, read)


def _print_result(result: SizeResult, base: SizeResult) -> None:
    time_per_step, cpu_per_step = result.cost.seconds / result.steps, result.cost.cpu_seconds / result.steps
    print_line(
        f"  {result.steps:6} steps: {result.cost.seconds:6.1f} s, {time_per_step * 1000:.2f} ms a step"
        f" ({time_per_step / (base.cost.seconds / base.steps):.2f} of {base.steps}'s), worker CPU"
        f" {cpu_per_step * 1000:.2f} ms a step ({cpu_per_step / (base.cost.cpu_seconds / base.steps):.2f}), accepted"
        f" after {result.accept_seconds:.2f} s, show {result.read_seconds:.2f} s"
    )
    events = max(len(history.events) for history in result.histories)
    size = max(sum(event.ByteSize() for event in history.events) for history in result.histories)
    print_line(
        f"         {len(result.histories)} runs of at most {events} events and {size / 1e6:.2f} MB"
        f", worker {result.worker_megabytes:.0f} MB"
    )


async def measure(sizes: tuple[int, ...] = SIZES) -> None:
    """Prints each size, with ratios to the smallest."""
    print_line("Size: one order on one worker; five steps a line, four of them calls")
    await compare_sizes(sizes, QUEUE, DEFINITIONS, _run_order, _print_result)


async def measure_kill(steps: int = 10_000) -> None:
    """Kills the worker in the middle of an order, starts another, and reads the order while it runs."""
    async with benchmark_environment() as bench:
        definitions = bench.copy_definitions(*DEFINITIONS)
        worker = bench.start_worker(QUEUE, definitions)
        orders, order_id = OrderClient(bench.client, QUEUE), "K-1"
        began = time.perf_counter()
        await orders.submit(many_line_order(order_id, steps // STEPS_PER_LINE), decision_timeout=120)
        await asyncio.sleep(steps / 1000)
        worker.stop(signal.SIGKILL)
        with stopped_at_exit(bench.start_worker(QUEUE, definitions, "worker-2")):
            restarted = time.perf_counter()
            reading = await orders.read(order_id)
            show = time.perf_counter() - restarted
            ended = await orders.wait_until_ended(order_id, timeout=3600)
            took = time.perf_counter() - began
    done = reading.order.steps_by_state.get("completed", 0)
    print_line(
        f"Size: {steps} steps with the worker killed on the way: {ended.state.value} after {took:.1f} s"
        f"; show after the restart {show:.2f} s ({done} steps done then)"
    )
