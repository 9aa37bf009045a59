"""The period that a report is about, and the orders that it is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CTE, ColumnElement, exists, select, union_all

from ledger.reading.errors import InvalidSearch
from ledger.reading.filters.order_criteria import CURRENT
from ledger.reading.filters.search_values import text_value
from ledger.schema.tables import order_products, orders


@dataclass(frozen=True)
class ReportPeriod:
    """From `since` until before `until`. Raises InvalidSearch if it is empty."""

    since: datetime
    until: datetime
    now: datetime
    """When the report is made: what has not ended yet lasts until then."""

    def __post_init__(self) -> None:
        if self.since >= self.until:
            raise InvalidSearch("The period is empty: it ends before it begins")

    def contains(self, column: ColumnElement[datetime]) -> ColumnElement[bool]:
        return (column >= self.since) & (column < self.until)


def orders_of(period: ReportPeriod, product: str | None = None) -> CTE:
    """The keys of the current orders that were open at a moment of the period: whatever happened to an order happened
    while it was open. With `product`, only those with this commercial product."""
    branches = [
        select(orders.c.key.label("order_key")).where(
            CURRENT, condition, orders.c.started_at < period.until, *_of(product)
        )
        for condition in (orders.c.ended_at >= period.since, orders.c.ended_at.is_(None))
    ]
    return union_all(*branches).cte("orders_of_period")


def _of(product: str | None) -> Sequence[ColumnElement[bool]]:
    if product is None:
        return ()
    wanted = (order_products.c.product == text_value(product), order_products.c.order_key == orders.c.key)
    return (exists().where(*wanted),)
