"""Signing in and out as people do: links, tokens, tabs, keyboard, colours, and the time zone of their browser."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from operations.access.account_changes import revoke_tokens, rotate_token
from operations.access.accounts_file import changing_accounts
from operations.access.roles import Role
from operations.client import OrderClient
from tests.browser.conftest import OpenBrowser, Problems
from tests.support.console.orders import step_in, submit
from tests.support.console.site import ConsoleSite
from workflows.contract.states import StepState

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Page

WRONG = "ordo_aaaaaaaa_" + "A" * 43
MOST_TABS = 60
"""Presses of the Tab key in which everything that a page has is reached."""


async def signed_in_as(page: Page) -> str:
    return str(await page.locator(".person-name").inner_text()).strip()


async def with_task(orders: OrderClient) -> str:
    order_id = await submit(orders, "survey")
    await step_in(orders, order_id, StepState.IN_PROGRESS)
    return order_id


async def press_until(page: Page, key: str, reached: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(MOST_TABS):
        await page.keyboard.press(key)
        if await reached():
            return
    raise AssertionError(f"{key} never led there; it is now at {await focused_text(page)}")


async def focused_text(page: Page) -> str:
    return str(await page.evaluate("document.activeElement?.innerText ?? ''")).strip()


async def sign_out(page: Page) -> None:
    await page.locator(".person-menu summary").click()
    await page.get_by_role("button", name="Sign out").click()
    await page.get_by_text("You are signed out").wait_for()
    await page.wait_for_load_state()  # its scripts have run


async def test_the_link_signs_in_and_its_token_stays_nowhere(site: ConsoleSite, open_browser: OpenBrowser) -> None:
    token = site.add_account("link-user", Role.OPERATOR)
    page = await (await open_browser()).new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(f"{request.url} {request.headers.get('referer', '')}"))
    await page.goto(f"/sign-in#token={token}")
    await page.wait_for_url("**/orders")
    assert await signed_in_as(page) == "link-user"
    assert token not in page.url
    entries = await page.evaluate("navigation.entries().map((entry) => entry.url)")
    assert entries
    kept = await page.evaluate("[document.cookie, document.referrer, ...Object.values({...localStorage})].join(' ')")
    later = asked[1:]  # the first one is what this test has typed into the address
    assert later
    for place in (*entries, kept, await page.content(), *later):
        assert token not in place
    await page.goto("/sign-in")
    assert await page.locator("#token").input_value() == ""
    assert "You are signed in as link-user" in await page.locator("main").inner_text()


@pytest.mark.parametrize(
    ("ending", "told"),
    [
        ("wrong", "The token is wrong. Copy it again, whole"),
        ("rotated", "The token has expired. Ask an admin for a new one"),
        ("revoked", "The token was revoked. Ask an admin for a new one"),
    ],
)
async def test_a_link_that_does_not_work_says_why(
    site: ConsoleSite, open_browser: OpenBrowser, problems: Problems, ending: str, told: str
) -> None:
    problems.expect("401")
    name, token, good = f"link-{ending}", WRONG, site.new_token(Role.VIEWER)
    accounts_file = site.settings.accounts_file
    assert accounts_file is not None
    if ending != "wrong":
        token = site.add_account(name, Role.VIEWER)
        with changing_accounts(accounts_file) as change:
            now = datetime.now(UTC)
            if ending == "rotated":
                issued = rotate_token(change.accounts, name, now, timedelta(0))
                change.save(issued.accounts)
                good = issued.token
            else:
                change.save(revoke_tokens(change.accounts, name, now)[0])
    page = await (await open_browser()).new_page()
    await page.goto(f"/sign-in#token={token}")
    await page.get_by_role("alert").filter(has_text=told).wait_for()
    assert token not in page.url
    assert token not in await page.content()
    field = page.get_by_label("Token of your account")
    assert await field.input_value() == ""
    assert await field.get_attribute("aria-invalid") == "true"
    await field.fill(good)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await page.locator(".person-name").wait_for()


@pytest.mark.parametrize("wanted", ["/work?kind=fallout&queue=*", "/orders?state=in_progress&search=elm+smi", "/help"])
async def test_after_signing_in_one_is_where_one_wanted_to_be(
    site: ConsoleSite, open_browser: OpenBrowser, wanted: str
) -> None:
    page = await (await open_browser()).new_page()
    await page.goto(wanted)
    assert "/sign-in?next=" in page.url
    await page.get_by_label("Token of your account").fill(site.new_token(Role.VIEWER))
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await page.wait_for_url(site.url + wanted)


async def test_a_link_leads_to_no_other_site(site: ConsoleSite, open_browser: OpenBrowser) -> None:
    page = await (await open_browser()).new_page()
    for elsewhere in ("https://evil.test/", "//evil.test/", "/\\evil.test/"):
        await page.goto(f"/sign-in?next={elsewhere}#token={site.new_token(Role.VIEWER)}")
        await page.wait_for_url(f"{site.url}/orders")


async def test_signing_out_leaves_nothing_in_any_tab(
    site: ConsoleSite, open_browser: OpenBrowser, orders: OrderClient
) -> None:
    order_id = await with_task(orders)
    context = await open_browser(site.add_account("out-first", Role.OPERATOR))
    other, page = await context.new_page(), await context.new_page()
    await other.goto(f"/orders/{order_id}?view=history")
    await page.goto(f"/orders/{order_id}")
    assert order_id in await page.content()
    await sign_out(page)
    await other.wait_for_url(f"{site.url}/sign-in?left=1&next=*")
    for tab in (page, other):
        text = await tab.content()
        assert "out-first" not in text
        assert order_id not in await tab.locator("main").inner_text()
    await page.go_back()
    assert "/sign-in" in page.url
    assert order_id not in await page.locator("main").inner_text()
    # Whoever signs in next is led to the page that was open.
    await other.get_by_label("Token of your account").fill(site.add_account("out-second", Role.VIEWER))
    await other.get_by_role("button", name="Sign in", exact=True).click()
    await other.wait_for_url(f"{site.url}/orders/{order_id}?view=history")
    assert await signed_in_as(other) == "out-second"


async def test_another_account_in_the_same_browser_takes_over_every_tab(
    site: ConsoleSite, open_browser: OpenBrowser, orders: OrderClient
) -> None:
    """Somebody signs in without the former having signed out."""
    order_id = await with_task(orders)
    context = await open_browser(site.add_account("over-first", Role.OPERATOR))
    other = await context.new_page()
    await other.goto("/orders")
    await other.get_by_role("button", name="Save view").click()
    await other.locator("#view-name").fill("over-first's own view")
    await other.keyboard.press("Enter")
    await other.get_by_role("link", name="over-first's own view").wait_for()
    await other.goto(f"/orders/{order_id}/steps/1")
    assert await other.locator(".action-list a").count() > 0
    page = await context.new_page()
    await page.goto(f"/sign-in#token={site.add_account('over-second', Role.VIEWER)}")
    await page.wait_for_url("**/orders")
    await other.locator(".person-name", has_text="over-second").wait_for()
    assert await other.locator(".action-list a").count() == 0
    for tab in (page, other):
        assert "over-first" not in await tab.content()
    assert "over-first" not in await page.locator("[data-own-views]").inner_text()
    # The other tab stays current, with the session of the second.
    await other.goto("/orders")
    await with_task(orders)
    await other.locator("[data-new-bar]").get_by_text("new: show").wait_for()
    assert await other.locator("#connection").is_hidden()


async def test_a_session_that_ended_by_itself_leaves_what_was_typed(
    site: ConsoleSite, open_browser: OpenBrowser, orders: OrderClient
) -> None:
    order_id = await with_task(orders)
    token = site.add_account("ended", Role.OPERATOR)
    page = await (await open_browser(token)).new_page()
    await page.goto(f"/orders/{order_id}")
    accounts_file = site.settings.accounts_file
    assert accounts_file is not None
    with changing_accounts(accounts_file) as change:
        issued = rotate_token(change.accounts, "ended", datetime.now(UTC), timedelta(0))
        change.save(issued.accounts)
    ended = page.locator("#connection")
    await ended.get_by_text("Your session has ended").wait_for()
    assert order_id in await page.content()
    await ended.get_by_role("link", name="Sign in").click()
    await page.get_by_label("Token of your account").fill(issued.token)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await page.wait_for_url(f"{site.url}/orders/{order_id}")


async def test_signing_in_and_out_by_keyboard_alone(site: ConsoleSite, open_browser: OpenBrowser) -> None:
    page = await (await open_browser()).new_page()
    await page.goto("/sign-in?next=/help")
    await page.keyboard.type(site.add_account("keys", Role.VIEWER))  # the field has the focus
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{site.url}/help")
    await page.keyboard.press("Tab")
    assert await focused_text(page) == "Skip to the content"
    await page.keyboard.press("Enter")
    assert await page.evaluate("document.activeElement?.id") == "content"

    async def is_at(text: str) -> bool:
        return await focused_text(page) == text

    await press_until(page, "Shift+Tab", lambda: is_at("keys"))
    assert await page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    await page.keyboard.press("Enter")
    await press_until(page, "Tab", lambda: is_at("Sign out"))
    await page.keyboard.press("Enter")
    await page.get_by_text("You are signed out").wait_for()
    await page.locator("#token:focus").wait_for()


async def brightness(page: Page) -> float:
    """Of the page's background, from 0 to 255."""
    colour = await page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    red, green, blue = map(float, re.findall(r"[\d.]+", colour)[:3])
    return (red + green + blue) / 3


