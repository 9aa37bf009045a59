"""The pages of the console in a real browser: how soon an order's other tabs are there, and what pages weigh."""

from __future__ import annotations

import statistics

from benchmarks.console.browser import BenchmarkConsole, order_id
from benchmarks.reporting import format_spread, print_line

SIZES = (2_000, 10_000)
TABS = {"lines": None, "timeline": 1_000.0, "history": 1_000.0}
"""Tab → milliseconds that it may take, if there is a limit."""
OPENINGS = 5

MAX_WEIGHT = 150_000
"""Bytes of a page with its scripts and styles, of a browser that has nothing of it."""
PAGES = {
    "orders": "/orders",
    "work": "/work",
    "an order": f"/orders/{order_id(SIZES[0])}",
    "its plan": f"/orders/{order_id(SIZES[0])}?view=plan",
    "its timeline": f"/orders/{order_id(SIZES[0])}?view=timeline",
}
REST_SECONDS = 2.0
"""After which a page has asked for everything."""

LOADED = "performance.getEntriesByType('navigation')[0].loadEventEnd"
PLAN_DATA = """
performance.getEntriesByType("resource").filter(({ name }) => name.includes("/plan"))
  .reduce((sum, { name, encodedBodySize }) => sum + (name.includes(".json") ? encodedBodySize : 0), 0)
"""


async def measure_tabs(console: BenchmarkConsole) -> bool:
    """Whether the limits hold."""
    holds = True
    print_line(f"Tabs of an order: median of {OPENINGS} openings (minimum … maximum) after a first one")
    async with console.page() as page:
        for steps in SIZES:
            for tab, limit in TABS.items():
                times: list[float] = []
                for _ in range(OPENINGS + 1):
                    await page.goto(f"/orders/{order_id(steps)}?view={tab}")
                    times.append(await page.evaluate(LOADED))
                first, *later = times
                over = limit is not None and statistics.median(later) > limit
                print_line(
                    f"  {steps:6} steps, {tab}: {format_spread(later, ' ms', 0)}, at first {first:.0f} ms"
                    f"{f', over the limit of {limit:.0f} ms' if over else ''}"
                )
                holds &= not over
    return holds


async def measure_weight(console: BenchmarkConsole) -> bool:
    """Whether the limit holds."""
    holds = True
    print_line("What a browser gets that has nothing stored, compressed, with headers; without the plan's data")
    for name, path in PAGES.items():
        async with console.page() as signed_in:
            session = await signed_in.context.storage_state()
        async with console.page(session) as page:
            before = console.connection.received
            await page.goto(path)
            await page.wait_for_timeout(REST_SECONDS * 1000)
            weight = console.connection.received - before - await page.evaluate(PLAN_DATA)
        print_line(f"  {name}: {weight / 1e3:.0f} kB{' (over the limit)' if weight > MAX_WEIGHT else ''}")
        holds &= weight <= MAX_WEIGHT
    return holds
