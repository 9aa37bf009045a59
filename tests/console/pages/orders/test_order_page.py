from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from console.pages.orders import order_reading
from console.presenting.order import timeline_choice
from ledger.reading.ledger_reader import LedgerReader
from operations.access.roles import Role
from operations.actions.amend_order import AmendCommand
from operations.client import OrderClient
from tests.console.pages.orders.submitted_orders import submit, submit_in_fallout, submit_task, until
from tests.support.console.site import ConsoleSite, Visitor
from workflows.contract import actions
from workflows.contract.order_messages import Actor, OrderAction, StepAction
from workflows.contract.states import OrderState

ODD_ID = "PAGE:odd_1.x-2"
RTL = "شركة النور <b>&'\""


@pytest.fixture(scope="module")
async def viewer(site: ConsoleSite) -> Visitor:
    return await site.visitor(Role.VIEWER)


def text_of(page: str) -> str:
    """What a person reads, with single spaces."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


async def test_the_head_says_what_an_order_waits_for_and_whose_move_it_is(viewer: Visitor, orders: OrderClient) -> None:
    await submit_in_fallout(orders, "PAGE-STUCK", requested_completion="2020-01-01T00:00:00Z")
    page = text_of(await viewer.page("/orders/PAGE-STUCK"))
    assert "in progress" in page
    assert re.search(r"in fallout Stubborn · \w+ step 1 Is in fallout after 1 attempt – [^(]*\(409\)", page)
    assert "It is a person's move : retry it once the cause is fixed" in page
    assert "0 of 1 step, 1 stuck" in page


async def test_hostile_names_are_text(viewer: Visitor, orders: OrderClient) -> None:
    await submit_task(orders, ODD_ID, customer={"id": "C<9>", "name": RTL + "x" * 10_000})
    address = f"/orders/{quote(ODD_ID, safe='')}"
    for view in ("lines", "timeline", "history"):
        page = await viewer.page(f"{address}?view={view}")
        assert "<b>&" not in page
        assert RTL in html.unescape(page)
        assert f'href="{address}?view=history"' in page


async def test_lines_show_what_was_ordered_with_its_steps(viewer: Visitor, orders: OrderClient) -> None:
    await submit(
        orders, "PAGE-LINES", lines=[{"id": "1", "product": "survey"}, {"id": "2", "product": "rest", "quantity": 3}]
    )
    await until(orders, "PAGE-LINES", lambda order: order.open_tasks == 1)
    page = text_of(await viewer.page("/orders/PAGE-LINES?view=lines"))
    assert "2 order lines, fulfilled by their own steps" in page
    assert "1 Survey" in page
    assert "2 Rest ×3" in page
    assert "waits for a person in field_ops" in page
    assert "No line needs care" in text_of(await viewer.page("/orders/PAGE-LINES?view=lines&show=attention"))


async def test_the_timeline_has_a_row_for_each_step_with_its_attempts(viewer: Visitor, orders: OrderClient) -> None:
    await submit_in_fallout(orders, "PAGE-TIME")
    page = await viewer.page("/orders/PAGE-TIME?view=timeline&show=trouble")
    assert 'class="bar bar-work"' in page
    assert "1 failed attempt" in text_of(page)
    assert "attempt 1: failed after" in page
    assert "Nothing has begun" not in page
    await submit_task(orders, "PAGE-CALM")
    assert "Nothing failed or was tried again" in await viewer.page("/orders/PAGE-CALM?view=timeline&show=trouble")


async def test_the_history_shows_who_did_what_with_which_data(viewer: Visitor, orders: OrderClient) -> None:
    await submit_task(orders, "PAGE-STORY")
    amended = {
        "id": "PAGE-STORY",
        "customer": {"id": "C-1", "name": "Elm Street 15"},
        "lines": [{"id": "1", "product": "survey"}, {"id": "2", "product": "rest"}],
    }
    ann = Actor(by="ann", reason="they moved")
    await orders.amend(AmendCommand(amended, ann))
    request = StepAction(step="1", data={"answer": "yes"}, actor=Actor(by="ben"))
    await orders.perform_action("PAGE-STORY", actions.COMPLETE, request)
    page = await viewer.page("/orders/PAGE-STORY?view=history")
    told = text_of(page)
    assert "revision 2" in told
    assert "ben completed survey.ask" in told
    assert "answer yes" in told
    assert "ann amended to revision 2" in told
    assert "they moved" in told
    assert "order customer.name Elm Street 14 Elm Street 15" in told
    assert "line 2 added – rest" in told
    assert 'id="revision-2"' in page
    only = text_of(await viewer.page("/orders/PAGE-STORY?view=history&show=people"))
    assert "ben completed" in only
    assert "accepted" not in only


async def test_a_rejected_order_shows_its_findings(viewer: Visitor, orders: OrderClient) -> None:
    await submit(orders, "PAGE-BAD", "no_such_product")
    await until(orders, "PAGE-BAD", lambda order: order.state is OrderState.REJECTED)
    page = text_of(await viewer.page("/orders/PAGE-BAD"))
    assert "Why it was rejected" in page
    assert "no product no_such_product" in page
    assert "submit it again" in page


async def test_the_history_shows_earlier_submissions(viewer: Visitor, orders: OrderClient) -> None:
    await submit(orders, "PAGE-AGAIN", "no_such_product")
    await until(orders, "PAGE-AGAIN", lambda order: order.state is OrderState.REJECTED)
    assert "Earlier submissions" not in await viewer.page("/orders/PAGE-AGAIN?view=history")
    await submit_task(orders, "PAGE-AGAIN")
    cancel = OrderAction(actor=Actor(by="ann", reason="the customer moved"))
    await orders.perform_action("PAGE-AGAIN", actions.CANCEL, cancel)
    await until(orders, "PAGE-AGAIN", lambda order: order.state is OrderState.CANCELLED)
    again = {"id": "PAGE-AGAIN", "customer": {"id": "C-1"}, "lines": [{"id": "1", "product": "survey"}]}
    await orders.submit(again, new_revision=True)
    await until(orders, "PAGE-AGAIN", lambda order: order.revision == 2)

    page = await viewer.page("/orders/PAGE-AGAIN?view=history")
    latest, _, earlier = text_of(page).partition("Earlier submissions of this id")
    assert "the customer moved" not in latest
    assert re.search(r" Submission 2 \S+ cancelled .* Submission 1 \S+ rejected .* no product no_such_product", earlier)
    assert earlier.count("its history") == 1

    page = await viewer.page("/orders/PAGE-AGAIN?view=history&submission=2&show=people")
    assert "the customer moved" in text_of(page)
    assert "view=history&show=engine&submission=2" in html.unescape(page)
    unknown = text_of(await viewer.page("/orders/PAGE-AGAIN?view=history&submission=3"))
    assert "the customer moved" not in unknown


async def test_an_ended_order_says_how_it_ended(viewer: Visitor, orders: OrderClient) -> None:
    await submit_task(orders, "PAGE-END")
    request = OrderAction(actor=Actor(by="ann", reason="changed their mind"))
    await orders.perform_action("PAGE-END", actions.CANCEL, request)
    await until(orders, "PAGE-END", lambda order: order.state is OrderState.CANCELLED)
    page = text_of(await viewer.page("/orders/PAGE-END"))
    assert "It was cancelled" in page
    assert "Ended" in page
    assert "Expected" not in page


async def test_a_large_order_opens_with_what_it_waits_for_and_the_lines_of_a_page(
    viewer: Visitor, orders: OrderClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_reading, "MAX_WHOLE", 0)
    await submit_in_fallout(
        orders, "PAGE-LARGE", lines=[{"id": "1", "product": "stubborn"}, {"id": "2", "product": "shop"}]
    )
    page = text_of(await viewer.page("/orders/PAGE-LARGE"))
    assert "It is a person's move" in page
    assert "0 of 2 steps" in page
    await orders.perform_action("PAGE-LARGE", actions.CANCEL, OrderAction(actor=Actor(by="ann")))
    await until(orders, "PAGE-LARGE", lambda order: order.state is OrderState.CANCELLED)
    ended = text_of(await viewer.page("/orders/PAGE-LARGE"))
    assert "It was cancelled" in ended
    assert "2 order lines, fulfilled by their own steps" in ended


async def test_tabs_of_a_large_order_show_the_same_although_they_read_only_a_page(
    viewer: Visitor, orders: OrderClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [{"id": "1", "product": "stubborn"}, *({"id": str(at), "product": "rest"} for at in range(2, 6))]
    await submit_in_fallout(orders, "PAGE-SAME", lines=lines)
    await orders.perform_action("PAGE-SAME", actions.CANCEL, OrderAction(actor=Actor(by="ann", reason="moved")))
    await until(orders, "PAGE-SAME", lambda order: order.state is OrderState.CANCELLED)
    monkeypatch.setattr(timeline_choice, "PAGE_ROWS", 2)
    monkeypatch.setattr(order_reading, "MAX_WHOLE", 1_000)
    tabs = [f"timeline&show={show}&page={page}" for show in timeline_choice.FILTERS for page in (1, 2)]
    tabs += ["history", "history&show=people", "history&step=stubborn.try"]
    before = [main_part(await viewer.page(f"/orders/PAGE-SAME?view={tab}")) for tab in tabs]
    monkeypatch.setattr(order_reading, "MAX_WHOLE", 0)
    monkeypatch.setattr(LedgerReader, "read_order", refuse_whole(LedgerReader.read_order))
    after = [main_part(await viewer.page(f"/orders/PAGE-SAME?view={tab}")) for tab in tabs]
    assert after == before
    assert "attempt 1: failed after" in before[0]
    assert "ann" in before[-2]


def refuse_whole(read: Callable[..., Any]) -> Callable[..., Any]:
    """Fails a test that reads all steps of an order."""

    def read_order(
        reader: LedgerReader, order_id: str, submission: str | None = None, *, with_steps: bool = True
    ) -> Any:
        assert not with_steps, f"all steps of {order_id} are read"
        return read(reader, order_id, submission, with_steps=with_steps)

    return read_order


def main_part(page: str) -> str:
    """What the tab itself shows."""
    return page.partition('class="tab-tools"')[2].partition("</main>")[0]


async def test_an_unknown_order_is_a_page_that_helps(viewer: Visitor) -> None:
    response = await viewer.get("/orders/NO<i>SUCH")
    assert response.status_code == 404
    assert "There is no order NO<i>SUCH" in text_of(response.text)
    assert "<i>" not in response.text
    assert 'href="/orders?search=NO%3Ci%3ESUCH"' in response.text


async def test_an_unknown_tab_shows_the_first(viewer: Visitor, orders: OrderClient) -> None:
    await submit_task(orders, "PAGE-TABS")
    page = await viewer.page("/orders/PAGE-TABS?view=nonsense&page=99999999999&show=nonsense")
    assert re.search(r'data-tab="1" aria-current="page">Lines', page)


async def test_a_sender_may_not_read(site: ConsoleSite) -> None:
    sender = await site.sign_in(site.new_token(Role.SENDER))
    assert (await sender.get("/orders/PAGE-TABS")).status_code == 403
