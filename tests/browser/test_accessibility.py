"""Every page, light and dark, without a serious finding of axe."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from console.navigation import NAVIGATION
from operations.access.roles import Role
from operations.client import OrderClient
from tests.browser.conftest import OpenBrowser, Problems
from tests.browser.mendable_system import MendableSystem
from tests.support.console.orders import step_in, submit
from tests.support.console.site import ConsoleSite
from workflows.contract import actions
from workflows.contract.order_messages import Actor, StepAction
from workflows.contract.states import StepState

if TYPE_CHECKING:
    from playwright.async_api import Page

SERIOUS = ("serious", "critical")
WIDTHS = {"light": 1280, "dark": 390}
OTHERS = ["/help", "/sign-in", "/bulk"]


def pages_of(order_id: str) -> list[str]:
    """Those that need an id."""
    return [
        f"/orders/{order_id}",
        *(f"/orders/{order_id}?view={view}" for view in ("lines", "plan", "timeline", "history")),
        f"/orders/{order_id}/steps/1",
        f"/orders/{order_id}/actions/retry?step=1",
        f"/orders/{order_id}/actions/amend",
        f"/orders/{order_id}/actions/cancel",
        f"/bulk/new?kind=fallout&action=retry&pick={order_id}/1",
        "/work?kind=fallout",
        "/catalogue/repair",
        "/systems/desk",
    ]


async def pages_from(page: Page) -> list[str]:
    """The addresses of all pages that the bar leads to."""
    await page.goto("/help")
    links = await page.locator(".main-nav a").all()
    return [str(await link.get_attribute("href")) for link in links]


async def until_listed(page: Page, order_id: str) -> None:
    """Until the order's task is among the work."""
    async with asyncio.timeout(20):
        while not await page.locator("tr[data-row]", has_text=order_id).count():
            await page.goto("/work")


async def findings_on(page: Page) -> list[str]:
    """The serious ones: rule and element."""
    from axe_playwright_python.async_playwright import Axe

    results: dict[str, Any] = (await Axe().run(page)).response
    return [
        f"{page.url}: {rule['id']} ({rule['impact']}): {node['html'][:160]}"
        for rule in results["violations"]
        if rule["impact"] in SERIOUS
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_page_has_a_serious_finding(
    site: ConsoleSite,
    orders: OrderClient,
    system: MendableSystem,
    open_browser: OpenBrowser,
    problems: Problems,
    scheme: str,
) -> None:
    system.is_mended = False
    order_id = await submit(orders, "repair")
    await step_in(orders, order_id, StepState.FATALLY_FAILED)
    tasks = [await submit(orders, "survey") for _ in range(2)]
    await orders.perform_action(tasks[0], actions.CLAIM, StepAction(step="1", actor=Actor(by="ann")))
    size = {"width": WIDTHS[scheme], "height": 800}
    context = await open_browser(site.new_token(Role.ADMIN), color_scheme=scheme, viewport=size)
    page = await context.new_page()
    found: list[str] = []
    paths = await pages_from(page)
    for task_id in tasks:
        await until_listed(page, task_id)
    assert len(paths) == len([each for each in NAVIGATION if each.url in paths]) >= 4
    of_task = [f"/orders/{tasks[0]}/steps/1", f"/orders/{tasks[0]}/actions/complete?step=1"]
    for path in [*paths, *pages_of(order_id), *of_task, *OTHERS]:
        response = await page.goto(path)
        assert response is not None
        assert response.ok, path
        found += await findings_on(page)
    problems.expect("404")
    await page.goto("/no-such-page")
    found += await findings_on(page)
    assert not found, "\n".join(found)


async def test_axe_finds_what_is_wrong(open_browser: OpenBrowser) -> None:
    context = await open_browser()
    page = await context.new_page()
    await page.goto("/sign-in")
    await page.evaluate("document.querySelectorAll('label').forEach((label) => label.remove())")
    await page.evaluate("document.documentElement.removeAttribute('lang')")
    assert any("html-has-lang" in each for each in await findings_on(page))
