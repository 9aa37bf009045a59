"""The page of the list of orders: rows, counts and filters as links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from console.presenting.orders.filter_fields import BY_NAME, FIELDS, GROUPS, FilterField
from console.presenting.orders.order_query import OFF, OrderQuery
from console.presenting.orders.whose_move import Move, whose_move
from ledger.reading.paging.sorting import DESCENDING_BY_DEFAULT, OrderColumn
from views.shared.value_format import in_words, pluralize
from workflows.contract.order_summary import OrderSummary
from workflows.contract.states import Jeopardy, OrderState

if TYPE_CHECKING:
    from ledger.reading.order_lists.row_details import RowDetails
    from operations.reading.list_orders import OrderPage


@dataclass(frozen=True)
class Count:
    """A number that is also a filter."""

    label: str
    value: str
    """Of the filter: a state, `late`."""
    text: str
    """`1,204`, `over 10,000`; empty if it is not counted."""
    address: str
    is_chosen: bool
    is_none: bool = False


@dataclass(frozen=True)
class Chip:
    """A filter in force, with the address without it."""

    label: str
    text: str
    address: str


@dataclass(frozen=True)
class ColumnHead:
    name: str
    label: str
    address: str | None
    """Sorts by the column. None: it cannot be sorted, or only a ledger could."""
    direction: str
    """For `aria-sort`: `ascending`, `descending` or `none`."""
    is_number: bool = False


@dataclass(frozen=True)
class OrderRow:
    order: OrderSummary
    address: str
    products: Sequence[str]
    """Their names, as far as the ledger knows them, else their ids."""
    more_products: int
    is_overdue: bool
    expected: datetime | None
    """When it will be done, by the forecast. None: it has ended, or nobody knows."""
    is_passed: bool
    """The expected time has come, and the order is not done: something holds it up."""
    is_too_late: bool
    """It is expected after the requested time."""
    move: Move

    @property
    def state_word(self) -> str:
        """How it was ended from outside, or else its state."""
        return in_words(self.order.interrupted or self.order.state)


@dataclass(frozen=True)
class FieldRow:
    field: FilterField
    value: str
    problem: str
    is_disabled: bool


@dataclass(frozen=True)
class FieldGroup:
    title: str
    rows: Sequence[FieldRow]


MAX_PRODUCTS = 2
WHOSE_MOVE, EXPECTED_OR_ENDED = "Whose move", "Expected / ended"
_WITHOUT_LEDGER = {WHOSE_MOVE: "", EXPECTED_OR_ENDED: "Ended"}
"""Headings of what only a ledger knows → what is left of them without one."""
COLUMNS: tuple[tuple[str, OrderColumn | None], ...] = (
    ("Order", OrderColumn.ORDER),
    ("State", OrderColumn.STATE),
    ("Jeopardy", OrderColumn.JEOPARDY),
    ("Fallout", OrderColumn.FALLOUT),
    ("Tasks", OrderColumn.TASKS),
    (WHOSE_MOVE, None),
    ("Customer", OrderColumn.CUSTOMER),
    ("Products", None),
    ("Submitted", OrderColumn.STARTED),
    ("Requested", OrderColumn.REQUESTED),
    (EXPECTED_OR_ENDED, OrderColumn.ENDED),
)
_NUMBERS = frozenset({OrderColumn.FALLOUT, OrderColumn.TASKS})


def order_address(order_id: str) -> str:
    """An id may hold any character but `/`."""
    return f"/orders/{quote(order_id, safe='')}"


def order_rows(page: OrderPage, details: Mapping[str, RowDetails], now: datetime) -> list[OrderRow]:
    """`details`: by order id; empty without a ledger."""
    return [_order_row(order, details.get(order.order_id), now) for order in page.orders]


def _order_row(order: OrderSummary, details: RowDetails | None, now: datetime) -> OrderRow:
    names = details.product_names if details is not None else {}
    products = list(dict.fromkeys(names.get(product, product) for product in order.products))
    expected = details.forecast if details is not None and order.ended_at is None else None
    requested = order.requested_completion
    return OrderRow(
        order=order,
        address=order_address(order.order_id),
        products=products[:MAX_PRODUCTS],
        more_products=max(len(products) - MAX_PRODUCTS, 0),
        is_overdue=order.ended_at is None and order.jeopardy is Jeopardy.LATE,
        expected=expected,
        is_passed=expected is not None and expected < now,
        is_too_late=expected is not None and requested is not None and max(expected, now) > requested,
        move=whose_move(order, details),
    )


def column_heads(query: OrderQuery, *, has_ledger: bool) -> list[ColumnHead]:
    if has_ledger:
        return [_column_head(query, label, column) for label, column in COLUMNS]
    labels = [_WITHOUT_LEDGER.get(label, label) for label, _ in COLUMNS]
    return [_column_head(query, label, None) for label in labels if label]


def _column_head(query: OrderQuery, label: str, column: OrderColumn | None) -> ColumnHead:
    if column is None:
        return ColumnHead(label.lower(), label, None, "none", label in ("Fallout", "Tasks"))
    is_sorted = query.sort.column is column
    descending = not query.sort.descending if is_sorted else column in DESCENDING_BY_DEFAULT
    direction = ("descending" if query.sort.descending else "ascending") if is_sorted else "none"
    address = query.address(sort=f"{column}:{'desc' if descending else 'asc'}")
    return ColumnHead(label.lower(), label, address, direction, column in _NUMBERS)


def state_counts(query: OrderQuery, counts: Mapping[OrderState, int] | None) -> list[Count]:
    """By state, of the orders that pass the other filters. Each link adds its state, or takes it away.

    `counts`: None if more orders fit than are counted. States that nobody asks for and no order is in are left out.
    """
    chosen = query.values("state")
    return [
        Count(
            in_words(state),
            state,
            "" if counts is None else f"{counts.get(state, 0):,}",
            query.address(state=_toggled(chosen, state)),
            state in chosen,
            counts is not None and not counts.get(state),
        )
        for state in OrderState
        if counts is None or counts.get(state) or state in chosen
    ]


def _toggled(chosen: Sequence[str], value: str) -> list[str]:
    return [each for each in chosen if each != value] if value in chosen else [*chosen, value]


ATTENTION: tuple[tuple[str, str, str, str], ...] = (
    ("in fallout", "fallout", "fallout", "true"),
    ("late", "late", "late", "true"),
    ("at risk", "at_risk", "jeopardy", Jeopardy.AT_RISK),
    ("with tasks", "tasks", "tasks", "true"),
)
"""Label, key, filter and its value, of what needs care."""


def attention_counts(query: OrderQuery, numbers: Mapping[str, str]) -> list[Count]:
    """`numbers`: by the key of ATTENTION, as text; a key is missing if it is not counted."""
    counts = []
    for label, key, name, value in ATTENTION:
        is_chosen = value in query.values(name)
        address = query.address(**{name: _toggled(query.values(name), value)})
        text = numbers.get(key, "")
        counts.append(Count(label, key, text, address, is_chosen, text == "0"))
    return counts


def count_text(count: int, *, is_exact: bool) -> str:
    return f"{count:,}" if is_exact else f"over {count:,}"


def total_text(page: OrderPage, query: OrderQuery, by_state: Mapping[OrderState, int] | None) -> str:
    """`1–50 of 1,204 orders`, `51–100 of over 10,000 orders`, `3 orders`; without a total `1–50, and more`."""
    shown, first = len(page.orders), query.first
    total = page.total
    if total is None and by_state is not None:
        total = sum(by_state.values())
    place = f"{first:,}–{first + shown - 1:,}" if shown else ""
    if total is None:
        return place + (", and more" if page.next_cursor else "")
    if not page.total_is_exact:
        return f"{place} of over {total:,} orders"
    if shown >= total:
        return pluralize(total, "order")
    return f"{place} of {pluralize(total, 'order')}"


def filter_chips(query: OrderQuery) -> list[Chip]:
    return [
        Chip(BY_NAME[name].label, _chip_text(BY_NAME[name], value), _without(query, BY_NAME[name], value))
        for name, value in query.pairs
        if name in BY_NAME and name != "search" and not (BY_NAME[name].kind == "flag" and value in OFF)
    ]


def _chip_text(field: FilterField, value: str) -> str:
    if field.kind == "flag":
        return ""
    return in_words(value) if field.kind == "choices" else value


def _without(query: OrderQuery, field: FilterField, value: str) -> str:
    rest = [each for each in query.values(field.name) if each != value] if field.kind == "choices" else None
    return query.address(**{field.name: rest})


def field_groups(query: OrderQuery, *, has_ledger: bool) -> list[FieldGroup]:
    """The text fields of the form. What only a ledger can answer is disabled without one."""
    return [
        FieldGroup(
            title,
            [
                FieldRow(
                    field,
                    query.value(field.name),
                    query.problems.get(field.name, ""),
                    field.ledger_only and not has_ledger,
                )
                for field in FIELDS
                if field.group == title
            ],
        )
        for title in GROUPS
    ]


def kept_pairs(query: OrderQuery) -> list[tuple[str, str]]:
    """What the form hands on without showing it: what the counts choose, the sort, the page's size, the grouping."""
    names = [field.name for field in FIELDS if field.kind in ("flag", "choices")] + ["sort", "size", "group"]
    return [(name, value) for name, value in query.pairs if name in names]


def general_problems(query: OrderQuery) -> list[str]:
    """Problems that no field of the form shows."""
    shown = {field.name for field in FIELDS if field.kind in ("text", "moment") and field.group}
    return [problem for name, problem in query.problems.items() if name not in shown]
