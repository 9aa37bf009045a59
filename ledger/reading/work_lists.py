"""Lists of the steps that wait for a person: tasks, or steps in fallout."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Row, Select, distinct, exists, func, or_, select

from ledger.reading.cursor import decode_cursor, encode_cursor, list_digest
from ledger.reading.errors import InvalidSearch
from ledger.reading.order_filter import WorkFilter
from ledger.reading.order_record import step_view
from ledger.reading.order_search import MAX_EXACT
from ledger.reading.phases import work_phases
from ledger.reading.search_values import between, has_word, in_queue, text_value, words_of
from ledger.reading.sorting import Sort, WorkColumn
from ledger.schema.tables import order_documents, order_products, steps, work_items
from ledger.schema.value_lists import IsOneOf
from workflows.contract.states import Jeopardy
from workflows.contract.worklists import WorklistItem

WorkKind = Literal["task", "fallout"]


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
    first = after.phase if after is not None else 0
    if first not in range(len(phases)):
        raise InvalidSearch("The cursor is not one that this list returned")
    conditions = work_conditions(kind, criteria)
    total, order_count = _count(connection, conditions)
    rows: list[tuple[int, Row[Any]]] = []
    for position, phase in enumerate(phases):
        if position < first or len(rows) > criteria.limit:
            continue
        columns = (work_items.c.order_key, work_items.c.step_number, *phase.labels)
        query = select(*columns).where(*conditions).order_by(*phase.order_by).limit(criteria.limit + 1 - len(rows))
        for condition in (phase.condition, phase.after(after) if position == first else None):
            query = query if condition is None else query.where(condition)
        rows += ((position, row) for row in connection.execute(query))
    keys = [(row.order_key, row.step_number) for _, row in rows[: criteria.limit]]
    following = None
    if len(rows) > criteria.limit:
        position, last = rows[criteria.limit - 1]
        following = encode_cursor(phases[position].cursor_at(last, position), digest)
    is_exact = total <= MAX_EXACT
    return WorkList(_read_items(connection, keys), following, min(total, MAX_EXACT), is_exact, order_count)


def work_conditions(kind: WorkKind, criteria: WorkFilter) -> list[ColumnElement[bool]]:
    """Raises InvalidSearch for a value that no step can have."""
    return [work_items.c.kind == kind, *_conditions(criteria)]


def _conditions(criteria: WorkFilter) -> Iterator[ColumnElement[bool]]:
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
    if criteria.product is not None:
        product = order_products.c.product == text_value(criteria.product)
        yield exists().where(order_products.c.order_key == at.order_key, product)
    if criteria.late:
        yield or_(at.jeopardy == Jeopardy.LATE.value, at.due < datetime.now(UTC))
    if criteria.search is not None:
        yield from (has_word(word, at.order_key) for word in words_of(criteria.search))
    yield from between(at.since, criteria.since, criteria.until)
    yield from between(at.due, None, criteria.due_until)


def _count(connection: Connection, conditions: Sequence[ColumnElement[bool]]) -> tuple[int, int]:
    """Steps, at most MAX_EXACT + 1, and the orders of these."""
    fitting = select(work_items.c.order_key).where(*conditions).limit(MAX_EXACT + 1).subquery()
    row = connection.execute(select(func.count(), func.count(distinct(fitting.c.order_key)))).one()
    return row[0], row[1]


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
