from __future__ import annotations

import html
import re
from urllib.parse import parse_qs, urlsplit

import pytest

from operations.access.roles import Role
from operations.client import OrderClient
from tests.console.pages.orders.submitted_orders import submit, submit_in_fallout, submit_task
from tests.support.console.site import ConsoleSite, Visitor

SHOUT = "<script>alert('C&D')</script>"


@pytest.fixture(scope="module")
async def viewer(site: ConsoleSite, orders: OrderClient) -> Visitor:
    """Sees an order in fallout, one with a task, a rejected one, and many of one customer."""
    await submit_in_fallout(orders, "LIST-STUCK", customer={"id": "L-1", "name": SHOUT})
    await submit_task(orders, "LIST-TASK", customer={"id": "L-2", "name": "Smith & Daughters"})
    await submit(orders, "LIST-BAD", "no_such_product", customer={"id": "L-3"})
    for number in range(52):
        await submit(orders, f"LIST-{number:03}", "rest", customer={"id": "L-MANY"})
    return await site.visitor(Role.VIEWER)


def shown(page: str) -> list[str]:
    return [html.unescape(key) for key in re.findall(r'<tr data-row data-key="([^"]+)"', page)]


def link(page: str, rel: str) -> str:
    found = re.search(rf'href="([^"]+)" rel="{rel}"', page)
    assert found, f"no link to the {rel} page"
    return html.unescape(found[1])


async def test_filters_of_the_address_choose_the_orders(viewer: Visitor) -> None:
    assert shown(await viewer.page("/orders?customer=L-1")) == ["LIST-STUCK"]
    assert shown(await viewer.page("/orders?fallout=true&search=LIST-S")) == ["LIST-STUCK"]
    assert shown(await viewer.page("/orders?code=409&system=desk&customer=L-1")) == ["LIST-STUCK"]
    assert shown(await viewer.page("/orders?tasks=true&search=daugh")) == ["LIST-TASK"]
    assert shown(await viewer.page("/orders?state=rejected&customer=L-3")) == ["LIST-BAD"]
    assert shown(await viewer.page("/orders?queue=field_ops&customer=L-2")) == ["LIST-TASK"]
    assert shown(await viewer.page("/orders?since=today&until=1h&customer=L-2")) == []


async def test_a_row_says_whose_move_it_is_and_when_it_ended(viewer: Visitor) -> None:
    page = await viewer.page("/orders?customer=L-2")
    assert '<td class="cell-move" data-fetched="move"><bdi>field_ops</bdi></td>' in page
    ended = await viewer.page("/orders?customer=L-3")
    assert 'data-fetched="move"><bdi></bdi></td>' in ended
    assert '<span class="quiet">ended</span> <time' in ended


async def test_names_are_text_and_nothing_else(viewer: Visitor) -> None:
    page = await viewer.page("/orders?customer=L-1")
    assert SHOUT not in page
    assert SHOUT in html.unescape(page)
    wild = await viewer.page("/orders", customer=SHOUT, search='"><img src=x>')
    assert "<img" not in wild
    assert SHOUT not in wild


async def test_counts_are_links_that_narrow_the_list(viewer: Visitor) -> None:
    page = await viewer.page("/orders?customer=L-1")
    counted = {
        html.unescape(address): int(number.replace(",", ""))
        for address, number in re.findall(r'<a class="count[^"]*" href="([^"]+)".*?<b>([\d,]+)</b></a>', page)
    }
    assert counted["/orders?state=in_progress&customer=L-1"] == 1
    assert counted["/orders?fallout=true&customer=L-1"] == 1
    assert counted["/orders?tasks=true&customer=L-1"] == 0
    for address, count in counted.items():
        assert len(shown(await viewer.page(address))) == count


async def test_pages_follow_each_other_without_gap_or_repetition(viewer: Visitor) -> None:
    first = await viewer.page("/orders?customer=L-MANY&sort=order:asc&since=1h")
    assert "1–50 of 52 orders" in first
    second = await viewer.page(link(first, "next"))
    assert "51–52 of 52 orders" in second
    assert shown(first) + shown(second) == [f"LIST-{number:03}" for number in range(52)]
    assert shown(await viewer.page(link(second, "first"))) == shown(first)


async def test_columns_sort_in_both_directions(viewer: Visitor) -> None:
    ascending = await viewer.page("/orders?customer=L-MANY&sort=order:asc")
    assert 'aria-sort="ascending"' in ascending
    turn = re.search(r'aria-sort="ascending"><a href="([^"]+)"', ascending)
    assert turn
    address = html.unescape(turn[1])
    assert parse_qs(urlsplit(address).query)["sort"] == ["order:desc"]
    assert shown(await viewer.page(address))[0] == "LIST-051"


async def test_groups_lead_to_their_orders(viewer: Visitor) -> None:
    page = await viewer.page("/orders?customer=L-1&group=cause")
    found = re.search(r'<a data-open href="([^"]*code=409[^"]*)"', page)
    assert found
    assert shown(await viewer.page(html.unescape(found[1]))) == ["LIST-STUCK"]
    by_queue = await viewer.page("/orders?customer=L-2&group=queue")
    assert "field_ops" in by_queue
    assert "Nothing is in fallout" in await viewer.page("/orders?customer=L-2&group=cause")


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("/orders?since=soon", "neither a time nor a duration"),
        ("/orders?state=lost", "`lost` is none of"),
        ("/orders?sort=price", "cannot be sorted by `price`"),
        ("/orders?colour=red", "no filter `colour`"),
        ("/orders?cursor=Lnonsense", "not one that this list returned"),
        ("/orders?search=!!!&customer=L-1", "no letter and no digit"),
        ("/orders?catalogue_version=99", "99"),
        ("/orders?customer=a%00b", "NUL"),
    ],
)
async def test_what_cannot_be_understood_is_said_and_shows_no_orders(
    viewer: Visitor, address: str, problem: str
) -> None:
    response = await viewer.get(address)
    assert response.status_code == 422
    page = html.unescape(response.text)
    assert problem in page
    assert shown(page) == []


async def test_typed_filters_survive_a_mistake(viewer: Visitor) -> None:
    page = (await viewer.get("/orders?customer=L-1&since=soon")).text
    assert 'name="customer" value="L-1"' in page
    assert 'name="since" value="soon"' in page
    assert 'aria-invalid="true"' in page


async def test_an_empty_list_says_what_to_do(viewer: Visitor) -> None:
    page = await viewer.page("/orders?customer=NOBODY")
    assert "No order fits" in page
    assert "Clear all filters" in page
    page = await viewer.page("/orders?search=nobody+here")
    assert "A search finds words by how they begin" in page
    page = await viewer.page("/orders?late=true")
    assert "Open orders whose requested time has passed, or will not be met: there are none" in page


async def test_a_search_for_an_id_opens_the_order(viewer: Visitor) -> None:
    response = await viewer.get("/orders?search=LIST-STUCK")
    assert (response.status_code, response.headers["location"]) == (303, "/orders/LIST-STUCK")
    assert (await viewer.get("/orders?search=LIST-STUCK&state=in_progress")).status_code == 200


async def test_a_sender_may_not_list(site: ConsoleSite) -> None:
    sender = await site.sign_in(site.new_token(Role.SENDER))
    assert (await sender.get("/orders")).status_code == 403
