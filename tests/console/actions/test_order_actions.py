"""Actions on an order: what they would do is shown before they are done."""

from __future__ import annotations

from operations.client import OrderClient
from tests.support.console.orders import step_in, submit
from tests.support.console.site import ConsoleSite
from tests.support.html_forms import main_form, visible_text
from tests.support.workers.gateway_worker import eventually
from workflows.contract.states import OrderState, StepState


async def test_a_cancellation_shows_what_it_does_and_is_confirmed(site: ConsoleSite, orders: OrderClient) -> None:
    order_id = await submit(orders, "shop")
    await step_in(orders, order_id, StepState.IN_PROGRESS)
    visitor, url = await site.visitor(), f"/orders/{order_id}/actions/cancel"
    page = await visitor.page(url)
    assert "would" in visible_text(page)
    assert "No longer done" in visible_text(page)
    form = main_form(page)
    unseen = await visitor.post(url, form.values | {"do": "confirm", "seen_preview": ""})
    assert (unseen.status_code, "What it would do" in unseen.text) == (200, True)
    assert (await orders.read(order_id)).order.state is OrderState.IN_PROGRESS
    done = await visitor.post(url, form.values | {"do": "confirm", "reason": "changed their mind"})
    assert (done.status_code, done.headers["location"]) == (303, f"/orders/{order_id}")

    async def state() -> OrderState:
        return (await orders.read(order_id, steps=False)).order.state

    assert await eventually(state, lambda found: found is OrderState.CANCELLED)
    ended = visible_text(await visitor.page(url))
    assert "The order has ended cancelled" in ended
    assert "Cancel an order" in ended


async def test_an_amendment_shows_the_difference_first(site: ConsoleSite, orders: OrderClient) -> None:
    order_id = await submit(orders, "parcel", tracking="T-1")
    await step_in(orders, order_id, StepState.IN_PROGRESS)
    visitor, url = await site.visitor(), f"/orders/{order_id}/actions/amend"
    form = main_form(await visitor.page(url))
    assert "tracking: T-1" in form.values["order"]
    broken = await visitor.post(url, form.values | {"order": "id: [", "reason": "typo", "do": "preview"})
    again = main_form(broken.text)
    assert (broken.status_code, again.values["order"], again.values["reason"]) == (422, "id: [", "typo")
    other = await visitor.post(url, form.values | {"order": "id: X-1\nlines: []", "do": "preview"})
    assert f"must be of order {order_id}" in visible_text(other.text)
    wanted = form.values["order"].replace("T-1", "T-2")
    shown = await visitor.post(url, form.values | {"order": wanted, "do": "confirm"})
    text = visible_text(shown.text)
    assert shown.status_code == 200
    for words in ("What it changes", "tracking", "T-1", "T-2"):
        assert words in text, words
    assert (await orders.exports.submitted_order(order_id))["lines"][0]["attributes"] == {"tracking": "T-1"}
    confirmed = main_form(shown.text)
    assert ("do", "confirm") in confirmed.buttons
    done = await visitor.post(url, confirmed.values | {"do": "confirm"})
    assert done.status_code == 303
    assert (await orders.read(order_id, steps=False)).order.revision == 2
    stale = await visitor.post(url, confirmed.values | {"order": wanted.replace("T-2", "T-3"), "do": "preview"})
    assert stale.status_code == 409
    assert main_form(stale.text).values["order"].count("T-3") == 1


async def test_a_rejected_amendment_lists_its_errors(site: ConsoleSite, orders: OrderClient) -> None:
    order_id = await submit(orders, "parcel", tracking="T-1")
    await step_in(orders, order_id, StepState.IN_PROGRESS)
    visitor, url = await site.visitor(), f"/orders/{order_id}/actions/amend"
    form = main_form(await visitor.page(url))
    wrong = await visitor.post(url, form.values | {"order": form.values["order"].replace("parcel", "parsel")})
    assert wrong.status_code == 422
    assert "parsel" in visible_text(wrong.text)
    assert "The order has errors" in visible_text(wrong.text)


async def test_holding_resuming_setting_and_noting(site: ConsoleSite, orders: OrderClient) -> None:
    order_id = await submit(orders, "prepaid")
    await step_in(orders, order_id, StepState.IN_PROGRESS)
    visitor = await site.visitor()

    async def act(name: str, **typed: str) -> None:
        url = f"/orders/{order_id}/actions/{name}"
        values = main_form(await visitor.page(url)).values
        answer = await visitor.post(url, values | {"do": "confirm"} | typed)
        assert answer.status_code == 303, visible_text(answer.text)

    await act("hold", reason="fraud check")
    assert [hold.by for hold in (await orders.read(order_id, steps=False)).order.held] == ["operator"]
    await act("resume")
    await act("note", text="The customer calls back")
    await act("set", characteristics="paid: true\n")
    assert (await step_in(orders, order_id, StepState.COMPLETED)).number == 1


async def test_going_back_leads_only_into_the_console(site: ConsoleSite, orders: OrderClient) -> None:
    order_id = await submit(orders, "survey")
    await step_in(orders, order_id, StepState.IN_PROGRESS)
    visitor, url = await site.visitor(), f"/orders/{order_id}/actions/note"
    for back, target in (("/work?kind=task", "/work?kind=task"), ("https://evil.example", f"/orders/{order_id}")):
        answer = await visitor.post(url, {"do": "confirm", "text": "hello", "back": back})
        assert answer.headers["location"] == target
    slashes = await visitor.post(url, {"do": "confirm", "text": "hello", "back": "//evil.example"})
    assert slashes.headers["location"] == f"/orders/{order_id}"


async def test_an_event_that_never_came_is_delivered_by_hand(site: ConsoleSite, orders: OrderClient) -> None:
    order_id = await submit(orders, "shop")
    await step_in(orders, order_id, StepState.IN_PROGRESS)
    visitor, url = await site.visitor(), f"/orders/{order_id}/event?step=1"
    form = main_form(await visitor.page(url))
    assert form.values["name"] == "opened"
    wrong = await visitor.post(url, form.values | {"payload": "a: [", "reason": "by phone"})
    assert (wrong.status_code, main_form(wrong.text).values["reason"]) == (422, "by phone")
    done = await visitor.post(url, form.values | {"payload": "door: 3", "reason": "by phone"})
    assert (done.status_code, done.headers["location"]) == (303, f"/orders/{order_id}/steps/1")
    assert (await step_in(orders, order_id, StepState.COMPLETED)).output == {"door": 3}
    notes = [entry for entry in (await orders.read(order_id, steps=False)).order.history if entry.what == "note"]
    assert [(note.by, note.reason) for note in notes] == [("operator", "event opened delivered by hand: by phone")]
    again = await visitor.post(url, form.values | {"payload": "door: 3"})
    assert again.status_code == 303
    assert "came before" in visible_text(await visitor.page(again.headers["location"]))
