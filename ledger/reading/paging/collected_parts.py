"""The parts of a list whose rows one statement has collected."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import CTE, ColumnElement, FromClause, Integer, Select, func, literal, select

from ledger.reading.paging.cursor import Cursor
from ledger.reading.paging.phases import Phase

Columns = Mapping[str, ColumnElement[Any]]


def parts_behind(
    cursor: Cursor | None,
    found: CTE,
    phases_of: Callable[[Columns], Sequence[Phase]],
    columns_of: Callable[[FromClause], Sequence[ColumnElement[Any]]],
    limit: int,
) -> Iterator[Select[Any]]:
    """A query for each phase that rows behind the cursor may be in, of at most `limit` of them: the phase's number, the
    columns, and the row's `place`, from 1. Raises InvalidSearch if the cursor does not fit.

    `found`: what was collected. `phases_of`: the list's phases, of columns with the names of `found`. `columns_of`: the
    columns of a row, from rows like those of `found`.
    """
    first = cursor.phase if cursor is not None else 0
    for position, phase in enumerate(phases_of(dict(found.c))):
        if position < first:
            continue
        # numbered only after the limit: the database keeps the first rows, and does not sort all
        query = select(*found.c).order_by(*phase.order_by).limit(limit)
        for condition in (phase.condition, phase.after(cursor) if position == first else None):
            query = query if condition is None else query.where(condition)
        part = query.subquery(f"part_{position}")
        place = func.row_number().over(order_by=phases_of(dict(part.c))[position].order_by)
        yield select(literal(position, Integer).label("phase"), *columns_of(part), place.label("place"))
