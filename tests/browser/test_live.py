"""Pages stay current: in many tabs, without shared workers, and while what they depend on is away."""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from temporalio.testing import WorkflowEnvironment

from operations.access.roles import Role
from operations.client import OrderClient
from operations.temporal.connection import server_address
from tests.browser.conftest import QUEUE, OpenBrowser, Problems
from tests.browser.followed_topics import open_tab, wait_for
from tests.browser.restarted_console import RestartedConsole
from tests.support.console.site import ConsoleSite
from workflows.contract import actions
from workflows.contract.order_messages import Actor, StepAction

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Page

LONGEST_STOP = 8.0
"""Seconds. An open stream would keep the process for as long as the browser is there."""
WITHOUT_WORKERS = "delete globalThis.SharedWorker"


async def submit_task(orders: OrderClient, order_id: str) -> str:
    """An order with one task. Returns its topic."""
    await orders.submit({"id": order_id, "lines": [{"id": "1", "product": "survey"}]})
    return f"order/{order_id}"


async def claim(orders: OrderClient, order_id: str, by: str) -> None:
    await orders.perform_action(order_id, actions.CLAIM, StepAction(step="1", actor=Actor(by=by), take_over=True))


async def test_nine_tabs_are_current_over_one_connection(
    site: ConsoleSite, orders: OrderClient, viewer: BrowserContext
) -> None:
    """A browser has six connections to a host, so the seventh tab would hang if each had a stream."""
    topic = await submit_task(orders, "TABS-1")
    mark = await site.app.state.live.mark(topic)
    tabs = [await open_tab(viewer, topic, mark) for _ in range(9)]
    await claim(orders, "TABS-1", "ann")
    for tab in tabs:
        await wait_for(tab, '"holder":"ann"')
    await until_streams(site, 1)
    for tab in tabs:
        await tab.close()
    await until_streams(site, 0)


async def test_without_shared_workers_each_visible_page_has_a_stream(
    site: ConsoleSite, orders: OrderClient, viewer: BrowserContext
) -> None:
    await viewer.add_init_script(WITHOUT_WORKERS)
    topic = await submit_task(orders, "OWN-1")
    mark = await site.app.state.live.mark(topic)
    tabs = [await open_tab(viewer, topic, mark) for _ in range(2)]
    await until_streams(site, 2)
    await claim(orders, "OWN-1", "ann")
    for tab in tabs:
        await wait_for(tab, '"holder":"ann"')
    for tab in tabs:
        await tab.close()
    await until_streams(site, 0)


async def test_a_page_that_was_reloaded_gets_what_came_since_its_mark(
    site: ConsoleSite, orders: OrderClient, viewer: BrowserContext
) -> None:
    topic = await submit_task(orders, "MARK-1")
    mark = await site.app.state.live.mark(topic)
    first = await open_tab(viewer, topic, mark)
    await claim(orders, "MARK-1", "ann")
    await wait_for(first, '"holder":"ann"')
    second = await open_tab(viewer, topic, mark)
    await wait_for(second, '"holder":"ann"')
    third = await open_tab(viewer, topic, "00000000.1")
    await wait_for(third, '"gap":true')


async def test_signing_out_in_one_tab_ends_the_stream_of_all(site: ConsoleSite, viewer: BrowserContext) -> None:
    page, other = await open_tab(viewer, "orders"), await open_tab(viewer, "orders")
    await until_streams(site, 1)
    await other.locator(".person-menu summary").click()
    await other.get_by_role("button", name="Sign out").click()
    await page.wait_for_url(f"{site.url}/sign-in?left=1&next=%2Fhelp")
    await until_streams(site, 0)


@pytest.fixture
async def process(temporal: WorkflowEnvironment, ledger_file: Path, tmp_path: Path) -> AsyncIterator[RestartedConsole]:
    """A console of its own, over the same orders."""
    url = f"sqlite:///{ledger_file}"
    process = RestartedConsole(tmp_path, server_address(temporal.client), QUEUE, ORDO_LEDGER_URL=url)
    try:
        await process.start()
        yield process
    finally:
        process.kill()


async def test_a_page_says_that_the_console_is_away_and_goes_on_once_it_is_back(
    process: RestartedConsole, orders: OrderClient, open_browser: OpenBrowser, problems: Problems
) -> None:
    problems.expect("ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET")
    context = await open_browser(process.new_token("ann", Role.VIEWER), url=process.url)
    topic = await submit_task(orders, "AWAY-1")
    page = await open_tab(context, topic)
    await until_followed(page, orders, "AWAY-1")
    mark = page.locator("#connection")
    assert await mark.is_hidden()
    process.kill()
    await mark.filter(has_text="Connection lost at").wait_for()
    await process.start()
    await wait_for(page, '"gap":true')
    await mark.wait_for(state="hidden")
    await claim(orders, "AWAY-1", "bob")
    await wait_for(page, '"holder":"bob"')


@pytest.mark.parametrize("tabs", [1, 4])
async def test_the_console_stops_soon_with_streams_open(
    process: RestartedConsole, open_browser: OpenBrowser, problems: Problems, tabs: int
) -> None:
    problems.expect("ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET")
    context = await open_browser(process.new_token("ann", Role.VIEWER), url=process.url)
    await context.add_init_script(WITHOUT_WORKERS)
    pages = [await open_tab(context, "orders") for _ in range(tabs)]
    assert await asyncio.to_thread(process.stop) < LONGEST_STOP
    await pages[-1].locator("#connection").filter(has_text="Connection lost at").wait_for()


async def test_a_page_keeps_up_while_the_ledger_is_away(
    orders: OrderClient, viewer: BrowserContext, ledger_file: Path
) -> None:
    topic = await submit_task(orders, "LEDGER-1")
    page = await open_tab(viewer, topic)
    await until_followed(page, orders, "LEDGER-1")
    moved = ledger_file.with_suffix(".moved")
    os.rename(ledger_file, moved)
    try:
        await claim(orders, "LEDGER-1", "bob")
        await wait_for(page, '"holder":"bob"')
    finally:
        os.rename(moved, ledger_file)
    await wait_for(page, '"gap":true')
    await claim(orders, "LEDGER-1", "carl")
    await wait_for(page, '"holder":"carl"')


async def until_followed(page: Page, orders: OrderClient, order_id: str) -> None:
    """Until the page is told of changes. One that opens without a mark is told of those that come."""
    async with asyncio.timeout(20):
        for number in itertools.count():
            await claim(orders, order_id, f"person-{number}")
            await asyncio.sleep(0.5)
            if await page.locator("#told li").count():
                return


async def until_streams(site: ConsoleSite, count: int) -> None:
    async with asyncio.timeout(20):
        while site.app.state.live.streams.total() != count:  # noqa: ASYNC110 - nothing announces it
            await asyncio.sleep(0.05)
