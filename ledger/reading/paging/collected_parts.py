"""The parts of a list whose rows one statement has collected."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, func, literal, select

from ledger.reading.paging.cursor import Cursor
from ledger.reading.paging.phases import Phase


def parts_behind(
    cursor: Cursor | None, phases: Sequence[Phase], columns: Sequence[ColumnElement[Any]], limit: int
) -> Iterator[Select[Any]]:
    """A query for each phase that rows behind the cursor may be in, of at most `limit` of them: the phase's number, the
    `columns`, and the row's `place`, from 1. Raises InvalidSearch if the cursor does not fit."""
    first = cursor.phase if cursor is not None else 0
    for position, phase in enumerate(phases):
        if position < first:
            continue
        number, place = literal(position, Integer), func.row_number().over(order_by=phase.order_by)
        query = select(number.label("phase"), *columns, place.label("place")).order_by(*phase.order_by).limit(limit)
        for condition in (phase.condition, phase.after(cursor) if position == first else None):
            query = query if condition is None else query.where(condition)
        yield select(query.subquery(f"part_{position}"))
