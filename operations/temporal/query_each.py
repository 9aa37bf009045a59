"""Query many workflows, a few at a time, so that a long list does not crowd out the orders' own work."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from operations.errors import NotFound, NoWorker

AnswerT = TypeVar("AnswerT")

MAX_CONCURRENT_QUERIES = 8


async def query_each(
    order_ids: Sequence[str], query: Callable[[str], Awaitable[AnswerT]]
) -> tuple[dict[str, AnswerT], list[str]]:
    """The answers by order, and the orders for which no worker answered.

    An order that is gone is left out. When a whole round stays silent before any answer, the rest is not queried.
    """
    answers: dict[str, AnswerT] = {}
    unanswered: list[str] = []
    any_worker = False
    for start in range(0, len(order_ids), MAX_CONCURRENT_QUERIES):
        batch = order_ids[start : start + MAX_CONCURRENT_QUERIES]
        if unanswered and not any_worker:
            return answers, [*unanswered, *order_ids[start:]]
        results = await asyncio.gather(*(_answer_or_error(query, order_id) for order_id in batch))
        for order_id, result in zip(batch, results, strict=True):
            if isinstance(result, NoWorker):
                unanswered.append(order_id)
                continue
            any_worker = True
            if not isinstance(result, NotFound):
                answers[order_id] = result
    return answers, unanswered


async def _answer_or_error(query: Callable[[str], Awaitable[AnswerT]], order_id: str) -> AnswerT | NoWorker | NotFound:
    try:
        return await query(order_id)
    except (NoWorker, NotFound) as error:
        return error
