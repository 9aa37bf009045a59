"""Lists of generated orders, compared with what a plain loop over them finds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from benchmarks.ledger.order_generator import OrderGenerator
from ledger.reading.errors import InvalidSearch
from ledger.reading.filters.order_filter import OrderFilter
from ledger.reading.order_lists import order_search
from ledger.reading.paging.sorting import OrderColumn
from tests.support.ledger.filled_ledgers import ORDERS, FilledLedger
from tests.support.ledger.query_plans import sent_statements
from workflows.contract.order_changes import OrderChange
from workflows.contract.states import Jeopardy, OrderState, StepState

NOW = OrderGenerator(1).now
EARLY, LATER = NOW - timedelta(days=500), NOW - timedelta(days=300)
VERSION = f"sha256:{30:064x}"
Fits = Callable[[OrderChange], bool]


def in_fallout(change: OrderChange, **wanted: Any) -> bool:
    failed = [step for step in change.steps if step.state is StepState.FATALLY_FAILED]
    return any(
        wanted.get("code") in (None, step.error.code if step.error else "")
        and wanted.get("system") in (None, step.system)
        and wanted.get("queue") in (None, step.queue)
        for step in failed
    )


def has_words(change: OrderChange, *beginnings: str) -> bool:
    external = [value for line in change.lines or () for value in line.external_ids.values()]
    texts = [change.order_id, change.order.customer["id"], change.order.customer["name"], *external]
    words = " ".join(texts).lower().replace(",", " ").split()
    parts = [part for word in words for part in (word, *word.split("-"))]
    return all(any(part.startswith(beginning) for part in parts) for beginning in beginnings)


CASES: dict[str, tuple[OrderFilter, Fits]] = {
    "everything": (OrderFilter(), lambda _: True),
    "state": (OrderFilter(states=(OrderState.CANCELLED,)), lambda c: c.order.state is OrderState.CANCELLED),
    "states": (
        OrderFilter(states=(OrderState.PARTIAL, OrderState.IN_PROGRESS)),
        lambda c: c.order.state in (OrderState.PARTIAL, OrderState.IN_PROGRESS),
    ),
    "customer": (OrderFilter(customer="C-000001"), lambda c: c.order.customer["id"] == "C-000001"),
    "product": (OrderFilter(product="offer_02"), lambda c: "offer_02" in c.order.products),
    "system": (OrderFilter(system="network"), lambda c: any(step.system == "network" for step in c.steps)),
    "code": (OrderFilter(code="timeout"), lambda c: in_fallout(c, code="timeout")),
    "code and system": (
        OrderFilter(code="timeout", system="billing"),
        lambda c: in_fallout(c, code="timeout", system="billing"),
    ),
    "fallout": (OrderFilter(fallout=True), in_fallout),
    "open tasks": (OrderFilter(open_tasks=True), lambda c: c.order.open_tasks > 0),
    "jeopardy": (OrderFilter(jeopardy=(Jeopardy.AT_RISK,)), lambda c: c.order.jeopardy is Jeopardy.AT_RISK),
    "late": (
        OrderFilter(late=True),
        lambda c: c.order.jeopardy is Jeopardy.LATE and c.order.ended_at is None,
    ),
    "open": (OrderFilter(running=True), lambda c: c.order.ended_at is None),
    "version": (OrderFilter(catalogue_version=VERSION), lambda c: c.order.catalogue_version == VERSION),
    "unknown version": (OrderFilter(catalogue_version="sha256:0"), lambda _: False),
    "submitted": (OrderFilter(since=EARLY, until=LATER), lambda c: EARLY <= c.order.started_at < LATER),
    "ended": (
        OrderFilter(ended_since=EARLY, ended_until=LATER),
        lambda c: c.order.ended_at is not None and EARLY <= c.order.ended_at < LATER,
    ),
    "requested": (
        OrderFilter(requested_until=EARLY),
        lambda c: c.order.requested_completion is not None and c.order.requested_completion < EARLY,
    ),
    "external id": (OrderFilter(external_id="CRM-0000105"), lambda c: c.order_id == "SO-0000015"),
    "id": (OrderFilter(search="so-000001"), lambda c: has_words(c, "so-000001")),
    "part of an id": (OrderFilter(search="00001"), lambda c: has_words(c, "00001")),
    "words": (OrderFilter(search="ELM smi"), lambda c: has_words(c, "elm", "smi")),
    "beginnings": (OrderFilter(search="elm hart"), lambda c: has_words(c, "elm", "hart")),
    "word and product": (
        OrderFilter(search="elm", product="offer_00"),
        lambda c: has_words(c, "elm") and "offer_00" in c.order.products,
    ),
    "accents": (OrderFilter(search="jose"), lambda c: "José" in c.order.customer["name"]),
    "customer and state": (
        OrderFilter(customer="C-000002", states=(OrderState.COMPLETED,)),
        lambda c: c.order.customer["id"] == "C-000002" and c.order.state is OrderState.COMPLETED,
    ),
    "product, words and dates": (
        OrderFilter(product="offer_01", search="smith", since=EARLY),
        lambda c: "offer_01" in c.order.products and has_words(c, "smith") and c.order.started_at >= EARLY,
    ),
    "late fallout": (
        OrderFilter(fallout=True, jeopardy=(Jeopardy.LATE,)),
        lambda c: in_fallout(c) and c.order.jeopardy is Jeopardy.LATE,
    ),
}
LATEST = datetime.max.replace(tzinfo=UTC)
SORT_KEYS: dict[OrderColumn, Callable[[OrderChange], Any]] = {
    OrderColumn.ORDER: lambda c: c.order_id,
    OrderColumn.STATE: lambda c: list(OrderState).index(c.order.state),
    OrderColumn.JEOPARDY: lambda c: ["on_track", "at_risk", "late"].index(c.order.jeopardy),
    OrderColumn.FALLOUT: lambda c: c.order.fallout,
    OrderColumn.TASKS: lambda c: c.order.open_tasks,
    OrderColumn.CUSTOMER: lambda c: c.order.customer["id"],
    OrderColumn.STARTED: lambda c: c.order.started_at,
    OrderColumn.ENDED: lambda c: c.order.ended_at,
    OrderColumn.REQUESTED: lambda c: c.order.requested_completion,
}


def read_all(filled: FilledLedger, criteria: OrderFilter, sort: str | None, page_size: int) -> list[str]:
    ids, cursor = [], None
    while True:
        page, _ = filled.reader.list_orders(replace(criteria, limit=page_size), sort, cursor)
        ids += [order.order_id for order in page.orders]
        assert len(page.orders) <= page_size
        cursor = page.next_cursor
        if cursor is None:
            return ids
        assert len(page.orders) == page_size


@pytest.mark.parametrize("name", CASES)
def test_filter_finds_what_fits(filled: FilledLedger, name: str) -> None:
    criteria, fits = CASES[name]
    expected = [change for change in filled.changes if fits(change)]
    assert sorted(read_all(filled, criteria, None, 700)) == sorted(change.order_id for change in expected)
    page, _ = filled.reader.list_orders(criteria)
    counts = {state: sum(change.order.state is state for change in expected) for state in OrderState}
    assert page.total.is_exact
    assert page.total.count == len(expected)
    assert page.total.by_state == {state: count for state, count in counts.items() if count}
    assert filled.reader.count_orders(criteria)[0] == page.total


def test_several_filters_are_counted_at_once(filled: FilledLedger) -> None:
    wanted = {name: criteria for name, (criteria, _) in CASES.items()}
    expected = {name: filled.reader.count_orders(criteria)[0] for name, criteria in wanted.items()}
    assert filled.reader.count_each(wanted) == expected


@pytest.mark.parametrize("direction", ["asc", "desc"])
@pytest.mark.parametrize("column", SORT_KEYS)
@pytest.mark.parametrize("name", ["everything", "states", "product", "system", "words", "submitted", "late fallout"])
def test_sort_with_pages_has_every_order_once(
    filled: FilledLedger, name: str, column: OrderColumn, direction: str
) -> None:
    criteria, fits = CASES[name]
    ids = read_all(filled, criteria, f"{column}:{direction}", 97)
    by_id = {change.order_id: change for change in filled.changes if fits(change)}
    assert sorted(ids) == sorted(by_id)
    values = [SORT_KEYS[column](by_id[order_id]) for order_id in ids]
    known = [value for value in values if value is not None]
    assert values[: len(known)] == known, "orders without a value come last"
    assert known == sorted(known, reverse=direction == "desc")


def test_open_orders_come_first_then_the_last_ended(filled: FilledLedger) -> None:
    by_id = {change.order_id: change.order for change in filled.changes}
    found = [by_id[order_id] for order_id in read_all(filled, OrderFilter(), None, 333)]
    assert len(found) == ORDERS
    open_orders = [order for order in found if order.ended_at is None]
    assert found[: len(open_orders)] == open_orders
    started = [order.started_at for order in open_orders]
    ended = [order.ended_at for order in found if order.ended_at is not None]
    assert started == sorted(started, reverse=True)
    assert ended == sorted(ended, reverse=True)


@pytest.mark.parametrize(
    "name", ["everything", "states", "product", "system", "words", "open", "jeopardy", "submitted"]
)
@pytest.mark.parametrize("sort", ["recent", "started:asc", "requested:asc", "customer:desc", "state:asc"])
@pytest.mark.parametrize(
    ("most_walked", "with_list", "most_listed"), [(5, 7, 50_000), (5, 10_000, 50_000), (600, 0, 3), (10_000, 0, 3)]
)
def test_more_orders_than_are_counted_are_listed_alike(
    filled: FilledLedger,
    name: str,
    sort: str,
    most_walked: int,
    with_list: int,
    most_listed: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    criteria, _ = CASES[name]
    expected = read_all(filled, criteria, sort, 400)
    monkeypatch.setattr(order_search, "MAX_EXACT", 4)
    monkeypatch.setattr(order_search, "MAX_WALK", most_walked)
    monkeypatch.setattr(order_search, "MAX_WALK_WITH_LIST", with_list)
    monkeypatch.setattr(order_search, "MAX_LISTED", most_listed)
    page, _ = filled.reader.list_orders(criteria, sort)
    if name not in ("everything", "states"):  # their counts are kept
        assert (page.total.count, page.total.is_exact, page.total.by_state) == (4, False, {})
    assert read_all(filled, criteria, sort, 400) == expected


@pytest.mark.parametrize("is_far_more", [False, True])
def test_a_few_more_orders_than_are_counted_are_collected_once(
    filled: FilledLedger, is_far_more: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = Counter(change.order.customer["id"] for change in filled.changes).most_common(1)[0][0]
    criteria = OrderFilter(customer=customer, states=(OrderState.COMPLETED,))
    expected = read_all(filled, criteria, "fallout", 400)
    of_customer, _ = filled.reader.count_orders(OrderFilter(customer=customer))
    limit = of_customer.count // 2 - 1 if is_far_more else len(expected) - 1
    monkeypatch.setattr(order_search, "MAX_EXACT", limit)
    monkeypatch.setattr(order_search, "MAX_WALK", 5)
    with sent_statements(filled.engine) as sent:
        page, _ = filled.reader.list_orders(criteria, "fallout")
    assert (page.total.count, page.total.is_exact) == (limit, False)
    assert [order.order_id for order in page.orders] == expected[: len(page.orders)]
    assert sum(statement.startswith("WITH found") for statement, _ in sent) == (2 if is_far_more else 1)


def test_listed_order_is_as_written(filled: FilledLedger) -> None:
    change = filled.changes[-1]
    page, _ = filled.reader.list_orders(OrderFilter(search=change.order_id))
    (order,) = page.orders
    record = change.order
    assert (order.order_id, order.workflow_id, order.run_id) == (
        change.order_id,
        f"order/{change.order_id}",
        change.run_id,
    )
    assert (order.state, order.jeopardy, order.products) == (record.state, record.jeopardy, record.products)
    assert (order.customer_id, order.catalogue_version) == (record.customer["id"], record.catalogue_version)
    assert (order.started_at, order.ended_at) == (record.started_at, record.ended_at)
    assert order.requested_completion == record.requested_completion


@pytest.mark.parametrize(
    ("criteria", "message"),
    [
        (OrderFilter(search="--"), "no letter and no digit"),
        (OrderFilter(customer="C\0"), "character NUL"),
        (OrderFilter(product="\ud800"), "half a surrogate pair"),
    ],
)
def test_wrong_value_is_refused(filled: FilledLedger, criteria: OrderFilter, message: str) -> None:
    with pytest.raises(InvalidSearch, match=message):
        filled.reader.list_orders(criteria)


def test_cursor_of_another_sort_is_refused(filled: FilledLedger) -> None:
    page, _ = filled.reader.list_orders(OrderFilter(limit=5), "started")
    with pytest.raises(InvalidSearch, match="another filter or sort"):
        filled.reader.list_orders(OrderFilter(limit=5), "ended", page.next_cursor)
    with pytest.raises(InvalidSearch, match="another filter or sort"):
        filled.reader.list_orders(OrderFilter(limit=5, product="offer_01"), "started", page.next_cursor)
    again, _ = filled.reader.list_orders(OrderFilter(limit=9), "started", page.next_cursor)
    assert len(again.orders) == 9
