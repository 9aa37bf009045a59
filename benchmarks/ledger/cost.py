"""What the ledger costs orders: workers without a ledger, with SQLite and with PostgreSQL."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

from benchmarks.engine.latency import PREDECESSORS, first_call_latency, run_order, step_gaps
from benchmarks.environment import (
    BenchmarkEnvironment,
    ChildProcess,
    benchmark_environment,
    cpu_seconds,
    machine_cpu_seconds,
    stopped_at_exit,
    tree_cpu_seconds,
)
from benchmarks.ledger.machine_speed import SpeedSample, ratio_at_equal_speed, speed_exponent
from benchmarks.orders import twelve_step_order
from benchmarks.reporting import format_spread, percentile, print_line
from operations.client import OrderClient
from tests.support.servers.postgres import PostgresServer
from workflows.contract.order_messages import order_workflow_id

ORDERS = 100
ROUNDS = 60
SETTLING = 1.5
"""Seconds between two rounds, in which the ledger gets the last changes, so that no round pays for another side."""
LATENCY_ORDERS = 60
DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "shared_buffers": "128MB"}
WITHOUT, SQLITE, POSTGRESQL = "no ledger", "SQLite", "PostgreSQL"


class Side(NamedTuple):
    """A worker, and the task queue that only it serves."""

    name: str
    task_queue: str
    worker: ChildProcess
    ledger_url: str | None
    database_pid: int | None
    """Of the database's server, if it has one."""


class Round(NamedTuple):
    seconds: float
    """Until the last of its orders had ended."""
    orders: int
    side_cpu_seconds: float
    """Of the worker and the database's server, until the last change was written, per order."""
    temporal_cpu_seconds: float
    machine_cpu_seconds: float
    """Of all processes. Both until the last order had ended, per order."""

    @property
    def orders_per_second(self) -> float:
        return self.orders / self.seconds

    @property
    def speed(self) -> SpeedSample:
        return SpeedSample(self.orders_per_second, self.temporal_cpu_seconds)


@contextmanager
def running_sides(bench: BenchmarkEnvironment) -> Iterator[list[Side]]:
    with ExitStack() as stack:
        server = PostgresServer(**DURABLE)
        stack.callback(server.close)
        server.start()
        ledgers: Mapping[str, str | None] = {
            WITHOUT: None,
            SQLITE: f"sqlite:///{bench.data_folder / 'ledger.sqlite'}",
            POSTGRESQL: stack.enter_context(server.new_database("ledger")).render_as_string(hide_password=False),
        }
        definitions = bench.copy_definitions("twelve_steps.yaml")
        sides = []
        for number, (name, url) in enumerate(ledgers.items()):
            if url is not None:
                _migrate(url)
            queue = f"benchmark-ledger-{number}"
            worker = bench.start_worker(queue, definitions, f"worker-{number}", ledger_url=url)
            database_pid = server.pid if name == POSTGRESQL else None
            sides.append(Side(name, queue, stack.enter_context(stopped_at_exit(worker)), url, database_pid))
        yield sides


def _migrate(url: str) -> None:
    from ledger.database import open_ledger
    from ledger.migrations.schema_version import upgrade

    engine = open_ledger(url, create=True)
    upgrade(engine)
    engine.dispose()


async def run_round(bench: BenchmarkEnvironment, side: Side, name: str, orders: int) -> Round:
    async def run(order_id: str) -> None:
        await OrderClient(bench.client, side.task_queue).submit(twelve_step_order(order_id), decision_timeout=120)
        await bench.client.get_workflow_handle(order_workflow_id(order_id)).result()

    used, used_by_temporal = _side_cpu_seconds(side), cpu_seconds(bench.server_pid)
    began, used_by_all = time.perf_counter(), machine_cpu_seconds()
    await asyncio.gather(*(run(f"{name}-{number}") for number in range(orders)))
    seconds, used_by_all = time.perf_counter() - began, machine_cpu_seconds() - used_by_all
    used_by_temporal = cpu_seconds(bench.server_pid) - used_by_temporal
    await asyncio.sleep(SETTLING)
    used = _side_cpu_seconds(side) - used
    return Round(seconds, orders, used / orders, used_by_temporal / orders, used_by_all / orders)


def _side_cpu_seconds(side: Side) -> float:
    database = tree_cpu_seconds(side.database_pid) if side.database_pid is not None else 0.0
    return cpu_seconds(side.worker.pid) + database


