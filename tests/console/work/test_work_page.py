"""The inbox: what waits, soonest due first, by cause and queue; claim, release, take over."""

from __future__ import annotations

import re
from pathlib import Path

from operations.access.roles import Role
from operations.client import OrderClient
from tests.support.console.orders import in_fallout, step_in, submit
from tests.support.console.site import ConsoleSite, console_over, site_settings
from tests.support.html_forms import forms_of, visible_text
from tests.support.workers.gateway_worker import eventually
from workflows.contract.states import StepState


async def a_task(orders: OrderClient) -> str:
    order_id = await submit(orders, "survey")
    await step_in(orders, order_id, StepState.IN_PROGRESS)
    return order_id


async def test_tasks_are_listed_claimed_and_released(site: ConsoleSite, orders: OrderClient) -> None:
    order_id = await a_task(orders)
    visitor = await site.visitor()

    async def listed() -> str:
        return await visitor.page("/work", queue="field_ops", customer="C-1", limit=500)

    page = await eventually(listed, lambda page: order_id in page)
    text = visible_text(page)
    for words in ("Tasks", "Fallout", "field_ops", "C-1", "Ask", "Up to date"):
        assert words in text, words
    (form,) = [form for form in forms_of(page) if form.id == "row-actions"]
    claim = f"/orders/{order_id}/actions/claim?step=1"
    assert claim in page
    back = await visitor.post(claim, form.values)
    assert back.headers["location"].startswith("/work?")
    assert (await orders.read(order_id)).step("1").holder == "operator"
    mine = await eventually(lambda: visitor.page("/work?mine=1&limit=500"), lambda page: order_id in page)
    assert f"/orders/{order_id}/actions/complete?step=1" in mine
    other = await eventually(
        lambda: _page_of(site, Role.ADMIN, "/work?queue=*&limit=500"), lambda page: f"{order_id}/actions/claim" in page
    )
    assert "Take over" in visible_text(other)
    release = await visitor.post(f"/orders/{order_id}/actions/assign?step=1", form.values)
    assert release.status_code == 303
    assert (await orders.read(order_id)).step("1").holder is None


async def _page_of(site: ConsoleSite, role: Role, url: str) -> str:
    return await (await site.visitor(role)).page(url)


async def test_fallout_is_grouped_by_cause(site: ConsoleSite, orders: OrderClient) -> None:
    order_id = await in_fallout(orders)
    visitor = await site.visitor()
    url = "/work?kind=fallout&system=desk&limit=500"
    page = await eventually(lambda: visitor.page(url), lambda page: order_id in page)
    assert "kind=fallout&amp;system=desk&amp;code=" in page
    assert "not today" in visible_text(page)
    none = await visitor.page("/work?kind=fallout&code=no_such_code")
    assert "Nothing fits." in visible_text(none)
    viewer = await (await site.visitor(Role.VIEWER)).page(url)
    assert "/actions/claim" not in viewer
    assert 'name="pick"' not in viewer


async def test_an_operator_with_one_queue_begins_with_it(site: ConsoleSite, orders: OrderClient) -> None:
    await a_task(orders)
    visitor = await site.sign_in(site.new_token(Role.OPERATOR, queues=("field_ops",)))
    page = await visitor.page("/work")
    assert "You act on the work in field_ops." in visible_text(page)
    assert '<option value="field_ops" selected>field_ops (yours)</option>' in page
    everything = await visitor.page("/work?queue=*")
    assert '<option value="field_ops">field_ops (yours)</option>' in everything


async def test_every_queue_with_work_can_be_chosen(site: ConsoleSite, orders: OrderClient) -> None:
    order_id = await a_task(orders)
    visitor = await site.visitor()
    await eventually(lambda: visitor.page("/work?queue=field_ops&limit=1000"), lambda page: order_id in page)
    nothing = await visitor.page("/work?customer=NOBODY&unclaimed=1")
    assert "Nothing fits." in visible_text(nothing)
    assert '<option value="field_ops">' in nothing


async def test_a_long_list_is_in_parts_that_the_browser_can_leave_out(site: ConsoleSite, orders: OrderClient) -> None:
    order_id = await a_task(orders)
    visitor = await site.visitor()
    page = await eventually(lambda: visitor.page("/work?queue=*&limit=1000"), lambda page: order_id in page)
    parts = re.findall(r"<tbody>(.*?)</tbody>", page, re.DOTALL)
    assert sum(part.count("<tr data-row") for part in parts) == page.count("<tr data-row")
    assert all(part.count("<tr data-row") == 25 for part in parts[:-1])


async def test_a_wrong_filter_is_a_page_that_says_so(site: ConsoleSite) -> None:
    visitor = await site.visitor()
    assert (await visitor.get("/work?limit=0")).status_code == 422
    assert (await visitor.get("/work?cursor=nonsense")).status_code == 422


async def test_without_a_ledger_the_inbox_comes_from_visibility_and_says_so(
    orders: OrderClient, tmp_path: Path
) -> None:
    order_id = await a_task(orders)
    plain = OrderClient(orders.client, orders.task_queue)
    async with console_over(plain, site_settings(tmp_path)) as without:
        visitor = await without.visitor()
        url = "/work?queue=field_ops&limit=500"
        page = await eventually(lambda: visitor.page(url), lambda page: order_id in page)
        assert "Without a ledger" in visible_text(page)
        assert (await visitor.get("/work?search=x")).status_code == 422
