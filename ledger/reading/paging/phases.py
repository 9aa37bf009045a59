"""A sorted list as parts that follow each other: each is sorted in one direction by columns that have values in it.

An index can then answer each part in its order, on every database, whatever that does with NULLs. Rows without a value
are a part of their own, at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, tuple_

from ledger.reading.errors import InvalidSearch
from ledger.reading.paging.cursor import Cursor
from ledger.reading.paging.sorting import OrderColumn, Sort, WorkColumn
from ledger.schema.column_types import UtcTime
from ledger.schema.tables import orders, work_items
from workflows.contract.states import Jeopardy, OrderState

LIFE_CYCLE = tuple(OrderState)
SEVERITY = (Jeopardy.ON_TRACK, Jeopardy.AT_RISK, Jeopardy.LATE)


@dataclass(frozen=True, eq=False)
class Phase:
    columns: tuple[ColumnElement[Any], ...]
    """Without NULLs in this part. The last ones make each row unique."""
    descending: bool
    condition: ColumnElement[bool] | None = None
    shared: tuple[ColumnElement[Any], ...] = ()
    """Columns that are equal, or NULL, in all rows of this part, and come first in its index. PostgreSQL takes the
    order of the index only if the query names them."""
    state: OrderState | None = None
    """The state that all its orders are in."""
    ended: bool | None = None
    """Whether all its orders have ended, or none. None: some have."""

    @property
    def order_by(self) -> list[ColumnElement[Any]]:
        return [column.desc() if self.descending else column.asc() for column in (*self.shared, *self.columns)]

    def after(self, cursor: Cursor | None) -> ColumnElement[bool] | None:
        """The rows behind the cursor's. Raises InvalidSearch if the cursor does not fit the columns."""
        if cursor is None:
            return None
        fits = len(cursor.values) == len(self.columns) and all(map(_fits, self.columns, cursor.values))
        if not fits:
            raise InvalidSearch("The cursor is not one that this list returned")
        row = tuple_(*self.columns)
        bound = tuple_(*cursor.values, types=[column.type for column in self.columns])
        return row < bound if self.descending else row > bound

    def up_to(self, row: Row[Any]) -> ColumnElement[bool]:
        """The rows before this one, and itself. `row` has the columns under the names of `labels`."""
        values = [row._mapping[f"sorted_{at}"] for at in range(len(self.columns))]
        bound = tuple_(*values, types=[column.type for column in self.columns])
        return tuple_(*self.columns) >= bound if self.descending else tuple_(*self.columns) <= bound

    def cursor_at(self, row: Row[Any], position: int) -> Cursor:
        """`row` has the columns under the names of `labels`."""
        return Cursor(position, tuple(row._mapping[f"sorted_{at}"] for at in range(len(self.columns))))

    @property
    def labels(self) -> list[ColumnElement[Any]]:
        return [column.label(f"sorted_{at}") for at, column in enumerate(self.columns)]


def _fits(column: ColumnElement[Any], value: object) -> bool:
    return isinstance(value, datetime if isinstance(column.type, UtcTime) else column.type.python_type)


def order_phases(sort: Sort[OrderColumn], columns: Mapping[str, ColumnElement[Any]] | None = None) -> Sequence[Phase]:
    """`columns`: columns of another table that stand for those of `orders` with the same name."""
    return _ORDER_PHASES[sort.column](sort.descending, _Columns(columns or {}))


class _Columns:
    """The columns of orders, some of them replaced by copies in another table."""

    def __init__(self, replaced: Mapping[str, ColumnElement[Any]]) -> None:
        def column(name: str) -> ColumnElement[Any]:
            return replaced.get(name, orders.c[name])

        self.key, self.order_id, self.customer = column("key"), column("order_id"), column("customer_id")
        self.started, self.ended = column("started_at"), column("ended_at")
        self.requested = column("requested_completion")
        self.state, self.jeopardy = column("state"), column("jeopardy")
        self.fallout, self.open_tasks = column("fallout"), column("open_tasks")


def _recent(_descending: bool, at: _Columns) -> Sequence[Phase]:
    return (
        Phase((at.started, at.key), True, at.ended.is_(None), (at.ended,), ended=False),
        Phase((at.ended, at.started, at.key), True, at.ended.is_not(None), ended=True),
    )


def _started(descending: bool, at: _Columns) -> Sequence[Phase]:
    return (Phase((at.started, at.key), descending),)


def _ended(descending: bool, at: _Columns) -> Sequence[Phase]:
    return (
        Phase((at.ended, at.started, at.key), descending, at.ended.is_not(None), ended=True),
        Phase((at.started, at.key), True, at.ended.is_(None), (at.ended,), ended=False),
    )