async def test_the_chosen_colours_stay_over_pages_reloads_and_tabs(
    site: ConsoleSite, open_browser: OpenBrowser
) -> None:
    context = await open_browser(site.new_token(Role.VIEWER), color_scheme="light")
    page, other = await context.new_page(), await context.new_page()
    await other.goto("/orders")
    await page.goto("/help")
    assert await brightness(page) > 200
    await page.get_by_role("button", name="Light or dark").click()
    assert await brightness(page) < 60
    await other.locator("html[data-theme=dark]").wait_for(state="attached")
    assert await brightness(other) < 60
    await page.reload()
    assert await brightness(page) < 60
    await page.goto("/work")
    assert await brightness(page) < 60
    await sign_out(page)
    assert await brightness(page) < 60
    await page.get_by_role("button", name="Light or dark").click()
    assert await brightness(page) > 200


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Kolkata"])
async def test_times_are_those_of_the_browsers_zone(
    site: ConsoleSite, open_browser: OpenBrowser, orders: OrderClient, zone: str
) -> None:
    order_id = await with_task(orders)
    context = await open_browser(site.new_token(Role.VIEWER), timezone_id=zone, locale="en-GB")
    page = await context.new_page()
    seen = 0
    for view in ("", "?view=history", "?view=timeline"):
        await page.goto(f"/orders/{order_id}{view}")
        await page.locator("time[data-time]:not([title])").first.wait_for(state="detached")
        for time in await page.locator("time[data-time]").all():
            moment = datetime.fromisoformat(str(await time.get_attribute("datetime"))).astimezone(ZoneInfo(zone))
            title = str(await time.get_attribute("title"))
            assert f"{moment:%A} {moment.day} {moment:%B} {moment:%Y}" in title.replace(",", "")
            assert f"{moment:%H:%M:%S}" in title
            if await time.get_attribute("data-time") in ("both", "full", "clock"):
                assert f"{moment:%H:%M}" in str(await time.text_content())
            seen += 1
    assert seen >= 4


async def test_a_viewer_sees_why_an_action_is_not_possible(viewer: BrowserContext, orders: OrderClient) -> None:
    """At the button itself, by mouse and by keyboard."""
    order_id = await with_task(orders)
    page = await viewer.new_page()
    await page.goto(f"/orders/{order_id}/steps/1")
    claim = page.locator("#why-claim")
    await claim.locator("summary").focus()
    await page.keyboard.press("Enter")
    reason = claim.get_by_text("This needs the role operator or admin")
    await reason.wait_for()
    assert "not possible now" in await claim.locator("summary").inner_text()
    await page.goto("/systems/desk")
    switch = page.locator(".button-off", has_text="Switch off").first
    assert await switch.get_attribute("aria-disabled") == "true"
    shown = switch.locator(".reason")
    assert await shown.is_hidden()
    await switch.hover()
    await shown.wait_for()
    assert "This needs the role operator or admin" in await shown.inner_text()
