from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import pytest

from console.presenting.orders.filter_fields import FIELDS
from console.presenting.orders.order_query import OrderQuery, parse_order_query
from console.presenting.orders.saved_views import BUILT_IN, view_links
from gateway.list_filters import order_filter
from ledger.reading.filters.order_filter import OrderFilter
from ledger.reading.paging.sorting import OrderColumn
from workflows.contract.states import Jeopardy, OrderState

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


def read(text: str) -> OrderQuery:
    return parse_order_query(parse_qsl(text, keep_blank_values=True), NOW)


def read_address(address: str) -> OrderQuery:
    return read(urlsplit(address).query)


def test_an_empty_address_lists_everything() -> None:
    query = read("search=&state=")
    assert (query.criteria, query.sort_text, query.problems) == (OrderFilter(limit=50), None, {})
    assert query.address() == "/orders"
    assert not query.is_filtered


def test_every_filter_reaches_the_ledger() -> None:
    query = read(
        "search=elm&state=held&state=pending&jeopardy=late&late=true&open=1&fallout=on&tasks=true&customer=C-1&product=p"
        "&external_id=X&catalogue_version=7&system=crm&code=timeout&queue=field&holder=ann&since=2h&until=2026-12-01"
        "&ended_since=2026-11-01&ended_until=1d&requested_since=1h&requested_until=2h&interrupted=false"
        "&sort=customer:desc&size=100"
    )
    assert query.problems == {}
    assert query.criteria == OrderFilter(
        states=(OrderState.HELD, OrderState.PENDING),
        customer="C-1",
        product="p",
        late=True,
        fallout=True,
        open_tasks=True,
        queue="field",
        since=datetime(2026, 11, 28, 10, tzinfo=UTC),
        limit=100,
        running=True,
        catalogue_version="7",
        jeopardy=(Jeopardy.LATE,),
        system="crm",
        code="timeout",
        holder="ann",
        until=datetime(2026, 12, 1, tzinfo=UTC),
        ended_since=datetime(2026, 11, 1, tzinfo=UTC),
        ended_until=datetime(2026, 11, 27, 12, tzinfo=UTC),
        requested_since=datetime(2026, 11, 28, 13, tzinfo=UTC),
        requested_until=datetime(2026, 11, 28, 14, tzinfo=UTC),
        external_id="X",
        search="elm",
    )
    assert (query.sort.column, query.sort.descending) == (OrderColumn.CUSTOMER, True)


def test_filters_are_named_as_those_of_the_gateway() -> None:
    names = {"open" if name == "is_open" else name for name in order_filter.__annotations__} - {"return"}
    assert names <= {field.name for field in FIELDS}


@pytest.mark.parametrize(
    ("text", "name", "problem"),
    [
        ("state=lost", "state", "`lost` is none of acknowledged"),
        ("late=perhaps", "late", "neither true nor false"),
        ("since=soon", "since", "neither a time nor a duration"),
        ("sort=price", "sort", "cannot be sorted by `price`"),
        ("size=7", "size", "50, 100, 200 rows"),
        ("first=-1", "first", "not a number"),
        ("first=²", "first", "not a number"),
        ("zone=Mars/Base", "zone", "no time zone"),
        ("group=colour", "group", "grouped by cause or queue"),
        ("colour=red", "colour", "no filter `colour`"),
        (f"customer={'x' * 201}", "customer", "At most 200"),
    ],
)
def test_what_cannot_be_understood_is_said_and_kept(text: str, name: str, problem: str) -> None:
    query = read(f"product=p&{text}")
    assert problem in query.problems[name]
    assert query.value(name) == text.partition("=")[2]
    assert query.criteria.product == "p"


def test_a_link_changes_one_filter_and_begins_the_list_again() -> None:
    query = read("state=held&customer=C%26D&cursor=Labc&first=51&sort=started")
    assert query.address(state=["held", "failed"]) == "/orders?state=held&state=failed&customer=C%26D&sort=started"
    assert query.address(state=None, customer=None, sort=None) == "/orders"


def test_the_next_page_keeps_moments_that_were_relative() -> None:
    query = read("since=2h&until=2026-12-01&zone=Europe%2FBerlin")
    following = read_address(query.next_address("Lxyz", 50))
    later = parse_order_query(following.pairs, datetime(2026, 11, 28, 18, tzinfo=UTC))
    assert later.criteria == query.criteria
    assert (later.cursor, later.first) == ("Lxyz", 51)


def test_views_that_come_with_the_console_are_understood_and_know_themselves() -> None:
    for view in BUILT_IN:
        links = view_links(parse_order_query(view.pairs, NOW))
        assert [link.name for link in links if link.is_current] == [view.name]
        for link in links:
            assert read_address(link.address).problems == {}
    berlin = view_links(read("zone=Europe/Berlin&search=elm"))
    assert {link.name: "zone=" in link.address for link in berlin}["Today"]
    assert not any(link.is_current for link in berlin)
