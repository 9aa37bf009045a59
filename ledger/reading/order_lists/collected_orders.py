"""The orders that fit a filter, if they are few: all of them are collected, counted and sorted, in one statement.

Its rows are (phase, state, number, place). Phase COUNTS has how many orders are in each state; the others have keys of
orders and their places in their part of the list.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    CTE,
    CompoundSelect,
    Connection,
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
from ledger.reading.filters.order_criteria import CURRENT, Criterion, hint_at_index
from ledger.reading.paging.collected_parts import parts_behind
from ledger.reading.paging.cursor import Cursor
from ledger.reading.paging.phases import SORTED_COLUMNS, order_phases
from ledger.reading.paging.sorting import OrderColumn, Sort
from ledger.schema.tables import orders

COUNTS = -1


class CollectedOrders:
    """At most `most` + 1 orders that fit all criteria, found by the first of these. `most` is None: all of them."""

    def __init__(self, criteria: Sequence[Criterion], most: int | None, *, is_sqlite: bool) -> None:
        self._driver, self._rest = criteria[0], criteria[1:]
        self._is_sqlite = is_sqlite
        self._limit = None if most is None else most + 1

    def count(self, connection: Connection) -> dict[str, int]:
        """State → number of orders."""
        found = self._found(("state",))
        counts = select(found.c.state, func.count().label("number")).group_by(found.c.state)
        return {row.state: row.number for row in connection.execute(counts)}

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
        columns = (type_coerce(null(), Text).label("state"), found.c.key.label("number"))
        return union_all(counts, *parts_behind(cursor, order_phases(sort, dict(found.c)), columns, limit))

    def _found(self, columns: Sequence[str]) -> CTE:
        wanted = [orders.c[name] for name in dict.fromkeys(("key", *columns))]
        driver = self._driver
        early = [criterion for criterion in self._rest if criterion.condition_on is not None]
        rest = [criterion.condition for criterion in self._rest if criterion.condition_on is None]
        if driver.driving is not None and not early:
            query = hint_at_index(select(*wanted).where(CURRENT, driver.driving), driver.index)
        elif self._is_sqlite:
            driving = probed_keys(driver, early).subquery("driving")
            query = select(*wanted).select_from(driving.join(orders, orders.c.key == driving.c.order_key))
        else:
            query = select(*wanted).where(CURRENT, is_listed(orders.c.key, compared_keys(driver, early)))
        return query.where(*rest).limit(self._limit).cte("found")