def _requested(descending: bool, at: _Columns) -> Sequence[Phase]:
    return (
        Phase((at.requested, at.key), descending, at.requested.is_not(None)),
        Phase((at.key,), True, at.requested.is_(None), (at.requested,)),
    )


def _order(descending: bool, at: _Columns) -> Sequence[Phase]:
    return (Phase((at.order_id,), descending),)


def _customer(descending: bool, at: _Columns) -> Sequence[Phase]:
    return (
        Phase((at.customer, at.started, at.key), descending, at.customer.is_not(None)),
        Phase((at.started, at.key), True, at.customer.is_(None), (at.customer,)),
    )


def _state(descending: bool, at: _Columns) -> Sequence[Phase]:
    ranked = reversed(LIFE_CYCLE) if descending else LIFE_CYCLE
    return [Phase((at.started, at.key), True, at.state == each.value, (at.state,), each) for each in ranked]


def _jeopardy(descending: bool, at: _Columns) -> Sequence[Phase]:
    ranked = reversed(SEVERITY) if descending else SEVERITY
    return [Phase((at.started, at.key), True, at.jeopardy == each.value, (at.jeopardy,)) for each in ranked]


def _fallout(descending: bool, at: _Columns) -> Sequence[Phase]:
    return (Phase((at.fallout, at.started, at.key), descending),)


def _tasks(descending: bool, at: _Columns) -> Sequence[Phase]:
    return (Phase((at.open_tasks, at.started, at.key), descending),)


SORTED_COLUMNS: dict[OrderColumn, tuple[str, ...]] = {
    OrderColumn.RECENT: ("started_at", "ended_at"),
    OrderColumn.ORDER: ("order_id",),
    OrderColumn.STATE: ("started_at", "state"),
    OrderColumn.JEOPARDY: ("started_at", "jeopardy"),
    OrderColumn.FALLOUT: ("started_at", "fallout"),
    OrderColumn.TASKS: ("started_at", "open_tasks"),
    OrderColumn.CUSTOMER: ("started_at", "customer_id"),
    OrderColumn.STARTED: ("started_at",),
    OrderColumn.ENDED: ("started_at", "ended_at"),
    OrderColumn.REQUESTED: ("requested_completion",),
}
"""The columns of `orders` that the phases of a sort name, besides `key`."""

_ORDER_PHASES: dict[OrderColumn, Callable[[bool, _Columns], Sequence[Phase]]] = {
    OrderColumn.RECENT: _recent,
    OrderColumn.ORDER: _order,
    OrderColumn.STATE: _state,
    OrderColumn.JEOPARDY: _jeopardy,
    OrderColumn.FALLOUT: _fallout,
    OrderColumn.TASKS: _tasks,
    OrderColumn.CUSTOMER: _customer,
    OrderColumn.STARTED: _started,
    OrderColumn.ENDED: _ended,
    OrderColumn.REQUESTED: _requested,
}

_WORK_COLUMNS = {
    WorkColumn.DUE: "due",
    WorkColumn.SINCE: "since",
    WorkColumn.ORDER: "order_id",
    WorkColumn.QUEUE: "queue",
    WorkColumn.HOLDER: "holder",
    WorkColumn.SYSTEM: "system",
    WorkColumn.CODE: "error_code",
    WorkColumn.CUSTOMER: "customer_id",
}


def columns_of_work(sort: Sort[WorkColumn]) -> list[str]:
    """The columns of `work_items` that the phases name, each once."""
    return list(dict.fromkeys(("order_key", "step_number", "since", _WORK_COLUMNS[sort.column])))


def work_phases(sort: Sort[WorkColumn], columns: Mapping[str, ColumnElement[Any]] | None = None) -> Sequence[Phase]:
    """What has no value comes last, the longest waiting first. What has the same value is sorted by its order.
    `columns` stand for those of `work_items` with the same names."""
    at = dict(work_items.c) if columns is None else columns
    column, since = at[_WORK_COLUMNS[sort.column]], at["since"]
    unique = (at["order_key"], at["step_number"])
    if sort.column in (WorkColumn.SINCE, WorkColumn.ORDER):
        return (
            Phase((column, *unique), sort.descending, column.is_not(None)),
            Phase(unique, False, column.is_(None), (column,)),
        )
    return (
        Phase((column, *unique), sort.descending, column.is_not(None)),
        Phase((since, *unique), False, and_(column.is_(None), since.is_not(None)), (column,)),
        Phase(unique, False, and_(column.is_(None), since.is_(None)), (column, since)),
    )
