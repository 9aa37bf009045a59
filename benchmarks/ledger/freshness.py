"""How long a step's end takes to reach the ledger while orders come at a part of the highest throughput."""

from __future__ import annotations

import asyncio
import statistics
import time
from contextlib import suppress
from datetime import UTC, datetime

from sqlalchemy import Engine, Select, select

from benchmarks.environment import BenchmarkEnvironment, benchmark_environment
from benchmarks.ledger.cost import WITHOUT, Side, run_round, running_sides
from benchmarks.orders import twelve_step_order
from benchmarks.reporting import percentile, print_line
from ledger.database import open_ledger
from ledger.schema.tables import orders, steps
from operations.client import OrderClient
from workflows.contract.order_messages import order_workflow_id

SHARE_OF_TOP = 0.8
TOP_ROUNDS = 3
"""One round may be a fifth faster than most: then a part of its throughput is more than the machine can do for long."""
SECONDS = 60.0
LOOK_INTERVAL = 0.05
"""Seconds between two looks into the ledger. A delay is too long by up to this."""


async def measure(seconds: float = SECONDS) -> None:
    async with benchmark_environment() as bench:
        with running_sides(bench) as sides:
            for side in sides:
                if side.name != WITHOUT:
                    await _measure_side(bench, side, seconds)


async def _measure_side(bench: BenchmarkEnvironment, side: Side, seconds: float) -> None:
    await run_round(bench, side, f"{side.task_queue}-warm", 50)
    rounds = [await run_round(bench, side, f"{side.task_queue}-top-{number}", 100) for number in range(TOP_ROUNDS)]
    top = statistics.median(one.orders_per_second for one in rounds)
    engine = open_ledger(side.ledger_url or "")
    delays: list[float] = []
    watching = asyncio.create_task(_watch(engine, f"{side.task_queue}-paced-", delays))
    await _submit_at(bench, side, top * SHARE_OF_TOP, seconds)
    await asyncio.sleep(2)
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
    engine.dispose()
    expected = 12 * int(seconds * top * SHARE_OF_TOP)
    print_line(
        f"Freshness with {side.name}: {top * SHARE_OF_TOP:.1f} orders/s, {SHARE_OF_TOP:.0%} of {top:.1f}; step end → "
        f"in the ledger p50 {percentile(delays, 0.5):.2f} s, p95 {percentile(delays, 0.95):.2f} s, most "
        f"{max(delays):.2f} s ({len(delays)} of {expected} steps)"
    )


async def _submit_at(bench: BenchmarkEnvironment, side: Side, per_second: float, seconds: float) -> None:
    """Submits at a steady rate, and waits until all have ended."""
    client = OrderClient(bench.client, side.task_queue)
    began, running = time.perf_counter(), []

    async def run(order_id: str) -> None:
        await client.submit(twelve_step_order(order_id), decision_timeout=120)
        await bench.client.get_workflow_handle(order_workflow_id(order_id)).result()

    for number in range(int(seconds * per_second)):
        await asyncio.sleep(max(0.0, began + number / per_second - time.perf_counter()))
        running.append(asyncio.create_task(run(f"{side.task_queue}-paced-{number}")))
    await asyncio.gather(*running)


async def _watch(engine: Engine, prefix: str, delays: list[float]) -> None:
    """Adds to `delays`, in seconds, for each step whose end has appeared in the ledger."""
    seen: set[tuple[int, int]] = set()
    ended = (
        select(steps.c.order_key, steps.c.number, steps.c.ended_at)
        .join(orders, orders.c.key == steps.c.order_key)
        .where(orders.c.order_id.startswith(prefix), steps.c.ended_at.is_not(None))
    )
    while True:
        rows = await asyncio.to_thread(_read, engine, ended)
        now = datetime.now(UTC)
        for order_key, number, ended_at in rows:
            if (order_key, number) not in seen:
                seen.add((order_key, number))
                delays.append((now - ended_at).total_seconds())
        await asyncio.sleep(LOOK_INTERVAL)


def _read(engine: Engine, query: Select[int, int, datetime | None]) -> list[tuple[int, int, datetime]]:
    with engine.connect() as connection:
        return [(key, number, at) for key, number, at in connection.execute(query) if at is not None]
