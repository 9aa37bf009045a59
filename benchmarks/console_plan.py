"""The Plan tab in a real browser: how soon a plan is drawn, how smoothly it moves, how much is transferred.

Orders of different sizes run on a worker, and stay open with steps in every state. Needs playwright and a chromium
(CHROMIUM names it; default: /usr/bin/chromium).
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.environment import BenchmarkEnvironment, ChildProcess, benchmark_environment, stopped_at_exit
from benchmarks.orders import STEPS_PER_SITE, site_order
from benchmarks.reporting import format_spread, print_line
from operations.access.account_changes import add_account
from operations.access.accounts_file import changing_accounts
from operations.access.roles import Role
from operations.client import OrderClient

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

SIZES = (60, 500, 2_000, 10_000)
VIEWS = (("matrix", "as=matrix"), ("lanes", "as=lanes&lines=each"))
LIMITS = {2_000: 1_000.0, 10_000: 2_000.0}
"""Steps → milliseconds from the request of the page until the plan is drawn."""
LEAST_FRAMES = 50.0
"""Frames a second while the plan is moved."""
QUEUE = "benchmark-plan"
OPENINGS = 5
QUIET_SECONDS = 3.0
CHROMIUM = "/usr/bin/chromium"

DRAWN = "performance.getEntriesByName('plan drawn')[0]?.startTime ?? null"
PAN = """
async () => {
  const view = document.querySelector(".plan-window"), times = [];
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  let last = await frame();
  for (let at = 0; at < 120; at++) {
    view.scrollBy(at % 40 < 20 ? 9 : -9, 61);
    const now = await frame();
    times.push(now - last);
    last = now;
  }
  return times;
}
"""
TRANSFERRED = """
() => {
  const [{ encodedBodySize: page }] = performance.getEntriesByType("navigation");
  const sizes = { page, assets: 0, structure: 0, states: 0 };
  for (const { name, encodedBodySize } of performance.getEntriesByType("resource")) {
    const kind = name.includes("plan-states") ? "states" : name.includes("plan.json") ? "structure" : "assets";
    sizes[kind] += encodedBodySize;
  }
  return { ...sizes, nodes: document.querySelectorAll("*").length };
}
"""


@dataclass(frozen=True)
class Opening:
    drawn: float
    """Milliseconds."""
    frames: list[float]
    """Milliseconds of each frame while the plan is moved."""
    sizes: dict[str, int]

    @property
    def frames_per_second(self) -> float:
        return 1000 * len(self.frames) / sum(self.frames)


async def measure() -> bool:
    """Whether the limits hold."""
    from playwright.async_api import async_playwright

    print_line(f"Plan in a browser: median of {OPENINGS} openings (minimum … maximum) after a first one")
    executable = os.environ.get("CHROMIUM", CHROMIUM)
    flags = ["--no-sandbox", "--disable-background-networking"]
    holds = True
    async with benchmark_environment() as bench, async_playwright() as playwright:
        with bench.running_worker(QUEUE, "sites.yaml", "twelve_steps.yaml"):
            orders = OrderClient(bench.client, QUEUE)
            for steps in SIZES:
                await _submit(orders, steps)
            browser = await playwright.chromium.launch(executable_path=executable, args=flags)
            async with _signed_in(bench, browser) as page:
                for steps in SIZES:
                    holds &= await _measure_size(page, steps)
            await browser.close()
    return holds


async def _submit(orders: OrderClient, steps: int) -> None:
    """Returns once no step of the order goes on by itself."""
    order_id = _order_id(steps)
    await orders.submit(site_order(order_id, round(steps / STEPS_PER_SITE)), decision_timeout=120)
    before: dict[str, int] = {}
    while True:
        await asyncio.sleep(QUIET_SECONDS)
        counts = (await orders.read(order_id, steps=False)).order.steps_by_state
        if counts and counts == before:
            named = ", ".join(f"{count:,} {state.replace('_', ' ')}" for state, count in sorted(counts.items()))
            print_line(f"  {order_id}: {named}")
            return
        before = counts


def _order_id(steps: int) -> str:
    return f"N-{steps}"


@asynccontextmanager
async def _signed_in(bench: BenchmarkEnvironment, browser: Browser) -> AsyncIterator[Page]:
    """A page of a console that has been signed in to."""
    with _console(bench) as (url, token):
        context = await browser.new_context(viewport={"width": 1280, "height": 800}, base_url=url)
        page = await context.new_page()
        await page.goto(f"/sign-in#token={token}")
        await page.wait_for_url(lambda address: "/sign-in" not in address)
        yield page
        await context.close()


@contextmanager
def _console(bench: BenchmarkEnvironment) -> Iterator[tuple[str, str]]:
    """Its address, and the token of an account."""
    accounts = bench.data_folder / "accounts.yaml"
    accounts.write_text("accounts: {}\n")
    token = _new_account(accounts)
    command = [sys.executable, "-m", "console", "--port", "0", "--address", bench.address, "--task-queue", QUEUE]
    variables = {"ORDO_ACCOUNTS_FILE": str(accounts), "ORDO_LEDGER_URL": ""}
    console = ChildProcess(command, variables, bench.data_folder / "console.log", "console ready")
    with stopped_at_exit(console):
        yield _address(console.find_log_line("console ready")), token


def _new_account(accounts: Path) -> str:
    with changing_accounts(accounts) as change:
        issued = add_account(change.accounts, "benchmark", [Role.ADMIN], [], datetime.now(UTC))
        change.save(issued.accounts)
    return issued.token


def _address(line: str) -> str:
    start = line.index("http://127.0.0.1:")
    return line[start:].split('"')[0].split()[0]


async def _measure_size(page: Page, steps: int) -> bool:
    holds = True
    for name, query in VIEWS:
        url = f"/orders/{_order_id(steps)}?view=plan&{query}"
        first = await _open(page, url)
        openings = [await _open(page, url) for _ in range(OPENINGS)]
        drawn = [each.drawn for each in openings]
        rates = [each.frames_per_second for each in openings]
        slowest = max(max(each.frames) for each in openings)
        sizes = first.sizes
        print_line(
            f"  {steps:6} steps, {name}: drawn after {format_spread(drawn, ' ms', 0)}, at first {first.drawn:.0f} ms"
            f"; {format_spread(rates, ' frames a second', 0)}, longest frame {slowest:.0f} ms"
        )
        print_line(
            f"         {sizes['nodes']:,} elements; compressed: structure {sizes['structure'] / 1e3:.0f} kB, states"
            f" {sizes['states'] / 1e3:.0f} kB, page {sizes['page'] / 1e3:.0f} kB, scripts and styles"
            f" {sizes['assets'] / 1e3:.0f} kB"
        )
        limit = LIMITS.get(steps)
        if limit is not None and (statistics.median(drawn) > limit or statistics.median(rates) < LEAST_FRAMES):
            print_line(f"         over the limit: {limit:.0f} ms, {LEAST_FRAMES:.0f} frames a second")
            holds = False
    return holds


async def _open(page: Page, url: str) -> Opening:
    await page.goto(url)
    await page.locator(".plan.is-drawn [data-step], .plan.is-drawn [data-box]").first.wait_for(timeout=60_000)
    drawn: float | None = None
    while drawn is None:
        drawn = await page.evaluate(DRAWN)
    frames: list[float] = await page.evaluate(PAN)
    sizes: dict[str, Any] = await page.evaluate(TRANSFERRED)
    return Opening(drawn, frames, sizes)
