"""Searches orders: counts those that fit, and reads a page of their keys in the order of a sort.

If at most MAX_EXACT orders fit, or a few more, they are collected from the criterion that the fewest orders fit, and
sorted. If more fit, an index that filters and sorts is read in its order, or an index of the sort until the page is
full. That is soon if the orders that fit are spread over it; if they are not, all of them are collected after all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Row, Select, and_, func, select

from ledger.database import is_sqlite
from ledger.reading.errors import InvalidSearch
from ledger.reading.filters.criterion_sizes import MAX_EXACT, count_keys, fit_more_than, sizes_rarest_first
from ledger.reading.filters.driving_keys import MAX_LISTED
from ledger.reading.filters.order_criteria import CURRENT, Criterion, OrderCriteria
from ledger.reading.filters.order_filter import OrderFilter
from ledger.reading.filters.search_values import find_only_words
from ledger.reading.order_lists.collected_orders import CollectedOrders
from ledger.reading.paging.cursor import Cursor
from ledger.reading.paging.phases import Phase, order_phases
from ledger.reading.paging.sorting import OrderColumn, Sort
from ledger.schema.tables import order_products, order_systems, orders, state_counts
from workflows.contract.states import OrderState

AT_ONCE = 2
"""How many times MAX_EXACT orders may fit one of several criteria, so that they are collected at once. Otherwise it may
turn out that too many fit all criteria to be counted, and then that none of them is among the first of the sort."""
MAX_WALK = 15_000
"""Orders that are read in the order of a sort to find a page of those that fit. After that it is quicker to collect all
that fit."""
MAX_WALK_WITH_LIST = 100_000
"""Orders that are read after that, with such a list. Sorted by customer they would be too many: all orders of a name
are those of a few customers."""

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
    "ended_at": frozenset({OrderColumn.RECENT, OrderColumn.ENDED}),
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


class _TooFarApartError(Exception):
    """The orders that fit are not among the first MAX_WALK of the sort."""


class OrderSearch:
    """Raises InvalidSearch for a filter that makes no sense."""

    def __init__(self, connection: Connection, criteria: OrderFilter) -> None:
        self._connection = connection
        self._filter = criteria
        self._is_sqlite = is_sqlite(connection)
        self._criteria = OrderCriteria(criteria, self._is_sqlite, find_only_words(connection, criteria.search)).all()

    def total(self) -> OrderTotal:
        if self._are_counts_kept:
            return self._kept_counts()
        if self._are_many:
            return _too_many()
        return _total(self._collected(MAX_EXACT).count(self._connection))

    def read(self, sort: Sort[OrderColumn], cursor: Cursor | None) -> tuple[OrderTotal, KeyPage]:
        """The total, and the keys of at most `limit` orders with where the list continues."""
        if cursor is not None:
            _check_cursor(cursor, sort)
        if self._are_counts_kept:
            total = self._kept_counts()
        elif self._are_many:
            total = _too_many()
        elif self._has_index_alone(sort):
            total = self.total()
        else:
            most = None if self._are_at_most(AT_ONCE * MAX_EXACT) else MAX_EXACT
            total, page = self._collect(sort, cursor, most)
            if total.is_exact or most is None:
                return total, page
        try:
            return total, self._read_in_order(sort, cursor)
        except _TooFarApartError:
            return total, self._collect(sort, cursor, None)[1]

    @property
    def _are_counts_kept(self) -> bool:
        return all(criterion.states for criterion in self._criteria)

    def _has_index_alone(self, sort: Sort[OrderColumn]) -> bool:
        """Whether the page, and the keys to count, are read from indexes of another table than `orders`, on
        PostgreSQL. SQLite needs the orders to count them."""
        if self._is_sqlite or len(self._criteria) > 1:
            return False
        name = self._criteria[0].name
        return name in _COPIED_TIMES and sort.column in INDEXED_PAIRS[name]

    @cached_property
    def _are_many(self) -> bool:
        """Known before any order is read: more than MAX_EXACT fit the only criterion."""
        return len(self._criteria) == 1 and fit_more_than(self._connection, self._criteria[0], MAX_EXACT)

    def _are_at_most(self, number: int) -> bool:
        """Known before any order is read: no more fit one of several criteria."""
        return min(self._sizes.values(), default=number + 1) <= number

    @cached_property
    def _sizes(self) -> dict[Criterion, int]:
        """The criteria, the one that the fewest orders fit first. Empty for a single one, which is not counted."""
        if len(self._criteria) < 2:
            return {}
        return sizes_rarest_first(self._connection, self._criteria, MAX_EXACT)

    @property
    def _rarest_first(self) -> list[Criterion]:
        return list(self._sizes) or self._criteria

    def _kept_counts(self) -> OrderTotal:
        counts = select(state_counts.c.state, func.sum(state_counts.c.count)).group_by(state_counts.c.state)
        if self._filter.states:
            counts = counts.where(state_counts.c.state.in_([state.value for state in self._filter.states]))
        by_state = _in_life_cycle({state: int(count) for state, count in self._connection.execute(counts)})
        return OrderTotal(sum(by_state.values()), True, by_state)

    def _collect(self, sort: Sort[OrderColumn], cursor: Cursor | None, most: int | None) -> tuple[OrderTotal, KeyPage]:
        limit = self._filter.limit
        counts, found = self._collected(most).read(self._connection, sort, cursor, limit + 1)
        total = _total(counts)
        keys = [key for _, key in found[:limit]]
        if len(found) <= limit:
            return total, KeyPage(keys, None)
        position, last = found[limit - 1]
        phase = order_phases(sort)[position]
        row = self._connection.execute(select(*phase.labels).where(orders.c.key == last)).one()
        return total, KeyPage(keys, phase.cursor_at(row, position))

    def _read_in_order(self, sort: Sort[OrderColumn], cursor: Cursor | None) -> KeyPage:
        source = self._source(sort)
        phases = order_phases(sort, source.columns)
        first = cursor.phase if cursor is not None else 0
        limit = self._filter.limit
        rows: list[tuple[int, Row[Any]]] = []
        for position, phase in enumerate(phases):
            if position >= first and not self._is_empty(phase) and len(rows) <= limit:
                after = phase.after(cursor) if position == first else None
                wanted = limit + 1 - len(rows)
                found = self._next_rows(source, phase, after, wanted)
                rows += ((position, row) for row in found)
        keys = [row.order_key for _, row in rows[:limit]]
        if len(rows) <= limit:
            return KeyPage(keys, None)
        position, last = rows[limit - 1]
        return KeyPage(keys, phases[position].cursor_at(last, position))

    def _next_rows(
        self, source: _Source, phase: Phase, after: ColumnElement[bool] | None, wanted: int
    ) -> Sequence[Row[Any]]:
        """At most `wanted`. Raises _TooFarApartError."""
        if not source.walks:
            return self._rows(source, phase, after, wanted)
        found: list[Row[Any]] = []
        for length in source.walks:
            end = self._end_of_walk(phase, after, length)
            within = None if end is None else phase.up_to(end)
            found += self._rows(source, phase, _both(after, within), wanted - len(found))
            if end is None or len(found) == wanted:
                return found
            after = phase.after(phase.cursor_at(end, 0))
        raise _TooFarApartError

    def _end_of_walk(self, phase: Phase, after: ColumnElement[bool] | None, length: int) -> Row[Any] | None:
        """The order that is `length` orders further in the sort. None: there are not so many."""
        query = select(*phase.labels).where(CURRENT).order_by(*phase.order_by).offset(length).limit(1)
        for condition in (phase.condition, after):
            query = query if condition is None else query.where(condition)
        return self._connection.execute(query).first()

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

    def _source(self, sort: Sort[OrderColumn]) -> _Source:
        driver = self._driver_in_order(sort)
        others = [criterion for criterion in self._rarest_first if criterion is not driver]
        listed = self._find_listed(others)
        rest = [each.listed(MAX_LISTED) if each is listed else each.condition for each in others]
        if driver is None:
            walks: tuple[int, ...] = (MAX_WALK,) if rest else ()
            if listed is not None and sort.column is not OrderColumn.CUSTOMER:
                walks += (MAX_WALK_WITH_LIST,)
            return _Source(orders, orders.c.key, [CURRENT, *rest], walks=walks)
        if driver.name in _COPIED_TIMES:
            return _copied_times(driver, rest)
        if len(driver.states) > 1:
            branches = [orders.c.state == state for state in driver.states]
            return _Source(orders, orders.c.key, [CURRENT, *rest], branches=branches)
        return _Source(orders, orders.c.key, [CURRENT, driver.driving, *rest])

    def _find_listed(self, criteria: Sequence[Criterion]) -> Criterion | None:
        """The first of the criteria, if PostgreSQL is quicker with a list of the orders that fit it."""
        if self._is_sqlite or not criteria or not criteria[0].is_elsewhere:
            return None
        fits = count_keys(self._connection, criteria[0], MAX_LISTED + 1) <= MAX_LISTED
        return criteria[0] if fits else None

    def _collected(self, most: int | None) -> CollectedOrders:
        return CollectedOrders(self._rarest_first, most, is_sqlite=self._is_sqlite)

    def _driver_in_order(self, sort: Sort[OrderColumn]) -> Criterion | None:
        """A criterion whose orders an index has in the order of the sort, the one that the fewest orders fit."""
        fitting = [each for each in self._rarest_first if sort.column in INDEXED_PAIRS.get(each.name, ())]
        return fitting[0] if fitting else None


def _both(one: ColumnElement[bool] | None, other: ColumnElement[bool] | None) -> ColumnElement[bool] | None:
    given = [condition for condition in (one, other) if condition is not None]
    return and_(*given) if given else None


def _check_cursor(cursor: Cursor, sort: Sort[OrderColumn]) -> None:
    phases = order_phases(sort)
    if cursor.phase not in range(len(phases)):
        raise InvalidSearch("The cursor is not one that this list returned")
    phases[cursor.phase].after(cursor)


def _too_many() -> OrderTotal:
    return OrderTotal(MAX_EXACT, False, {})


def _total(counts: Mapping[str, int]) -> OrderTotal:
    count = sum(counts.values())
    return _too_many() if count > MAX_EXACT else OrderTotal(count, True, _in_life_cycle(counts))


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
    walks: tuple[int, ...] = ()
    """How many orders are read on the way to those that fit, and how many more after that. Empty: all fit, or those of
    the index that drives the search are read."""

    def select(self, phase: Phase) -> Select[Any]:
        columns = [self.key.label("order_key"), *phase.labels]
        return select(*columns).select_from(self.table).where(*self.conditions)


def _copied_times(driver: Criterion, rest: list[ColumnElement[bool]]) -> _Source:
    """The orders of a product or a system, with the copies of their times: an index has both."""
    table = _COPIED_TIMES[driver.name]
    copies: dict[str, ColumnElement[Any]] = {column.name: column for column in table.c} | {"key": table.c.order_key}
    source = table.join(orders, orders.c.key == table.c.order_key) if rest else table
    return _Source(source, table.c.order_key, [driver.keys.whereclause, *rest], copies)


def _in_life_cycle(counts: Mapping[str, int]) -> dict[OrderState, int]:
    return {state: counts[state] for state in OrderState if counts.get(state, 0) > 0}
