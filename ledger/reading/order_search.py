"""Searches orders: counts those that fit, and reads a page of their keys in the order of a sort.

A search with several criteria begins with the one that the fewest orders fit. If an index filters and sorts, it is read
in its order. Otherwise, the keys of at most MAX_EXACT orders that fit are collected and sorted. If more fit, an index
of the sort is read until the page is full, which is soon if the orders that fit are spread over it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Row, Select, func, select

from ledger.database import is_sqlite
from ledger.reading.cursor import Cursor
from ledger.reading.errors import InvalidSearch
from ledger.reading.order_criteria import CURRENT, Criterion, OrderCriteria
from ledger.reading.order_filter import OrderFilter
from ledger.reading.phases import Phase, order_phases
from ledger.reading.sorting import OrderColumn, Sort
from ledger.schema.tables import order_products, order_systems, orders, state_counts
from workflows.contract.states import OrderState

MAX_EXACT = 10_000
"""Up to this number, all orders that fit are counted."""
MAX_REPEATS = 3
"""How many words of an order begin alike, at most, in a count of the orders that have such a word."""

BY_TIME = frozenset({OrderColumn.RECENT, OrderColumn.STARTED, OrderColumn.ENDED, OrderColumn.REQUESTED})
INDEXED_PAIRS: dict[str | None, frozenset[OrderColumn]] = {
    None: frozenset(OrderColumn),
    "states": BY_TIME | {OrderColumn.STATE},
    "customer": BY_TIME,
    "catalogue_version": BY_TIME,
    "product": BY_TIME,
    "system": frozenset({OrderColumn.STARTED}),
    "jeopardy": frozenset({OrderColumn.STARTED, OrderColumn.JEOPARDY}),
    "running": frozenset({OrderColumn.RECENT, OrderColumn.ENDED}),
    "started_at": frozenset({OrderColumn.STARTED}),
    "ended_at": frozenset({OrderColumn.ENDED}),
    "requested_completion": frozenset({OrderColumn.REQUESTED}),
}
"""Name of a criterion → sorts for which an index filters and sorts, however many orders fit."""
_COPIED_TIMES = {"product": order_products, "system": order_systems}


@dataclass(frozen=True)
class OrderTotal:
    count: int
    """At most MAX_EXACT, unless `is_exact`."""
    is_exact: bool
    by_state: dict[OrderState, int]
    """Empty unless `is_exact`. States without orders are left out."""


@dataclass(frozen=True)
class KeyPage:
    keys: list[int]
    next: Cursor | None


class OrderSearch:
    """Raises InvalidSearch for a filter that makes no sense."""

    def __init__(self, connection: Connection, criteria: OrderFilter) -> None:
        self._connection = connection
        self._filter = criteria
        self._criteria = OrderCriteria(criteria, is_sqlite(connection)).all()

    def total(self) -> OrderTotal:
        if all(criterion.name == "states" for criterion in self._criteria):
            return self._kept_counts()
        if self._is_one_common_word():
            return OrderTotal(MAX_EXACT, False, {})
        fitting = self._fitting(orders.c.state).limit(MAX_EXACT + 1).subquery()
        rows = self._connection.execute(select(fitting.c.state, func.count()).group_by(fitting.c.state)).all()
        count = sum(number for _, number in rows)
        if count > MAX_EXACT:
            return OrderTotal(MAX_EXACT, False, {})
        return OrderTotal(count, True, _in_life_cycle({str(state): number for state, number in rows}))

    def _is_one_common_word(self) -> bool:
        """PostgreSQL would read all orders that have the word before it counts the first."""
        only = self._criteria[0]
        return len(self._criteria) == 1 and only.repeats and self._number_of_orders(only) > MAX_EXACT

    def _kept_counts(self) -> OrderTotal:
        counts = select(state_counts.c.state, func.sum(state_counts.c.count)).group_by(state_counts.c.state)
        if self._filter.states:
            counts = counts.where(state_counts.c.state.in_([state.value for state in self._filter.states]))
        by_state = _in_life_cycle({state: int(count) for state, count in self._connection.execute(counts)})
        return OrderTotal(sum(by_state.values()), True, by_state)

    def page(self, sort: Sort[OrderColumn], cursor: Cursor | None, total: OrderTotal) -> KeyPage:
        """The keys of at most `limit` orders, and where the list continues."""
        source = self._source(sort, total)
        phases = order_phases(sort, source.columns)
        first = cursor.phase if cursor is not None else 0
        if first not in range(len(phases)):
            raise InvalidSearch("The cursor is not one that this list returned")
        limit = self._filter.limit
        rows: list[tuple[int, Row[Any]]] = []
        for position, phase in enumerate(phases):
            if position >= first and not self._is_empty(phase) and len(rows) <= limit:
                after = phase.after(cursor) if position == first else None
                rows += ((position, row) for row in self._rows(source, phase, after, limit + 1 - len(rows)))
        keys = [row.order_key for _, row in rows[:limit]]
        if len(rows) <= limit:
            return KeyPage(keys, None)
        position, last = rows[limit - 1]
        return KeyPage(keys, phases[position].cursor_at(last, position))

    def _is_empty(self, phase: Phase) -> bool:
        criteria = self._filter
        if phase.state is not None and criteria.states and phase.state not in criteria.states:
            return True
        must_have_ended = criteria.ended_since is not None or criteria.ended_until is not None
        return (phase.ended is True and criteria.only_running) or (phase.ended is False and must_have_ended)

    def _rows(self, source: _Source, phase: Phase, after: ColumnElement[bool] | None, limit: int) -> Sequence[Row[Any]]:
        query = source.select(phase).order_by(*phase.order_by).limit(limit)
        for condition in (phase.condition, after):
            query = query if condition is None else query.where(condition)
        if not source.branches or phase.state is not None:
            return self._connection.execute(query).all()
        found = [row for branch in source.branches for row in self._connection.execute(query.where(branch))]
        found.sort(key=lambda row: tuple(row)[1:], reverse=phase.descending)
        return found[:limit]

    def _source(self, sort: Sort[OrderColumn], total: OrderTotal) -> _Source:
        driver = self._driver_in_order(sort)
        is_alone = len(self._criteria) == (0 if driver is None else 1)
        if total.is_exact and total.count <= MAX_EXACT and not is_alone:
            return self._collected()
        rest = [criterion.condition for criterion in self._criteria if criterion is not driver]
        if driver is None:
            return _Source(orders, orders.c.key, [CURRENT, *rest])
        if driver.name in _COPIED_TIMES:
            return _copied_times(driver, rest)
        if driver.name == "states" and len(self._filter.states) > 1:
            branches = [orders.c.state == state.value for state in self._filter.states]
            return _Source(orders, orders.c.key, [CURRENT, *rest], branches=branches)
        return _Source(orders, orders.c.key, [CURRENT, driver.driving, *rest])

    def _driver_in_order(self, sort: Sort[OrderColumn]) -> Criterion | None:
        """A criterion whose orders an index has in the order of the sort, the one that the fewest orders fit."""
        fitting = [each for each in self._by_number_of_orders if sort.column in INDEXED_PAIRS.get(each.name, ())]
        return fitting[0] if fitting else None

    def _collected(self) -> _Source:
        """The orders that fit, by their keys: at most MAX_EXACT."""
        found = self._fitting(orders.c.key).limit(MAX_EXACT + 1).subquery("found")
        return _Source(found.join(orders, orders.c.key == found.c.key), orders.c.key, [])

    def _fitting(self, column: ColumnElement[Any]) -> Select[Any]:
        """Orders that fit, in any order, from where the fewest fit."""
        driver = self._by_number_of_orders[0]
        rest = [criterion.condition for criterion in self._criteria if criterion is not driver]
        if driver.driving is not None:
            return select(column).where(CURRENT, driver.driving, *rest)
        driving = (driver.keys.distinct() if driver.repeats else driver.keys).subquery("driving")
        return select(column).select_from(driving.join(orders, orders.c.key == driving.c.order_key)).where(*rest)

    @cached_property
    def _by_number_of_orders(self) -> list[Criterion]:
        """The criteria, those that the fewest orders fit first; those that more than MAX_EXACT fit, last."""
        if len(self._criteria) < 2:
            return self._criteria
        return sorted(self._criteria, key=self._number_of_orders)

    def _number_of_orders(self, criterion: Criterion) -> int:
        keys = criterion.keys.limit((MAX_REPEATS if criterion.repeats else 1) * MAX_EXACT + 1).subquery()
        if criterion.repeats:
            keys = select(keys.c.order_key).distinct().subquery()
        return self._connection.execute(select(func.count()).select_from(keys)).scalar_one()


@dataclass(frozen=True)
class _Source:
    """What a page is read from."""

    table: FromClause
    key: ColumnElement[int]
    conditions: Sequence[Any]
    columns: dict[str, ColumnElement[Any]] | None = None
    """Columns that stand for those of `orders`."""
    branches: Sequence[ColumnElement[bool]] = ()
    """Each is read by itself in the order of its index, and the results are merged. Empty: there is only one."""

    def select(self, phase: Phase) -> Select[Any]:
        columns = [self.key.label("order_key"), *phase.labels]
        return select(*columns).select_from(self.table).where(*self.conditions)


def _copied_times(driver: Criterion, rest: list[ColumnElement[bool]]) -> _Source:
    """The orders of a product or a system, with the copies of their times: an index has both."""
    table = _COPIED_TIMES[driver.name]
    copies: dict[str, ColumnElement[Any]] = {column.name: column for column in table.c} | {"key": table.c.order_key}
    source = table.join(orders, orders.c.key == table.c.order_key) if rest else table
    return _Source(source, table.c.order_key, [driver.keys.whereclause, *rest], copies)


def _in_life_cycle(counts: dict[str, int]) -> dict[OrderState, int]:
    return {state: counts[state] for state in OrderState if counts.get(state, 0) > 0}
