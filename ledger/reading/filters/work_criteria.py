"""The criteria of a filter of work: some are about the step, the others about its order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from ledger.database import is_sqlite
from ledger.reading.filters.order_criteria import Criterion, OrderCriteria
from ledger.reading.filters.order_filter import OrderFilter
from ledger.reading.filters.search_values import between, find_only_words, in_queue, text_value
from ledger.reading.filters.work_filter import WorkFilter
from ledger.schema.tables import work_items
from workflows.contract.states import Jeopardy

WorkKind = Literal["task", "fallout"]
Condition = ColumnElement[bool]


class WorkCriteria:
    """Raises InvalidSearch for a value that no step can have."""

    def __init__(self, connection: Connection, kind: WorkKind, criteria: WorkFilter) -> None:
        only_words = find_only_words(connection, criteria.search)
        of_orders = OrderFilter(product=criteria.product, search=criteria.search)
        own = and_(work_items.c.kind == kind, *_own(criteria))
        self.of_step = Criterion("work", own, select(work_items.c.order_key).where(own), repeats=True)
        self.of_order = OrderCriteria(of_orders, is_sqlite(connection), only_words).all()

    @property
    def conditions(self) -> list[Condition]:
        """About `work_items`."""
        key = work_items.c.order_key
        of_order = [each.condition_on(key) for each in self.of_order if each.condition_on is not None]
        return [self.of_step.condition, *of_order]


def _own(criteria: WorkFilter) -> Iterator[Condition]:
    at = work_items.c
    if criteria.queue is not None:
        yield in_queue(criteria.queue)
    if criteria.holder is not None:
        yield at.holder == text_value(criteria.holder) if criteria.holder else at.holder.is_(None)
    if criteria.system is not None:
        yield at.system == text_value(criteria.system)
    if criteria.code is not None:
        yield at.error_code == text_value(criteria.code)
    if criteria.customer is not None:
        yield at.customer_id == text_value(criteria.customer)
    if criteria.late:
        yield or_(at.jeopardy == Jeopardy.LATE.value, at.due < datetime.now(UTC))
    yield from between(at.since, criteria.since, criteria.until)
    yield from between(at.due, None, criteria.due_until)
