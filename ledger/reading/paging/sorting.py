"""By what a list is sorted. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from ledger.reading.errors import InvalidSearch


class OrderColumn(StrEnum):
    RECENT = "recent"
    """Orders that have not ended, the newest first; then ended ones, the last ended first."""
    ORDER = "order"
    STATE = "state"
    JEOPARDY = "jeopardy"
    FALLOUT = "fallout"
    TASKS = "tasks"
    CUSTOMER = "customer"
    STARTED = "started"
    ENDED = "ended"
    REQUESTED = "requested"


class WorkColumn(StrEnum):
    DUE = "due"
    """The soonest due first; then what has no limit, the longest waiting first."""
    SINCE = "since"
    ORDER = "order"
    QUEUE = "queue"
    HOLDER = "holder"
    SYSTEM = "system"
    CODE = "code"
    CUSTOMER = "customer"


ColumnT = TypeVar("ColumnT", bound=StrEnum)

DESCENDING_BY_DEFAULT = frozenset(
    {
        OrderColumn.RECENT,
        OrderColumn.JEOPARDY,
        OrderColumn.FALLOUT,
        OrderColumn.TASKS,
        OrderColumn.STARTED,
        OrderColumn.ENDED,
    }
)
"""Columns whose greatest value comes first, unless the user says otherwise: what is new, or needs care."""


@dataclass(frozen=True)
class Sort(Generic[ColumnT]):
    """Rows without a value in the column come last, whatever the direction."""

    column: ColumnT
    descending: bool

    def __str__(self) -> str:
        return f"{self.column}:{'desc' if self.descending else 'asc'}"


DEFAULT_ORDER_SORT = Sort(OrderColumn.RECENT, True)
DEFAULT_WORK_SORT = Sort(WorkColumn.DUE, False)


def parse_order_sort(text: str | None) -> Sort[OrderColumn]:
    """`started`, `started:asc`, `started:desc`; None is DEFAULT_ORDER_SORT. Raises InvalidSearch."""
    return _parse(text, OrderColumn, {"due": OrderColumn.REQUESTED}) if text is not None else DEFAULT_ORDER_SORT


def parse_work_sort(text: str | None) -> Sort[WorkColumn]:
    """`due`, `due:asc`, `due:desc`; None is DEFAULT_WORK_SORT. Raises InvalidSearch."""
    return _parse(text, WorkColumn, {}) if text is not None else DEFAULT_WORK_SORT


def _parse(text: str, columns: type[ColumnT], meant: Mapping[str, ColumnT]) -> Sort[ColumnT]:
    """`meant`: names that other lists have, with the column that is like it here."""
    name, colon, direction = text.partition(":")
    if name not in [column.value for column in columns]:
        hint = f". Did you mean `{meant[name]}`?" if name in meant else ""
        raise InvalidSearch(f"A list cannot be sorted by `{name}`, only by {', '.join(columns)}{hint}")
    column = columns(name)
    if colon and direction not in ("asc", "desc"):
        raise InvalidSearch(f"`{text}` names no direction: `{name}:asc` or `{name}:desc`")
    if column is OrderColumn.RECENT and direction == "asc":
        raise InvalidSearch("`recent` has one direction: open orders first, then ended ones, the latest first")
    descending = direction == "desc" if colon else column in DESCENDING_BY_DEFAULT
    return Sort(column, descending)
