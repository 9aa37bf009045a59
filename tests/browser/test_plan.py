"""The Plan tab: lanes, tables, keyboard, choices in the address, live states, schemes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from operations.access.roles import Role
from operations.client import OrderClient
from tests.browser.conftest import OpenBrowser
from tests.browser.test_accessibility import findings_on
from tests.support.console.site import ConsoleSite
from tests.support.workers.gateway_worker import eventually
from workflows.contract import actions
from workflows.contract.order_messages import Actor, StepAction

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Locator, Page

MANY_LINES = 12
LONG_TABLE = 60
"""Lines of a table that is several times as long as the window."""
PAN_ROWS = """
async (rows) => {
  const view = document.querySelector(".plan-window"), known = new WeakSet(document.querySelectorAll("*"));
  let made = 0;
  const counting = new MutationObserver((changes) => {
    for (const { addedNodes } of changes) {
      for (const node of addedNodes) {
        if (!(node instanceof Element)) continue;
        for (const each of [node, ...node.querySelectorAll("*")]) {
          if (!known.has(each)) made++;
          known.add(each);
        }
      }
    }
  });
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  counting.observe(view, { childList: true, subtree: true });
  for (let row = 0; row < Math.abs(rows); row++) {
    view.scrollBy(0, 34 * Math.sign(rows));
    await frame();
    await frame();
  }
  await frame();
  counting.disconnect();
  return made;
}
"""
"""Moves the plan row by row. Returns how many elements were made while it moved."""


async def submit(orders: OrderClient, order_id: str, *products: str, fallout: int = 0) -> str:
    """The address of the order's plan, once as many steps are in fallout."""
    lines = [{"id": str(at), "product": product} for at, product in enumerate(products, 1)]
    await orders.submit({"id": order_id, "lines": lines})
    await eventually(lambda: orders.read(order_id, steps=False), lambda read: read.order.fallout == fallout)
    return f"/orders/{order_id}?view=plan"


@pytest.fixture(scope="module")
async def many_lines(orders: OrderClient) -> str:
    """Lines of one shape: the address of their plan. The seal of line 5 is done."""
    url = await submit(orders, "PLAN-MANY", *["seal"] * MANY_LINES)
    await complete(orders, "PLAN-MANY", "seal.seal@5")
    return url


@pytest.fixture(scope="module")
async def long_table(orders: OrderClient) -> str:
    return await submit(orders, "PLAN-LONG", *["seal"] * LONG_TABLE) + "&as=matrix&sort=line"


async def complete(orders: OrderClient, order_id: str, step: str) -> None:
    await orders.perform_action(order_id, actions.COMPLETE, StepAction(step=step, actor=Actor(by="ann"), data={}))


def box(page: Page, *words: str) -> Locator:
    """A step of the lanes, by what a screen reader says."""
    return page.locator(".plan-step" + "".join(f'[aria-label*="{word}"]' for word in words))


async def first_line(page: Page) -> str:
    return str(await page.locator(".plan-rows .plan-row .plan-lane-name").first.inner_text())


@pytest.mark.usefixtures("broken")
async def test_a_step_turns_without_reading_the_plan_again(orders: OrderClient, viewer: BrowserContext) -> None:
    url = await submit(orders, "PLAN-LIVE", "seal", "repair", fallout=1)
    page = await viewer.new_page()
    read: list[str] = []
    page.on("request", lambda request: read.append(request.url) if "/plan" in request.url else None)
    await page.goto(url)
    await box(page, "seal, Seal", "in progress").wait_for()
    await box(page, "try", "in fallout").wait_for()
    await box(page, "check, Seal", "pending").wait_for()
    await complete(orders, "PLAN-LIVE", "seal.seal@1")
    await box(page, "seal, Seal", "completed").wait_for()
    await box(page, "check, Seal", "in progress").wait_for()
    assert [each.rpartition("/")[2] for each in read if ".json" in each] == ["plan.json", "plan-states.json"]


async def test_arrow_keys_move_along_the_arrows(orders: OrderClient, viewer: BrowserContext) -> None:
    url = await submit(orders, "PLAN-KEYS", "seal", "survey")
    page = await viewer.new_page()
    await page.goto(url)
    await box(page, "seal, Seal").focus()
    await page.keyboard.press("ArrowRight")
    assert "check, " in (await page.locator(":focus").get_attribute("aria-label") or "")
    await page.keyboard.press("ArrowLeft")
    assert "seal, " in (await page.locator(":focus").get_attribute("aria-label") or "")
    await page.keyboard.press("ArrowDown")
    assert "ask" in (await page.locator(":focus").get_attribute("aria-label") or "")
    await page.locator(".plan-card").wait_for()
    assert "survey.ask" in await page.locator(".plan-card").inner_text()
    await page.keyboard.press("/")
    assert await page.locator(":focus").get_attribute("type") == "search"


