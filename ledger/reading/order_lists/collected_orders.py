"""The orders that fit a filter, if they are few: all of them are collected, counted and sorted, in one statement.

Its rows are (phase, state, number, place). Phase COUNTS has how many orders are in each state; the others have keys of
orders and their places in their part of the list.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    CompoundSelect,
    Connection,
    FromClause,
    Integer,
    Text,
    func,
    literal,
    null,
    select,
    type_coerce,
    union_all,
)

from ledger.reading.filters.driving_keys import compared_keys, is_listed, probed_keys
from ledger.reading.filters.order_criteria import CURRENT, NOT_COMPLETED, Criterion, hint_at_index
from ledger.reading.paging.collected_parts import parts_behind
from ledger.reading.paging.cursor import Cursor
from ledger.reading.paging.phases import SORTED_COLUMNS, order_phases
from ledger.reading.paging.sorting import OrderColumn, Sort
from ledger.schema.tables import orders
from workflows.contract.states import OrderState

COUNTS = -1


class CollectedOrders:
    """At most `most` + 1 orders that fit all criteria, found by the first of these. `most` is None: all of them."""

    def __init__(self, criteria: Sequence[Criterion], most: int | None, *, is_sqlite: bool) -> None:
        self._driver, rest = criteria[0], criteria[1:]
        self._compared_first = [each for each in rest if self._is_compared_first(each)]
        self._compared_last = [each for each in rest if not self._is_compared_first(each)]
        self._is_sqlite = is_sqlite
        self._limit = None if most is None else most + 1

    def _is_compared_first(self, criterion: Criterion) -> bool:
        """Before an order is read. What is about columns of the orders that the driver reads can wait."""
        if self._driver.driving is not None and criterion.driving is not None:
            return False
        return criterion.condition_on is not None

    def count(self, connection: Connection) -> dict[str, int]:
        """State → number of orders."""
        if self._has_keys and not self._is_sqlite:
            return self._count_keys(connection)
        found = self._found(("state",))
        counts = select(found.c.state, func.count().label("number")).group_by(found.c.state)
        return {row.state: row.number for row in connection.execute(counts)}

    @property
    def _has_keys(self) -> bool:
        """Whether indexes have the keys of the orders that fit all criteria, without a look at the orders."""
        return self._driver.driving is None and not self._compared_last

    def _count_keys(self, connection: Connection) -> dict[str, int]:
        """All are counted, and those that are not completed: PostgreSQL has an index of these few."""
        keys = compared_keys(self._driver, self._compared_first)
        found = (keys.distinct() if self._driver.repeats else keys).limit(self._limit).cte("found")
        is_found = is_listed(orders.c.key, select(*found.c))
        others = select(orders.c.state, func.count().label("number")).where(CURRENT, NOT_COMPLETED, is_found)
        everything = select(type_coerce(null(), Text).label("state"), func.count().label("number")).select_from(found)
        rows = connection.execute(union_all(everything, others.group_by(orders.c.state))).all()
        numbers: dict[str | None, int] = {row.state: row.number for row in rows}
        total = numbers.pop(None)
        counts = {state: number for state, number in numbers.items() if state is not None}
        return counts | {OrderState.COMPLETED: total - sum(counts.values())}

    def read(
        self, connection: Connection, sort: Sort[OrderColumn], cursor: Cursor | None, limit: int
    ) -> tuple[dict[str, int], list[tuple[int, int]]]:
        """State → number of orders; and (phase, key) of `limit` orders behind the cursor."""
        rows: Sequence[Any] = connection.execute(self._statement(sort, cursor, limit)).all()
        counts = {state: number for phase, state, number, _ in rows if phase == COUNTS}
        page = sorted((phase, place, key) for phase, _, key, place in rows if phase != COUNTS)
        return counts, [(phase, key) for phase, _, key in page[:limit]]

    def _statement(self, sort: Sort[OrderColumn], cursor: Cursor | None, limit: int) -> CompoundSelect[Any]:
        found = self._found(("state", *SORTED_COLUMNS[sort.column]))
        counts = select(
            literal(COUNTS, Integer).label("phase"),
            found.c.state,
            func.count().label("number"),
            literal(0, Integer).label("place"),
        ).group_by(found.c.state)
        parts = parts_behind(cursor, found, partial(order_phases, sort), _part_columns, limit)
        return union_all(counts, *parts)

    def _found(self, columns: Sequence[str]) -> CTE:
        wanted = [orders.c[name] for name in dict.fromkeys(("key", *columns))]
        driver, early = self._driver, self._compared_first
        if driver.driving is not None and not early:
            query = hint_at_index(select(*wanted).where(CURRENT, driver.driving), driver.index)
        elif self._is_sqlite:
            driving = probed_keys(driver, early).subquery("driving")
            query = select(*wanted).select_from(driving.join(orders, orders.c.key == driving.c.order_key))
        else:
            query = select(*wanted).where(CURRENT, is_listed(orders.c.key, compared_keys(driver, early)))
        rest = [criterion.condition for criterion in self._compared_last]
        return query.where(*rest).limit(self._limit).cte("found")


def _part_columns(rows: FromClause) -> tuple[ColumnElement[Any], ...]:
    return (type_coerce(null(), Text).label("state"), rows.c.key.label("number"))
