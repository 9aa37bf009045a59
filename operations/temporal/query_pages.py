"""Reads a list page by page and queries each order in it, until enough orders have what is looked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from operations.temporal.query_each import query_each

HeaderT = TypeVar("HeaderT")
AnswerT = TypeVar("AnswerT")

PAGE_SIZE = 200
"""How many orders are listed at once."""


@dataclass(frozen=True)
class Page(Generic[HeaderT]):
    headers: Mapping[str, HeaderT]
    """What the list itself says, by order id."""
    next_cursor: str | None


@dataclass(frozen=True)
class Found(Generic[HeaderT, AnswerT]):
    answers: dict[str, tuple[HeaderT, AnswerT]]
    """By order id, in the order of the list."""
    unanswered_orders: list[str]
    listed: int
    """How many orders were listed, even if their answer does not fit."""
    next_cursor: str | None
    """Continues after the last order that was queried. None if no other order follows."""


async def query_pages(
    list_page: Callable[[int, str | None], Awaitable[Page[HeaderT]]],
    query: Callable[[str], Awaitable[AnswerT]],
    fits: Callable[[AnswerT], bool],
    limit: int,
    cursor: str | None,
) -> Found[HeaderT, AnswerT]:
    """At most `limit` orders whose answer fits, or for which no worker answered. `list_page` takes a size and a cursor.

    A page has no more orders than are still wanted, so that the next page begins where this one ended.
    """
    answers: dict[str, tuple[HeaderT, AnswerT]] = {}
    unanswered: list[str] = []
    seen: set[str] = set()
    while (room := limit - len(answers) - len(unanswered)) > 0:
        page = await list_page(min(room, PAGE_SIZE), cursor)
        cursor = page.next_cursor
        headers = {order_id: header for order_id, header in page.headers.items() if order_id not in seen}
        seen.update(headers)
        found, silent = await query_each(list(headers), query)
        answers.update({order_id: (headers[order_id], answer) for order_id, answer in found.items() if fits(answer)})
        unanswered += silent
        if cursor is None or (silent and not found):  # nothing follows, or no worker is there
            break
    return Found(answers, unanswered, len(seen), cursor)