async def test_lines_of_one_shape_are_a_table(many_lines: str, viewer: BrowserContext) -> None:
    page = await viewer.new_page()
    await page.goto(many_lines)
    table = page.get_by_role("table")
    await table.wait_for()
    assert await table.get_attribute("aria-rowcount") == str(MANY_LINES + 1)
    heads = [text.strip() for text in await page.get_by_role("columnheader").all_inner_texts()]
    assert heads == ["Line", "seal", "check"]
    await page.get_by_role("columnheader", name="Check").get_by_role("button").click()
    assert await first_line(page) == "5"
    assert "sort=seal.check" in page.url
    await page.reload()
    await table.wait_for()
    assert await first_line(page) == "5"


async def test_counts_choose_what_is_shown(many_lines: str, viewer: BrowserContext) -> None:
    page = await viewer.new_page()
    await page.goto(many_lines)
    done = page.locator(".plan-count[data-state=done]")
    await done.click()
    rows = page.locator(".plan-rows .plan-row")
    assert await rows.count() == 1
    assert "state=done" in page.url
    await page.get_by_role("button", name="Next step found").click()
    assert "seal, " in (await page.locator(":focus").get_attribute("aria-label") or "")
    await done.click()
    assert await rows.count() == MANY_LINES
    assert "state=" not in page.url


async def test_cells_are_reached_by_keyboard(many_lines: str, viewer: BrowserContext) -> None:
    page = await viewer.new_page()
    await page.goto(many_lines + "&sort=line")
    await page.locator(".plan-rows [data-step]").first.focus()
    for key, told in (("ArrowDown", "line 2"), ("ArrowRight", "check, "), ("ArrowUp", "line 1"), ("Home", "seal, ")):
        await page.keyboard.press(key)
        label = await page.locator(":focus").get_attribute("aria-label") or ""
        assert told in label, (key, label)


async def test_a_table_that_is_moved_makes_no_new_elements(long_table: str, viewer: BrowserContext) -> None:
    page = await viewer.new_page()
    await page.goto(long_table)
    await page.locator(".plan-rows [data-step]").first.wait_for()
    await page.evaluate(PAN_ROWS, 10)
    assert await page.evaluate(PAN_ROWS, 15) == 0
    assert await page.evaluate(PAN_ROWS, -20) == 0
    assert 12 < await page.locator(".plan-rows .plan-row").count() < 40


async def test_lanes_that_are_moved_make_no_new_elements(long_table: str, viewer: BrowserContext) -> None:
    page = await viewer.new_page()
    await page.goto(long_table.replace("as=matrix", "as=lanes&lines=each"))
    await page.locator(".plan-step").first.wait_for()
    await page.evaluate(PAN_ROWS, 30)
    assert await page.evaluate(PAN_ROWS, 40) == 0
    assert await page.evaluate(PAN_ROWS, -40) == 0
    told = await eventually(lambda: drawn_boxes(page), lambda boxes: boxes == sorted(boxes))
    assert len(told) > 20
    for _, number, link, label in told:
        assert link.endswith(f"/steps/{number}")
        assert label.startswith(f"{number} ")


async def drawn_boxes(page: Page) -> list[tuple[float, int, str, str]]:
    """From the top, number, link and name of each box, as they follow each other in the document."""
    boxes = []
    for box in await page.locator(".plan-step").all():
        top = float(await box.evaluate("element => element.offsetTop"))
        number = int(await box.locator(".plan-number").inner_text())
        boxes.append((top, number, await box.get_attribute("href") or "", await box.get_attribute("aria-label") or ""))
    return boxes


async def test_rows_of_a_table_that_was_moved_are_whole_and_in_reading_order(
    long_table: str, viewer: BrowserContext
) -> None:
    page = await viewer.new_page()
    await page.goto(long_table)
    await page.locator(".plan-rows [data-step]").first.wait_for()
    for rows in (25, -12, 14):
        await page.evaluate(PAN_ROWS, rows)
    shown = await eventually(lambda: drawn_rows(page), lambda rows: rows == sorted(rows))
    numbers = [number for number, _ in shown]
    assert 25 in numbers
    assert numbers == [*range(numbers[0], numbers[-1] + 1)]
    for number, told in shown:
        assert told == f"{number} | seal, line {number}, in progress | check, line {number}, pending"


