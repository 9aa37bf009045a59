"""Tabs that show what they are told of a topic."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Page

_SHOW = """async ([topic, since]) => {
    const page = document.querySelector('script[src*="js/live/page.js"]');
    const { follow } = await import(page.src.replace("page.js", "follow.js"));
    const list = document.createElement("ol");
    list.id = "told";
    document.querySelector("main").append(list);
    follow(topic, since, (change) => {
        const item = document.createElement("li");
        item.textContent = JSON.stringify(change);
        list.append(item);
    });
}"""


async def open_tab(context: BrowserContext, topic: str, since: str = "") -> Page:
    """A page that lists the changes of the topic as JSON."""
    page = await context.new_page()
    await page.goto("/help")
    await show_topic(page, topic, since)
    return page


async def show_topic(page: Page, topic: str, since: str = "") -> None:
    await page.evaluate(_SHOW, [topic, since])


async def wait_for(page: Page, text: str) -> None:
    """Until a change has this text in it."""
    await page.locator("#told li", has_text=text).first.wait_for(state="attached")


async def told(page: Page) -> list[dict[str, Any]]:
    return [json.loads(text) for text in await page.locator("#told li").all_inner_texts()]
