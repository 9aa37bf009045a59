"""The console's lists over a large ledger, in a real browser: how soon after a navigation the rows are painted.

Needs playwright and a chromium (CHROMIUM names it; default: /usr/bin/chromium).
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from sqlalchemy import URL

from benchmarks.ledger.filled_ledger import filled_ledger
from benchmarks.ledger.order_generator import LAST_NAMES, QUEUES, OrderGenerator
from benchmarks.reporting import percentile, print_line
from operations.access.roles import Role
from operations.temporal.connection import server_address
from tests.support.console.process import ConsoleProcess
from tests.support.console.site import add_console_account
from tests.support.servers.temporal import real_time

if TYPE_CHECKING:
    from playwright.async_api import Page

OPENINGS = 12
CHROMIUM = "/usr/bin/chromium"
TIMEOUT = 30_000
"""Milliseconds until a page counts as failed."""

MARK_PAINTED_ROWS = """
(() => {
  const look = () => {
    const rows = document.readyState !== "loading" && document.querySelector("[data-row]");
    const isThere = rows || document.readyState === "complete";
    requestAnimationFrame(isThere ? () => performance.mark("rows painted") : look);
  };
  requestAnimationFrame(look);
})();
"""
"""Marks the frame after the first one in which the page's rows are complete, or the page is, without any."""
PAINTED = "performance.getEntriesByName('rows painted')[0]?.startTime"


@dataclass(frozen=True)
class ListPage:
    name: str
    limit: float
    """Milliseconds: the greatest p95."""
    address: Callable[[Random], str]
    """With values drawn anew."""


def _orders(**build: Callable[[Random], object]) -> Callable[[Random], str]:
    """The address of the list of orders, with parameters that are drawn by these functions."""
    return lambda random: "/orders?" + urlencode({name: draw(random) for name, draw in build.items()})


PAGES = (
    ListPage("orders", 500, _orders()),
    ListPage("orders that have ended", 500, _orders(state=lambda _random: "completed")),
    ListPage("orders by requested date", 500, _orders(sort=lambda _random: "requested:asc")),
    ListPage("orders of a product", 500, _orders(product=lambda random: f"offer_{random.randrange(3):02}")),
    ListPage("orders of a customer", 500, _orders(customer=lambda random: f"C-{random.randrange(100):06}")),
    ListPage("search for 10,000 ids", 500, _orders(search=lambda random: f"so-00{random.randrange(10)}")),
    ListPage("search for a name", 500, _orders(search=lambda random: random.choice(LAST_NAMES))),
    ListPage("tasks of a queue", 1_000, lambda random: f"/work?queue={random.choice(QUEUES)}&limit=1000"),
    ListPage("1,000 tasks", 1_000, lambda _random: "/work?queue=*&limit=1000"),
)


async def measure(count: int, database: str, keep: Path | None = None) -> bool:
    """The parameters are those of `filled_ledger`. Returns whether the limits hold."""
    holds = True
    with filled_ledger(OrderGenerator(count), database, keep) as (site, _):
        site.warm_up()
        async with _signed_in(site.url) as page:
            print_line(f"{count:,} orders ({database}): milliseconds of {OPENINGS} openings until the rows are painted")
            print_line(f"  {'page':<28}{'rows':>6}{'p50':>8}{'p95':>8}{'max':>8}")
            for each in PAGES:
                holds &= await _measure_page(page, each)
    return holds


async def _measure_page(page: Page, wanted: ListPage) -> bool:
    random = Random(wanted.name)
    await _open(page, wanted.address(random))
    times = [await _open(page, wanted.address(random)) for _ in range(OPENINGS)]
    p50, p95 = (percentile(times, fraction) for fraction in (0.5, 0.95))
    rows = await page.locator("[data-row]").count()
    mark = f"  over the limit of {wanted.limit:.0f}" if p95 > wanted.limit else ""
    print_line(f"  {wanted.name:<28}{rows:6,}{p50:8.0f}{p95:8.0f}{max(times):8.0f}{mark}")
    return p95 <= wanted.limit


async def _open(page: Page, address: str) -> float:
    """Milliseconds from the start of the navigation."""
    await page.goto(address)
    await page.wait_for_function(f"() => {PAINTED} !== undefined", timeout=TIMEOUT)
    return float(await page.evaluate(PAINTED))


@asynccontextmanager
async def _signed_in(ledger: URL) -> AsyncIterator[Page]:
    """A page of a console over the ledger, which somebody who may do everything has signed in to."""
    from playwright.async_api import async_playwright

    with TemporaryDirectory() as name:
        async with real_time() as temporal, async_playwright() as playwright:
            accounts = Path(name) / "accounts.yaml"
            accounts.write_text("accounts: {}\n")
            token = add_console_account(accounts, "benchmark", Role.ADMIN)
            ledger_url = ledger.render_as_string(hide_password=False)
            environment = {"ORDO_ACCOUNTS_FILE": str(accounts), "ORDO_LEDGER_URL": ledger_url}
            address = server_address(temporal.client)
            console = ConsoleProcess("--address", address, log=Path(name) / "console.log", **environment)
            flags = ["--no-sandbox", "--disable-background-networking"]
            browser = await playwright.chromium.launch(executable_path=os.environ.get("CHROMIUM", CHROMIUM), args=flags)
            try:
                context = await browser.new_context(
                    viewport={"width": 1280, "height": 800}, base_url=await console.ready()
                )
                await context.add_init_script(MARK_PAINTED_ROWS)
                page = await context.new_page()
                await page.goto(f"/sign-in#token={token}")
                await page.wait_for_url(lambda url: "/sign-in" not in url)
                yield page
            finally:
                await browser.close()
                console.close()
