"""Lists of the steps that wait for a person: tasks, or steps in fallout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from ledger.reading.errors import InvalidSearch
from ledger.reading.filters.criterion_sizes import MAX_EXACT
from ledger.reading.filters.work_criteria import WorkCriteria, WorkKind
from ledger.reading.filters.work_filter import WorkFilter
from ledger.reading.paging.cursor import Cursor, decode_cursor, encode_cursor, list_digest
from ledger.reading.paging.phases import Phase, work_phases
from ledger.reading.paging.sorting import Sort, WorkColumn
from ledger.reading.row_views import step_view
from ledger.reading.work_lists.collected_work import collect_work
from ledger.schema.tables import order_documents, steps, work_items
from ledger.schema.value_lists import IsOneOf
from workflows.contract.worklists import WorklistItem


@dataclass(frozen=True)
class WorkList:
    items: list[WorklistItem]
    next_cursor: str | None
    total: int
    """Steps on all pages: at most MAX_EXACT, unless `is_exact`."""
    is_exact: bool
    order_count: int
    """Orders of these steps."""


def read_work_list(
    connection: Connection, kind: WorkKind, criteria: WorkFilter, sort: Sort[WorkColumn], cursor: str | None = None
) -> WorkList:
    """At most `criteria.limit` steps that fit, from behind the cursor. Raises InvalidSearch."""
    digest = list_digest(kind, replace(criteria, limit=0), str(sort))
    after = decode_cursor(cursor, digest)
    phases = work_phases(sort)
    if after is not None and after.phase not in range(len(phases)):
        raise InvalidSearch("The cursor is not one that this list returned")
    wanted = WorkCriteria(connection, kind, criteria)
    found = collect_work(connection, wanted, sort, after, criteria.limit)
    keys, following = found.keys, found.next
    if keys is None:
        keys, following = _read_in_order(connection, wanted, phases, after, criteria.limit)
    return WorkList(
        items=_read_items(connection, keys),
        next_cursor=None if following is None else encode_cursor(following, digest),
        total=min(found.total, MAX_EXACT),
        is_exact=found.total <= MAX_EXACT,
        order_count=found.order_count,
    )


def _read_in_order(
    connection: Connection, wanted: WorkCriteria, phases: Sequence[Phase], after: Cursor | None, limit: int
) -> tuple[list[tuple[int, int]], Cursor | None]:
    """The page of a list that is too long to be sorted: an index has its order."""
    first = after.phase if after is not None else 0
    rows: list[tuple[int, Row[Any]]] = []
    for position, phase in enumerate(phases):
        if position < first or len(rows) > limit:
            continue
        columns = (work_items.c.order_key, work_items.c.step_number, *phase.labels)
        query = select(*columns).where(*wanted.conditions).order_by(*phase.order_by).limit(limit + 1 - len(rows))
        for condition in (phase.condition, phase.after(after) if position == first else None):
            query = query if condition is None else query.where(condition)
        rows += ((position, row) for row in connection.execute(query))
    keys = [(row.order_key, row.step_number) for _, row in rows[:limit]]
    if len(rows) <= limit:
        return keys, None
    position, last = rows[limit - 1]
    return keys, phases[position].cursor_at(last, position)


def _read_items(connection: Connection, keys: Sequence[tuple[int, int]]) -> list[WorklistItem]:
    """In the order of `keys`: order and number of the step."""
    order_keys, numbers = {order_key for order_key, _ in keys}, {number for _, number in keys}
    rows = connection.execute(_SOME_STEPS, {"order_keys": order_keys, "numbers": numbers})
    found = {(row.order_key, row.number): row for row in rows}
    return [
        WorklistItem(row.order_id, row.customer_id, list(row.products or ()), step_view(row))
        for row in (found[key] for key in keys if key in found)
    ]


def _some_steps() -> Select[Any]:
    """Steps that wait for a person: those of some orders, with some numbers. It has two parameters, however many these
    are."""
    of_step = (steps.c.order_key == work_items.c.order_key) & (steps.c.number == work_items.c.step_number)
    of_order = order_documents.c.order_key == work_items.c.order_key
    source = work_items.join(steps, of_step).outerjoin(order_documents, of_order)
    columns = (steps, work_items.c.order_id, work_items.c.customer_id, order_documents.c.products)
    wanted = IsOneOf(work_items.c.order_key, "order_keys"), IsOneOf(work_items.c.step_number, "numbers")
    return select(*columns).select_from(source).where(*wanted)


_SOME_STEPS = _some_steps()
