"""The orders that benchmarks run, and how one is measured."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from benchmarks.environment import BenchmarkEnvironment, ChildProcess, benchmark_environment, cpu_seconds
from operations.client import OrderClient
from workflows.contract.states import OrderState

STEPS_PER_LINE = 5
Result = TypeVar("Result")


def twelve_step_order(order_id: str) -> dict[str, Any]:
    line = {"id": "1", "product": "starter_kit", "attributes": {"units": 3, "plan": "plus"}}
    return {"id": order_id, "customer": {"id": "C-1"}, "lines": [line]}


def many_line_order(order_id: str, lines: int, product: str = "line_item") -> dict[str, Any]:
    """Each line has STEPS_PER_LINE steps."""
    return {
        "id": order_id,
        "customer": {"id": "C-1"},
        "lines": [{"id": str(number), "product": product} for number in range(1, lines + 1)],
    }


STEPS_PER_SITE = 11


def site_order(order_id: str, sites: int) -> dict[str, Any]:
    """A network of benchmarks/definitions/sites.yaml: STEPS_PER_SITE steps for each site, and three of the whole."""
    lines = [
        {"id": f"1.{number}", "product": "site", "attributes": {"name": f"site-{number}", "number": number}}
        for number in range(1, sites + 1)
    ]
    network = {"id": "1", "product": "network", "lines": lines}
    return {"id": order_id, "customer": {"id": "C-1"}, "lines": [network]}


@dataclass
class Cost:
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    """The worker's processor time."""


@contextmanager
def measure_cost(worker: ChildProcess) -> Iterator[Cost]:
    """The cost is filled in when the block ends."""
    cost, began, used = Cost(), time.perf_counter(), cpu_seconds(worker.pid)
    yield cost
    cost.seconds, cost.cpu_seconds = time.perf_counter() - began, cpu_seconds(worker.pid) - used


async def wait_for_state(orders: OrderClient, order_id: str, state: OrderState) -> None:
    """Waits until the order has ended. Raises RuntimeError if it ends in another state."""
    ended = await orders.wait_until_ended(order_id, timeout=3600)
    if ended.state is not state:
        raise RuntimeError(f"order {order_id} ended {ended.state}")


async def compare_sizes(
    sizes: tuple[int, ...],
    task_queue: str,
    definitions: tuple[str, ...],
    run_order: Callable[[BenchmarkEnvironment, ChildProcess, int], Awaitable[Result]],
    print_result: Callable[[Result, Result], None],
) -> None:
    """Runs one order of each size, after a small one as a warm-up. Prints each next to the first."""
    async with benchmark_environment() as bench:
        with bench.running_worker(task_queue, *definitions) as worker:
            await run_order(bench, worker, 100)
            results: list[Result] = []
            for steps in sizes:
                results.append(await run_order(bench, worker, steps))
                print_result(results[-1], results[0])
