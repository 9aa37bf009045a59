"""The Plan tab in a real browser: how soon a plan is drawn, how smoothly it moves, how much is transferred.

Orders of different sizes run on a worker, and stay open with steps in every state. After that come the other tabs, and
what pages weigh.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.console.browser import SIZES, benchmark_console, order_id
from benchmarks.console.pages import measure_tabs, measure_weight
from benchmarks.reporting import format_spread, print_line

if TYPE_CHECKING:
    from playwright.async_api import Page

VIEWS = (("matrix", "as=matrix"), ("lanes", "as=lanes&lines=each"))
LIMITS = {2_000: 1_000.0, 10_000: 2_000.0}
"""Steps → milliseconds from the request of the page until the plan is drawn: at the first opening, when nothing of the
order has been read yet, and in the median of the later ones."""
LEAST_FRAMES = 50.0
"""Frames a second while the plan is moved."""
OPENINGS = 4

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
    holds = True
    async with benchmark_console() as console:
        print_line(f"Plan in a browser: the first opening, and the median (minimum … maximum) of {OPENINGS} later ones")
        async with console.page() as page:
            for steps in SIZES:
                holds &= await _measure_size(page, steps)
        holds &= await measure_tabs(console)
        holds &= await measure_weight(console)
    return holds


async def _measure_size(page: Page, steps: int) -> bool:
    holds = True
    for name, query in VIEWS:
        url = f"/orders/{order_id(steps)}?view=plan&{query}"
        first = await _open(page, url)
        openings = [await _open(page, url) for _ in range(OPENINGS)]
        drawn = [each.drawn for each in openings]
        rates = [each.frames_per_second for each in openings]
        slowest = max(max(each.frames) for each in openings)
        sizes = first.sizes
        print_line(
            f"  {steps:6} steps, {name}: first drawn after {first.drawn:.0f} ms, later {format_spread(drawn, ' ms', 0)}"
            f"; {format_spread(rates, ' frames a second', 0)}, longest frame {slowest:.0f} ms"
        )
        print_line(
            f"         {sizes['nodes']:,} elements; compressed: structure {sizes['structure'] / 1e3:.0f} kB, states"
            f" {sizes['states'] / 1e3:.0f} kB, page {sizes['page'] / 1e3:.0f} kB, scripts and styles"
            f" {sizes['assets'] / 1e3:.0f} kB"
        )
        limit, slowest_opening = LIMITS.get(steps), max(first.drawn, statistics.median(drawn))
        if limit is not None and (slowest_opening > limit or statistics.median(rates) < LEAST_FRAMES):
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
