"""How soon a change is told to those who look at it, and what a console with many open streams needs."""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import httpx
from sqlalchemy import Engine

from benchmarks.reporting import percentile, print_line
from ledger.database import open_ledger, write_transaction
from ledger.feed.feeder_row import FeederRow
from ledger.writing.apply_changes import apply_changes
from operations.access.roles import Role
from operations.temporal.connection import server_address
from tests.support.console.process import ConsoleProcess
from tests.support.console.site import add_console_account
from tests.support.ledger.databases import migrate, sqlite_url
from tests.support.ledger.simulated_orders import SimulatedOrder
from tests.support.servers.temporal import real_time
from workflows.contract.order_changes import OrderChange

ORDERS, STEPS = 25, 2_000
STREAMS = (50, 200)
SECONDS = 30.0
PER_SECOND = 10.0
"""Changes of orders, by all of them together."""
ACCOUNTS = 8
"""An account may have a limited number of streams."""


@dataclass
class Lags:
    """Seconds from a commit to its arrival at each viewer."""

    steps: list[float] = field(default_factory=list)
    lists: list[float] = field(default_factory=list)
    written: dict[str, dict[int, float]] = field(default_factory=lambda: defaultdict(dict))
    """Order → step that has begun → when that was committed."""
    last_written: dict[str, float] = field(default_factory=dict)


async def measure() -> None:
    with TemporaryDirectory() as name:
        async with AsyncExitStack() as stack:
            temporal = await stack.enter_async_context(real_time())
            await _measure_in(Path(name), server_address(temporal.client))


async def _measure_in(folder: Path, address: str) -> None:
    url = sqlite_url(folder)
    migrate(url)
    engine = open_ledger(url)
    feeder = FeederRow("benchmark")
    began = datetime.now(UTC) + timedelta(hours=1)  # their time goes on with their changes only: no change is old
    orders = [SimulatedOrder(f"LIVE-{number}", step_count=STEPS, started_at=began) for number in range(ORDERS)]
    _write(engine, feeder, *(order.complete() for order in orders))
    accounts = folder / "accounts.yaml"
    accounts.write_text("accounts: {}\n")
    tokens = [add_console_account(accounts, f"viewer-{number}", Role.VIEWER) for number in range(ACCOUNTS)]
    for streams in STREAMS:
        with _console(folder, address, accounts, url.render_as_string()) as console:
            base_url = await console.ready()
            empty = _memory(console.process.pid)
            lags, kept = Lags(), {order.order_id: order for order in orders}
            async with AsyncExitStack() as stack:
                await _open_streams(stack, base_url, tokens, streams, lags)
                await _change_orders(engine, feeder, kept, lags)
                full = _memory(console.process.pid)
        print_line(
            f"Console, {streams} streams on {ORDERS} orders of {STEPS:,} steps, {PER_SECOND:.0f} changes/s: commit → "
            f"told p50 {percentile(lags.steps, 0.5):.2f} s, p95 {percentile(lags.steps, 0.95):.2f} s on orders' pages "
            f"({len(lags.steps)}), p95 {percentile(lags.lists, 0.95):.2f} s on the list; memory {full:.0f} MB "
            f"({empty:.0f} MB without streams)"
        )
    engine.dispose()


@contextmanager
def _console(folder: Path, address: str, accounts: Path, ledger_url: str) -> Iterator[ConsoleProcess]:
    environment = {"ORDO_ACCOUNTS_FILE": str(accounts), "ORDO_LEDGER_URL": ledger_url}
    log = folder / f"console-{time.monotonic_ns()}.log"
    console = ConsoleProcess("--address", address, log=log, **environment)
    try:
        yield console
    finally:
        console.close()


async def _open_streams(stack: AsyncExitStack, base_url: str, tokens: list[str], count: int, lags: Lags) -> None:
    browsers = []
    for token in tokens:
        limits = httpx.Limits(max_connections=None)
        http = httpx.AsyncClient(base_url=base_url, timeout=60, trust_env=False, limits=limits)
        await stack.enter_async_context(http)
        signed_in = await http.post("/sign-in", data={"token": token}, headers={"Sec-Fetch-Site": "same-origin"})
        assert signed_in.status_code == 303, signed_in.text
        browsers.append(http)
    for number in range(count):
        http, order_id = browsers[number % len(browsers)], f"LIVE-{number % ORDERS}"
        params = {"topic": [f"order/{order_id}@", "orders@", "work@"]}
        response = await stack.enter_async_context(
            http.stream("GET", "/live", params=params, headers={"Sec-Fetch-Dest": "empty"})
        )
        response.raise_for_status()
        task = asyncio.create_task(_listen(response.aiter_lines(), order_id, lags))
        stack.callback(task.cancel)
    await asyncio.sleep(5)


async def _listen(lines: AsyncIterator[str], order_id: str, lags: Lags) -> None:
    async for line in lines:
        if not line.startswith('data: {"topic"'):
            continue
        now, change = time.perf_counter(), json.loads(line[6:])
        for item in change.get("items", ()):
            if change["topic"] == "orders" and (written := lags.last_written.get(item["order_id"])):
                lags.lists.append(now - written)
            if change["topic"] == f"order/{order_id}" and (written := lags.written[order_id].get(item["number"])):
                lags.steps.append(now - written)


async def _change_orders(engine: Engine, feeder: FeederRow, orders: dict[str, SimulatedOrder], lags: Lags) -> None:
    """Begins steps, one after the other, of random orders."""
    random, end = Random(1), time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        order = random.choice(list(orders.values()))
        number = next(number for number, step in order.steps.items() if step.state == "pending")
        change = order.begin(number)
        await asyncio.to_thread(_write, engine, feeder, change)
        lags.written[order.order_id][number] = lags.last_written[order.order_id] = time.perf_counter()
        await asyncio.sleep(1 / PER_SECOND)
    await asyncio.sleep(3)


def _write(engine: Engine, feeder: FeederRow, *changes: OrderChange) -> None:
    feeder.written_changes += len(changes)
    feeder.committed_at = datetime.now(UTC)
    with write_transaction(engine) as connection:
        apply_changes(connection, changes)
        feeder.report(connection, oldest_unwritten_at=None, unwritten_orders=0, dropped_orders=0)


def _memory(pid: int) -> float:
    """Resident, in MB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0
