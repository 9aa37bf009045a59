"""The steps that fit a filter of work: collected, counted and sorted in one statement.

If a filter names words or a product, which many orders have, the keys of the orders that fit are found first, beginning
with the criterion that the fewest orders fit, be it about steps or about orders.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import (
    CTE,
    Connection,
    Integer,
    Row,
    Select,
    distinct,
    func,
    literal,
    null,
    select,
    type_coerce,
    union_all,
)

from ledger.database import is_sqlite
from ledger.reading.filters.criterion_sizes import MAX_EXACT, sizes_rarest_first
from ledger.reading.filters.driving_keys import MAX_LISTED, compared_keys, is_listed, probed_keys
from ledger.reading.filters.work_criteria import Condition, WorkCriteria
from ledger.reading.paging.collected_parts import parts_behind
from ledger.reading.paging.cursor import Cursor
from ledger.reading.paging.phases import columns_of_work, work_phases
from ledger.reading.paging.sorting import Sort, WorkColumn
from ledger.schema.tables import work_items

_COUNTS = -1
"""Stands for a phase in the row that has how many steps and orders fit."""


@dataclass(frozen=True)
class CollectedWork:
    total: int
    """At most MAX_EXACT + 1."""
    order_count: int
    """Orders of these steps."""
    keys: Sequence[tuple[int, int]] | None
    """Orders and numbers of the steps of the page. None: more than MAX_EXACT steps fit, so they were not sorted."""
    next: Cursor | None


def collect_work(
    connection: Connection, criteria: WorkCriteria, sort: Sort[WorkColumn], cursor: Cursor | None, limit: int
) -> CollectedWork:
    """The page has at most `limit` steps behind the cursor. Raises InvalidSearch."""
    among = _among_keys(connection, criteria)
    wanted = [work_items.c[name] for name in columns_of_work(sort)]
    if among is None:
        query = select(*wanted).where(*criteria.conditions).limit(MAX_EXACT + 1)
    else:  # `IS true` keeps the rest from choosing an index
        query = select(*wanted).where(among, criteria.of_step.condition.is_(True))
    found = query.cte("found")
    phases = work_phases(sort, dict(found.c))
    parts = parts_behind(cursor, found, partial(work_phases, sort), lambda rows: tuple(rows.c), limit + 1)
    rows: Sequence[Row[Any]] = connection.execute(union_all(_counts(found), *parts)).all()
    (counts,) = (row for row in rows if row.phase == _COUNTS)
    total, order_count = counts.order_key, counts.step_number
    if among is None and total > MAX_EXACT:
        return CollectedWork(total, order_count, None, None)
    page = sorted((row for row in rows if row.phase != _COUNTS), key=lambda row: (row.phase, row.place))
    keys = [(row.order_key, row.step_number) for row in page[:limit]]
    if len(page) <= limit:
        return CollectedWork(total, order_count, keys, None)
    last = page[limit - 1]
    values = tuple(last._mapping[column.name] for column in phases[last.phase].columns)
    return CollectedWork(total, order_count, keys, Cursor(last.phase, values))


def _among_keys(connection: Connection, criteria: WorkCriteria) -> Condition | None:
    """That a step's order fits, by the keys of all that do. None: steps are quicker compared one by one."""
    if not criteria.of_order:
        return None
    sizes = sizes_rarest_first(connection, [criteria.of_step, *criteria.of_order], MAX_EXACT)
    driver, *rest = sizes
    if sizes[driver] > MAX_LISTED:
        return None
    rest = [each for each in rest if each is not criteria.of_step]
    if not is_sqlite(connection):
        return is_listed(work_items.c.order_key, compared_keys(driver, rest))
    return None if driver is criteria.of_step else work_items.c.order_key.in_(probed_keys(driver, rest))


def _counts(found: CTE) -> Select[Any]:
    """A row with the columns of the parts: the numbers stand in those of the keys."""
    counted = select(found.c.order_key).limit(MAX_EXACT + 1).subquery("counted")
    _, _, *others = found.c
    return select(
        literal(_COUNTS, Integer).label("phase"),
        func.count().label("order_key"),
        func.count(distinct(counted.c.order_key)).label("step_number"),
        *(type_coerce(null(), column.type).label(column.name) for column in others),
        literal(0, Integer).label("place"),
    ).select_from(counted)
