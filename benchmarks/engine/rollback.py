"""Rolling back orders of different sizes: time and cost per step, when all steps but the last ones are done."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from benchmarks.environment import BenchmarkEnvironment, ChildProcess
from benchmarks.orders import STEPS_PER_LINE, Cost, compare_sizes, many_line_order, measure_cost, wait_for_state
from benchmarks.reporting import print_line
from operations.client import OrderClient
from workflows.contract.actions import ROLLBACK
from workflows.contract.order_messages import Actor, OrderAction
from workflows.contract.states import OrderState

SIZES = (500, 10_000)
QUEUE = "benchmark-rollback"


@dataclass(frozen=True)
class RollbackResult:
    order_steps: int
    undone_steps: int
    cost: Cost


async def _roll_back_order(bench: BenchmarkEnvironment, worker: ChildProcess, steps: int) -> RollbackResult:
    order_id, orders, lines = f"R-{steps}", OrderClient(bench.client, QUEUE), steps // STEPS_PER_LINE
    await orders.submit(many_line_order(order_id, lines, "undone_item"), decision_timeout=120)
    while (await orders.read(order_id, steps=False)).order.open_tasks < lines:  # noqa: ASYNC110 - nothing to wait for
        await asyncio.sleep(1)
    with measure_cost(worker) as cost:
        await orders.perform_action(order_id, ROLLBACK, OrderAction(actor=Actor(by="benchmark")))
        await wait_for_state(orders, order_id, OrderState.FAILED)
    return RollbackResult(steps, lines * (STEPS_PER_LINE - 1), cost)


def _print_result(result: RollbackResult, base: RollbackResult) -> None:
    seconds, cpu = result.cost.seconds / result.undone_steps, result.cost.cpu_seconds / result.undone_steps
    print_line(
        f"  {result.order_steps:6} steps: {result.undone_steps} undone in {result.cost.seconds:.1f} s, "
        f"{seconds * 1000:.2f} ms each ({seconds / (base.cost.seconds / base.undone_steps):.2f} of "
        f"{base.undone_steps}'s), worker CPU {cpu * 1000:.2f} ms each "
        f"({cpu / (base.cost.cpu_seconds / base.undone_steps):.2f})"
    )


async def measure(sizes: tuple[int, ...] = SIZES) -> None:
    """Prints each size, with ratios to the smallest."""
    print_line("Roll-back: one order on one worker; four undone calls a line")
    await compare_sizes(sizes, QUEUE, ("undone_lines.yaml", "twelve_steps.yaml"), _roll_back_order, _print_result)
