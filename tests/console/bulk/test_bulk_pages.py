"""A bulk job from the inbox: tried out, begun, watched, stopped."""

from __future__ import annotations

import re
from html import unescape

from operations.access.roles import Role
from operations.client import OrderClient
from tests.support.console.orders import in_fallout, step_in, submit
from tests.support.console.site import ConsoleSite
from tests.support.html_forms import main_form, visible_text
from tests.support.workers.gateway_worker import eventually
from workflows.contract.states import StepState


async def test_chosen_steps_are_tried_out_and_done_by_a_job(site: ConsoleSite, orders: OrderClient) -> None:
    first, second = await in_fallout(orders), await in_fallout(orders)
    visitor = await site.visitor()
    await eventually(
        lambda: visitor.page("/work?kind=fallout&limit=1000"), lambda page: first in page and second in page
    )
    url = f"/bulk/new?kind=fallout&action=skip&pick={first}/1&pick={second}/1&pick=gone/1"
    page = await visitor.page(url)
    text = visible_text(page)
    for words in ("2 steps at once", "2 would be done", "1 row that you chose no longer waits", first, second):
        assert words in text, words
    assert (await orders.read(first)).step("1").state is StepState.FATALLY_FAILED
    form = main_form(page)
    wrong = await visitor.post(url, form.values | {"data": "a: [", "reason": "closed"})
    assert (wrong.status_code, main_form(wrong.text).values["reason"]) == (422, "closed")
    begun = await visitor.post(url, form.values | {"reason": "closed", "per_second": "20"})
    assert begun.status_code == 303, visible_text(begun.text)
    job = begun.headers["location"]

    async def shown() -> str:
        return visible_text(await visitor.page(job))

    done = await eventually(shown, lambda text: "✔ done" in text)
    for words in ("Skip 2", "2 of 2 tried", "2 done", "by operator: closed", first, second):
        assert words in done, words
    assert (await step_in(orders, first, StepState.SKIPPED)).number == 1
    assert first not in await visitor.page(f"{job}?outcome=refused")
    await eventually(lambda: visitor.page("/bulk"), lambda page: job in page)
    assert (await visitor.get("/bulk/unknown")).status_code == 404


async def test_a_job_shows_what_is_refused_before_it_begins_and_can_be_stopped(
    site: ConsoleSite, orders: OrderClient
) -> None:
    task = await submit(orders, "survey")
    await step_in(orders, task, StepState.IN_PROGRESS)
    visitor = await site.visitor()
    await eventually(lambda: visitor.page("/work?queue=*&limit=1000"), lambda page: task in page)
    tried = visible_text(await visitor.page(f"/bulk/new?kind=task&action=complete&pick={task}/1"))
    assert "1 needs data" in tried
    url = f"/bulk/new?kind=task&action=claim&pick={task}/1"
    form = main_form(await visitor.page(url))
    job = (await visitor.post(url, form.values | {"per_second": "1"})).headers["location"]
    viewer = await site.visitor(Role.VIEWER)
    assert (await viewer.get(job)).status_code == 200
    assert (await viewer.post(f"{job}/stop")).status_code == 403
    await eventually(lambda: viewer.page(job), lambda page: "✔ done" in page)
    assert (await visitor.post(f"{job}/stop")).status_code == 410
    assert (await visitor.post("/bulk/unknown/stop")).status_code == 404
    assert (await viewer.get("/bulk/new")).status_code == 403


async def test_the_list_says_which_jobs_are_paused_and_which_were_stopped(
    site: ConsoleSite, orders: OrderClient
) -> None:
    tasks = [await submit(orders, "survey") for _ in range(3)]
    for task in tasks:
        await step_in(orders, task, StepState.IN_PROGRESS)
    visitor = await site.visitor()
    url = "/bulk/new?kind=task&queue=*&action=claim&" + "&".join(f"pick={task}/1" for task in tasks)
    form = main_form(await eventually(lambda: visitor.page(url), lambda page: all(task in page for task in tasks)))
    job = (await visitor.post(url, form.values | {"per_second": "1"})).headers["location"]

    async def listed() -> str:
        row = re.search(rf'<tr data-row>(?:(?!</tr>).)*href="{job}".*?</tr>', await visitor.page("/bulk"), re.DOTALL)
        return visible_text(row[0]) if row is not None else ""

    await visitor.post(f"{job}/pause")
    paused = await eventually(listed, lambda text: "‖ paused" in text)
    assert "Claim 3 steps" in paused
    await visitor.post(f"{job}/stop")
    await eventually(listed, lambda text: "× stopped" in text)


async def test_without_a_tick_nothing_is_chosen(site: ConsoleSite) -> None:
    visitor = await site.visitor()
    url = "/bulk/new?kind=task&queue=field_ops&customer=C-1&action=claim"
    for answer in (await visitor.get(url), await visitor.post(url, {"per_second": "1"})):
        assert (answer.status_code, answer.headers["location"]) == (303, "/work?queue=field_ops&customer=C-1")
    shown = await visitor.post_and_follow(url, {"per_second": "1"})
    assert "No row is ticked. Tick the rows that you mean" in visible_text(shown)


async def test_all_that_fit_the_filter_are_an_explicit_choice(site: ConsoleSite, orders: OrderClient) -> None:
    wanted, other = [await submit(orders, "survey") for _ in range(2)]
    for task in (wanted, other):
        await step_in(orders, task, StepState.IN_PROGRESS)
    visitor = await site.visitor()
    page = await eventually(
        lambda: visitor.page(f"/work?queue=*&search={wanted}"), lambda page: "The 1 that fits this filter…" in page
    )
    (link,) = re.findall(r'href="(/bulk/new\?[^"]*)"', page)
    chosen = await visitor.page(unescape(link))
    assert "1 step at once" in visible_text(chosen)
    assert (wanted in chosen, other in chosen) == (True, False)
    assert "all=1" in main_form(chosen).action


async def test_a_job_is_limited_to_the_queues_of_its_person(site: ConsoleSite, orders: OrderClient) -> None:
    task = await submit(orders, "survey")
    await step_in(orders, task, StepState.IN_PROGRESS)
    visitor = await site.sign_in(site.new_token(Role.OPERATOR, queues=("billing",)))
    url = f"/bulk/new?kind=task&queue=*&action=claim&pick={task}/1"
    page = await eventually(lambda: visitor.page(url), lambda page: task in page)
    assert "not your work" in visible_text(page)
    refused = await visitor.post(url, main_form(page).values)
    assert refused.status_code == 403
    assert "You may not do this" in visible_text(refused.text)
