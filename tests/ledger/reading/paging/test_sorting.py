from __future__ import annotations

import pytest

from ledger.reading.errors import InvalidSearch
from ledger.reading.paging.sorting import (
    DEFAULT_ORDER_SORT,
    DEFAULT_WORK_SORT,
    OrderColumn,
    Sort,
    WorkColumn,
    parse_order_sort,
    parse_work_sort,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, DEFAULT_ORDER_SORT),
        ("started", Sort(OrderColumn.STARTED, True)),
        ("started:asc", Sort(OrderColumn.STARTED, False)),
        ("requested", Sort(OrderColumn.REQUESTED, False)),
        ("requested:desc", Sort(OrderColumn.REQUESTED, True)),
        ("jeopardy", Sort(OrderColumn.JEOPARDY, True)),
    ],
)
def test_sorts_of_orders(text: str | None, expected: Sort[OrderColumn]) -> None:
    assert parse_order_sort(text) == expected


def test_sorts_of_work() -> None:
    assert parse_work_sort(None) == DEFAULT_WORK_SORT
    assert parse_work_sort("since:desc") == Sort(WorkColumn.SINCE, True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name", "cannot be sorted by `name`, only by recent, order, state"),
        ("", "cannot be sorted by ``"),
        ("started:down", "names no direction: `started:asc` or `started:desc`"),
        ("started:", "names no direction"),
        ("recent:asc", "one direction"),
    ],
)
def test_wrong_sort_says_what_is_possible(text: str, message: str) -> None:
    with pytest.raises(InvalidSearch, match=message):
        parse_order_sort(text)
