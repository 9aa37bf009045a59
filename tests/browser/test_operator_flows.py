"""What operators do all day, click by click, and who may not."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING

import pytest

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
    from playwright.async_api import BrowserContext, Page


async def in_fallout(orders: OrderClient) -> str:
    order_id = await submit(orders, "repair")
    await step_in(orders, order_id, StepState.FATALLY_FAILED)
    return order_id


async def with_task(orders: OrderClient) -> str:
    order_id = await submit(orders, "survey")
    await step_in(orders, order_id, StepState.IN_PROGRESS)
    return order_id


async def open_work(context: BrowserContext, url: str, order_id: str) -> Page:
    """The list of work, once it has the order."""
    page = await context.new_page()
    await page.goto(url)
    for _ in range(50):
        if await page.locator("tr", has_text=order_id).count():
            return page
        await page.wait_for_timeout(200)
        await page.reload()
    raise AssertionError(f"{url} has no order {order_id}: {await page.locator('main').inner_text()}")


async def test_a_failed_step_is_found_read_retried_and_turns(
    operator: BrowserContext, orders: OrderClient, broken: MendableSystem
) -> None:
    order_id = await in_fallout(orders)
    page = await open_work(operator, "/work?kind=fallout&limit=500", order_id)
    row = page.locator("tr", has_text=order_id)
    assert "the lock does not turn" in await row.inner_text()
    await row.locator("a[data-open]").click()
    await page.locator("#step-state", has_text="in fallout").wait_for()
    assert "the lock does not turn" in await page.locator("#step-head").inner_text()
    broken.is_mended = True
    await page.locator(".action-list").get_by_role("link", name="Retry", exact=True).click()
    await page.get_by_label("Reason").fill("The lock was oiled")
    await page.get_by_role("button", name="Retry", exact=True).click()
    await page.locator("#step-state", has_text="completed").wait_for()
    await page.locator("text=The lock was oiled").first.wait_for()


async def test_the_order_in_fallout_is_found_and_its_page_turns(
    operator: BrowserContext, orders: OrderClient, broken: MendableSystem
) -> None:
    order_id = await in_fallout(orders)
    page = await open_work(operator, "/orders?fallout=true", order_id)
    await page.locator("tr", has_text=order_id).locator("a[data-open]").click()
    head = page.locator("[data-live-region=head]")
    await head.get_by_text("the lock does not turn").first.wait_for()
    await page.evaluate("document.body.dataset.loaded = 'once'")
    broken.is_mended = True
    request = StepAction(step="1", actor=Actor(by="ann"))
    await orders.perform_action(order_id, actions.RETRY, request)
    await head.locator(".order-state", has_text="completed").wait_for()
    await page.locator("body[data-loaded=once]").wait_for()


async def test_new_orders_are_announced_and_rows_do_not_jump(viewer: BrowserContext, orders: OrderClient) -> None:
    first = await with_task(orders)
    page = await open_work(viewer, "/orders", first)
    shown = await page.locator("tr[data-row]").first.get_attribute("data-key")
    await with_task(orders)
    await page.locator("[data-new-bar]").get_by_text("new: show").wait_for()
    assert await page.locator("tr[data-row]").first.get_attribute("data-key") == shown


async def test_a_step_turns_on_the_page_without_a_reload(
    operator: BrowserContext, viewer: BrowserContext, orders: OrderClient, broken: MendableSystem
) -> None:
    """One person acts, and another one, who looks at the same step, sees it."""
    order_id = await in_fallout(orders)
    watched = await viewer.new_page()
    await watched.goto(f"/orders/{order_id}/steps/1")
    await watched.locator("#step-state", has_text="in fallout").wait_for()
    await watched.evaluate("document.body.dataset.loaded = 'once'")
    broken.is_mended = True
    page = await operator.new_page()
    await page.goto(f"/orders/{order_id}/actions/retry?step=1")
    await page.get_by_role("button", name="Retry", exact=True).click()
    await watched.locator("#step-state", has_text="completed").wait_for()
    await watched.locator("body[data-loaded=once]").wait_for()


async def test_a_task_is_completed_after_a_mistake_without_typing_again(
    operator: BrowserContext, orders: OrderClient, problems: Problems
) -> None:
    problems.expect("422")
    order_id = await with_task(orders)
    page = await open_work(operator, "/work?queue=field_ops&limit=500", order_id)
    await page.locator("tr", has_text=order_id).get_by_role("link", name="Complete", exact=True).click()
    await page.get_by_label("Reason").fill("By telephone")
    await page.get_by_role("button", name="Complete", exact=True).click()
    problem = page.get_by_role("alert")
    await problem.filter(has_text="Nothing was done").wait_for()
    assert await page.get_by_label("Reason").input_value() == "By telephone"
    await problem.get_by_role("link").first.click()
    await page.keyboard.type("Yes, from May on")
    await page.get_by_role("button", name="Complete", exact=True).click()
    await page.locator(".notice-done", has_text="completed").wait_for()
    step = await step_in(orders, order_id, StepState.COMPLETED)
    assert step.output == {"answer": "Yes, from May on"}


async def test_a_cancellation_past_the_point_of_no_return_is_refused_with_the_reason(
    operator: BrowserContext, orders: OrderClient
) -> None:
    order_id = await submit(orders, "seal")
    await step_in(orders, order_id, StepState.IN_PROGRESS)
    page = await operator.new_page()
    await page.goto(f"/orders/{order_id}/actions/cancel")
    text = await page.locator("main").inner_text()
    assert "point of no return" in text
    assert (await orders.read(order_id, steps=False)).order.state == "in_progress"


async def test_an_amendment_shows_the_difference_before_it_is_done(
    operator: BrowserContext, orders: OrderClient
) -> None:
    order_id = await submit(orders, "parcel", tracking="T-1")
    await step_in(orders, order_id, StepState.IN_PROGRESS)
    page = await operator.new_page()
    await page.goto(f"/orders/{order_id}/actions/amend")
    area = page.locator("textarea[name=order]")
    await area.fill((await area.input_value()).replace("T-1", "T-2"))
    await page.get_by_label("Reason").fill("A new parcel")
    await page.get_by_role("button", name="Show what it does").click()
    difference = page.locator("#difference")
    await difference.locator("del", has_text="T-1").first.wait_for()
    await difference.locator("ins", has_text="T-2").first.wait_for()
    assert (await orders.read(order_id, steps=False)).order.revision == 1
    await page.get_by_role("button", name="Amend order").click()
    await page.locator(".notice-done").wait_for()
    assert (await orders.read(order_id, steps=False)).order.revision == 2


async def test_two_operators_on_one_task(
    site: ConsoleSite, open_browser: OpenBrowser, orders: OrderClient, problems: Problems
) -> None:
    """The second one learns who was first, and can take over."""
    problems.expect("409")
    order_id = await with_task(orders)
    pages = []
    for name in ("first", "second"):
        context = await open_browser(site.add_account(f"flow-{name}", Role.OPERATOR))
        page = await context.new_page()
        await page.goto(f"/orders/{order_id}/actions/claim?step=1")
        pages.append(page)
    await pages[0].get_by_role("button", name="Claim", exact=True).click()
    await pages[0].locator(".notice-done").wait_for()
    await pages[1].get_by_role("button", name="Claim", exact=True).click()
    refusal = pages[1].locator("#refusal")
    await refusal.filter(has_text="flow-first").wait_for()
    await pages[1].goto(f"/orders/{order_id}/actions/claim?step=1")
    await pages[1].get_by_label(re.compile("Take it over from flow-first")).check()
    await pages[1].get_by_role("button", name="Claim", exact=True).click()
    await pages[1].locator(".notice-done").wait_for()
    assert (await orders.read(order_id)).step("1").holder == "flow-second"


async def test_everything_that_failed_is_retried_at_once_after_the_system_came_back(
    operator: BrowserContext, orders: OrderClient, broken: MendableSystem
) -> None:
    order_ids = [await in_fallout(orders) for _ in range(3)]
    page = await open_work(operator, "/work?kind=fallout&limit=500", order_ids[-1])
    assert await page.get_by_role("button", name="The ticked rows…").is_disabled()
    for order_id in order_ids:
        await page.locator("tr", has_text=order_id).get_by_role("checkbox").check()
    await page.get_by_role("button", name="The 3 ticked rows…").click()
    await page.locator("#dry-run", has_text="3 would be done").wait_for()
    broken.is_mended = True
    await page.get_by_role("button", name="Begin with 3 steps").click()
    await page.locator("#job-state", has_text="done").wait_for()
    assert "3 of 3 tried" in await page.locator("#job").inner_text()
    for order_id in order_ids:
        await step_in(orders, order_id, StepState.COMPLETED)


async def test_a_requested_time_is_typed_in_the_viewer_s_zone(
    site: ConsoleSite, open_browser: OpenBrowser, orders: OrderClient
) -> None:
    context = await open_browser(site.new_token(Role.OPERATOR), timezone_id="Europe/Berlin")
    page = await context.new_page()
    await page.goto("/submit?offer=survey")
    order_id, start = f"Z-{uuid.uuid4().hex[:8]}", page.get_by_label("Requested start")
    await page.get_by_label("Order id").fill(order_id)
    await start.fill("2020-06-01T10:00")
    await page.get_by_role("button", name="Show the plan").click()
    await page.locator("#plan-title").wait_for()
    await page.wait_for_load_state()  # its scripts have run
    assert await start.input_value() == "2020-06-01T10:00"
    assert "Europe/Berlin" in await page.locator("main").inner_text()
    await page.get_by_role("button", name="Submit the order").click()
    await page.wait_for_url(f"**/orders/{order_id}")
    assert (await orders.exports.submitted_order(order_id))["requested_start"] == "2020-06-01T08:00:00Z"


async def test_a_viewer_cannot_act(viewer: BrowserContext, orders: OrderClient, problems: Problems) -> None:
    problems.expect("403")
    order_id = await with_task(orders)
    page = await viewer.new_page()
    await page.goto(f"/orders/{order_id}/steps/1")
    assert await page.locator(".action-list a").count() == 0
    assert "This needs the role operator or admin" in str(await page.locator(".action-list").text_content())
    response = await page.goto(f"/orders/{order_id}/actions/claim?step=1")
    assert response is not None
    assert response.status == 403
    token = await page.locator("meta[name=csrf-token]").get_attribute("content")
    status = await page.evaluate(
        """async ([url, token]) => (await fetch(url, {method: "POST", headers: {"X-CSRF-Token": token}})).status""",
        [f"/orders/{order_id}/actions/claim?step=1", token],
    )
    assert status == 403
    assert (await orders.read(order_id)).step("1").holder is None


@pytest.mark.parametrize("token", ["none", "of another session"])
async def test_a_forged_request_does_nothing(
    operator: BrowserContext, viewer: BrowserContext, orders: OrderClient, problems: Problems, token: str
) -> None:
    """Another page sends the form of an operator who is signed in: a page of another site, or one without the token."""
    problems.expect("403")
    order_id = await with_task(orders)
    forged = ""
    if token == "of another session":
        page = await viewer.new_page()
        await page.goto("/help")
        forged = str(await page.locator("meta[name=csrf-token]").get_attribute("content"))
    page = await operator.new_page()
    await page.goto("/help")
    status = await page.evaluate(
        """async ([url, token]) => {
            const body = new URLSearchParams({ csrf: token, do: "confirm" });
            return (await fetch(url, { method: "POST", body })).status;
        }""",
        [f"/orders/{order_id}/actions/claim?step=1", forged],
    )
    assert status == 403
    assert (await orders.read(order_id)).step("1").holder is None


async def test_a_form_on_another_site_does_nothing(
    site: ConsoleSite, operator: BrowserContext, orders: OrderClient, problems: Problems
) -> None:
    problems.expect("403|ERR_")
    order_id = await with_task(orders)
    form = f'<form method="post" action="{site.url}/orders/{order_id}/actions/claim?step=1"><button>Win</button></form>'
    await operator.route("http://evil.test/", lambda route: route.fulfill(body=form, content_type="text/html"))
    page = await operator.new_page()
    await page.goto("http://evil.test/")
    await page.get_by_role("button", name="Win").click()
    await page.locator("text=another site").or_(page.locator("h1", has_text="Sign in")).first.wait_for()
    assert (await orders.read(order_id)).step("1").holder is None