async def drawn_rows(page: Page) -> list[tuple[int, str]]:
    """The number of each row, with what it says, as they follow each other in the document."""
    rows = []
    for row in await page.locator(".plan-rows .plan-row").all():
        labels = [await each.get_attribute("aria-label") or "" for each in await row.locator("[data-step]").all()]
        words = [", ".join(label.partition(" ")[2].split(", ")[:3]) for label in labels]
        name = await row.locator(".plan-lane-name").inner_text()
        rows.append((int(await row.get_attribute("aria-rowindex") or 0) - 1, " | ".join([name, *words])))
    return rows


async def test_a_focused_step_keeps_the_focus_while_the_table_moves(long_table: str, viewer: BrowserContext) -> None:
    page = await viewer.new_page()
    await page.goto(long_table)
    await page.locator('.plan-rows [aria-label*="line 2,"]').first.focus()
    await page.evaluate(PAN_ROWS, 35)
    assert "line 2," in (await page.locator(":focus").get_attribute("aria-label") or "")
    await page.keyboard.press("ArrowDown")
    assert "line 3," in (await page.locator(":focus").get_attribute("aria-label") or "")
    await page.locator('.plan-rows [aria-label*="line 9,"]').first.wait_for()


async def test_search_leads_to_the_step(many_lines: str, viewer: BrowserContext) -> None:
    page = await viewer.new_page()
    await page.goto(many_lines + "&as=lanes&lines=each")
    await page.locator(".plan-step").first.wait_for()
    await page.get_by_label("Search the plan").fill("seal.check@11")
    await page.keyboard.press("Enter")
    assert "check, " in (await page.locator(":focus").get_attribute("aria-label") or "")
    assert await page.locator(".plan-place").inner_text() == "1 of 1 step"
    assert re.search(r"[?&]q=seal\.check(%40|@)11", page.url)


async def test_lanes_of_one_shape_are_drawn_once_or_each(orders: OrderClient, viewer: BrowserContext) -> None:
    url = await submit(orders, "PLAN-LANES", *["seal"] * 30)
    page = await viewer.new_page()
    await page.goto(url + "&as=lanes")
    await page.locator(".plan-step.is-bundle").first.wait_for()
    assert await page.locator(".plan-step").count() == 2
    await page.get_by_label("Each lane by itself").check()
    await box(page, "seal, Seal").nth(3).wait_for()
    assert "lines=each" in page.url
    shown = await page.locator(".plan-step").count()
    assert 4 < shown < 60, "only what the window shows exists"


@pytest.mark.usefixtures("broken")
async def test_what_does_not_matter_is_left_out(orders: OrderClient, viewer: BrowserContext) -> None:
    url = await submit(orders, "PLAN-MATTERS", "seal", "repair", fallout=1)
    page = await viewer.new_page()
    await page.goto(url + "&show=matters")
    await box(page, "try").wait_for()
    assert await page.get_by_label("Only what matters").is_checked()
    assert await page.locator(".plan-step").count() == 3


async def test_arrows_change_with_the_scheme(orders: OrderClient, viewer: BrowserContext) -> None:
    url = await submit(orders, "PLAN-SCHEME", "seal")
    page = await viewer.new_page()
    await page.goto(url)
    await box(page, "seal, Seal").wait_for()
    before = await painted(page)
    await page.get_by_role("button", name="Light or dark").click()
    await eventually(lambda: painted(page), lambda now: now not in (before, ""))


async def painted(page: Page) -> str:
    return str(await page.evaluate("document.querySelector('.plan-arrows').toDataURL()"))


async def test_without_scripts_the_plan_is_a_table(
    many_lines: str, viewer: BrowserContext, open_browser: OpenBrowser
) -> None:
    signed_in = await viewer.storage_state()
    context = await open_browser(storage_state=signed_in, java_script_enabled=False)
    page = await context.new_page()
    await page.goto(many_lines)
    assert await page.locator("tr[data-row]").count() == 2 * MANY_LINES
    assert "in progress" in await page.locator("tr[data-row]").first.inner_text()


@pytest.mark.parametrize("form", ["as=matrix", "as=lanes", "as=table"])
async def test_no_form_has_a_serious_finding(
    many_lines: str, site: ConsoleSite, open_browser: OpenBrowser, form: str
) -> None:
    for scheme, width in (("light", 1280), ("dark", 390)):
        size = {"width": width, "height": 800}
        context = await open_browser(site.new_token(Role.VIEWER), color_scheme=scheme, viewport=size)
        page = await context.new_page()
        await page.goto(f"{many_lines}&{form}")
        await page.locator("[data-step], [data-box], .plan-as-table").first.wait_for()
        assert await findings_on(page) == []