async def measure(orders: int = ORDERS, rounds: int = ROUNDS) -> None:
    """Throughput in turns, with another side first in each round. The first round is a warm-up. Then latencies."""
    results: dict[str, list[Round]] = {WITHOUT: [], SQLITE: [], POSTGRESQL: []}
    async with benchmark_environment() as bench:
        with running_sides(bench) as sides:
            for number in range(rounds + 1):
                start = number % len(sides)
                for side in [*sides[start:], *sides[:start]]:
                    result = await run_round(bench, side, f"{side.task_queue}-{number}", orders)
                    if number:
                        results[side.name].append(result)
            _report_throughput(results, orders)
            await _measure_latency(bench, sides)


def _report_throughput(results: Mapping[str, list[Round]], orders: int) -> None:
    baseline = results[WITHOUT]
    exponent = speed_exponent([one.speed for one in rounds] for rounds in results.values())
    print_line(f"Cost of the ledger: {orders} orders of 12 calls at once, {len(baseline)} rounds in turns")
    for name, rounds in results.items():
        print_line(
            f"  {name:11} {format_spread([one.orders_per_second for one in rounds], ' orders/s', 1)}, "
            f"CPU of worker and database {format_spread([one.side_cpu_seconds * 1000 for one in rounds], ' ms', 1)}, "
            f"of the machine {format_spread([one.machine_cpu_seconds * 1000 for one in rounds], ' ms an order', 1)}"
        )
        if rounds is not baseline:
            _report_ratios(list(zip(rounds, baseline, strict=True)), exponent)


def _report_ratios(pairs: list[tuple[Round, Round]], exponent: float) -> None:
    """The machine is not equally fast in all rounds, so the second and third line are more exact than the first. They
    lack what the ledger costs Temporal."""
    speed = [one.orders_per_second / base.orders_per_second for one, base in pairs]
    together = sum(base.seconds for _, base in pairs) / sum(one.seconds for one, _ in pairs)
    print_line(
        f"  {'ratio':11} orders/s {format_spread(speed)}, 95 % of the median {median_interval(speed)}; all rounds "
        f"together {together:.2f}"
    )
    equal = [ratio_at_equal_speed(one.speed, base.speed, exponent) for one, base in pairs]
    print_line(f"  {'equal speed':11} orders/s {format_spread(equal)}, 95 % of the median {median_interval(equal)}")
    added = [one.side_cpu_seconds - base.side_cpu_seconds for one, base in pairs]
    share = [cpu / base.machine_cpu_seconds for cpu, (_, base) in zip(added, pairs, strict=True)]
    print_line(
        f"  {'added':11} CPU {statistics.median(added) * 1000:.1f} ms an order, {statistics.median(share):.1%} of the "
        f"machine's, 95 % of the median {median_interval(share, digits=3)}"
    )


def median_interval(values: list[float], digits: int = 2) -> str:
    """`0.96 … 1.01`: the interval that holds the median of such values with 95 % probability, by order statistics.

    The number of values below the true median is binomial, with probability one half each. Needs six values or more.
    """
    ordered, count = sorted(values), len(values)
    total, below, chosen = 0.0, 0, 1.0
    while total + chosen / 2**count <= 0.025:
        total += chosen / 2**count
        chosen = chosen * (count - below) / (below + 1)
        below += 1
    return f"{ordered[max(below - 1, 0)]:.{digits}f} … {ordered[count - max(below, 1)]:.{digits}f}"


async def _measure_latency(bench: BenchmarkEnvironment, sides: list[Side], orders: int = LATENCY_ORDERS) -> None:
    """Orders one after the other, the sides in turns. The first three of each are a warm-up."""
    first: dict[str, list[float]] = {side.name: [] for side in sides}
    between: dict[str, list[float]] = {side.name: [] for side in sides}
    for number in range(orders + 3):
        for side in sides:
            history = await run_order(bench, f"{side.task_queue}-alone-{number}", side.task_queue)
            if number >= 3:
                first[side.name].append(first_call_latency(list(history.events)))
                between[side.name] += step_gaps(list(history.events), PREDECESSORS)
    print_line(f"Latency with the ledger: {orders} orders one after the other, in ms (p50, p95)")
    for side in sides:
        print_line(
            f"  {side.name:11} accepted → first call {_percentiles(first[side.name])}, "
            f"step end → next call {_percentiles(between[side.name])}, "
            f"{statistics.median(between[side.name]) - statistics.median(between[sides[0].name]):+.2f}"
        )


def _percentiles(values: list[float]) -> str:
    return f"{percentile(values, 0.5):.1f}, {percentile(values, 0.95):.1f}"
