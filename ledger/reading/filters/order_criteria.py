"""The criteria of a filter of orders: as conditions of SQL, and as the keys of the orders that fit one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    TextClause,
    UnaryExpression,
    and_,
    exists,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.sql import operators

from ledger.reading.filters.order_filter import OrderFilter
from ledger.reading.filters.search_values import (
    begins_with,
    between,
    has_word,
    in_queue,
    is_word,
    text_value,
    words_of,
)
from ledger.schema.list_indexes import IN_FALLOUT as IN_FALLOUT_INDEX
from ledger.schema.list_indexes import IN_FALLOUT_TEXT, INTERRUPTED, LATE_TEXT, NOT_COMPLETED_TEXT
from ledger.schema.tables import (
    catalogue_versions,
    order_external_ids,
    order_products,
    order_systems,
    order_words,
    orders,
    work_items,
)
from workflows.contract.states import Jeopardy, OrderState

Condition = ColumnElement[bool]

CURRENT = text("orders.is_current")
"""As in the indexes: SQLite uses them only for this very text."""
IN_FALLOUT = text(f"({IN_FALLOUT_TEXT})")
"""As in its index. An order that was ended from outside also waits for a person."""
LATE = text(f"({LATE_TEXT})")
"""As in its index."""
NOT_COMPLETED = text(NOT_COMPLETED_TEXT)
"""As in its index. PostgreSQL uses that only if it sees this very condition."""
DATES = {
    "started_at": ("since", "until"),
    "ended_at": ("ended_since", "ended_until"),
    "requested_completion": ("requested_since", "requested_until"),
}
"""Column → the criteria that limit it."""
_PLUS: operators.custom_op[Any] = operators.custom_op("+")


@dataclass(frozen=True, eq=False)
class Criterion:
    name: str
    condition: Condition
    """About `orders`. It chooses no index on SQLite, which has no statistics to choose by."""
    keys: Select[Any]
    """`order_key` of each current order that fits, found by an index."""
    repeats: bool = False
    """Whether `keys` may name an order several times."""
    driving: Condition | TextClause | None = None
    """As `condition`, if it is about columns of `orders`; it may choose an index."""
    index: str | None = None
    """The index that has the orders that fit, and no others."""
    states: tuple[str, ...] = ()
    """The states, if it is about these alone: how many orders are in them is kept."""
    condition_on: Callable[[ColumnElement[int]], Condition] | None = None
    """As `condition`, about the key of an order that is not read yet."""
    is_sorted: bool = False
    """Whether an index has `keys` in their order."""

    @property
    def is_elsewhere(self) -> bool:
        """Whether it is about a table other than `orders`."""
        return self.driving is None and self.condition_on is not None

    def listed(self, most: int) -> Condition:
        """As `condition`, for PostgreSQL, if at most `most` keys fit: it makes a hash table of them. `IS true` keeps it
        from looking each key up by an index, and the limit tells it that the table fits into memory."""
        return orders.c.key.in_(self.keys.limit(most)).is_(true())


class OrderCriteria:
    """Raises InvalidSearch for a value that no order can have."""

    def __init__(
        self, criteria: OrderFilter, is_sqlite: bool, only_words: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        """`only_words`: beginnings of words that a search names, with the only stored word that begins so."""
        self._criteria = criteria
        self._is_sqlite = is_sqlite
        self._only_words = only_words

    def all(self) -> list[Criterion]:
        return [*self._elsewhere(), *self._own()]

    def _elsewhere(self) -> Iterator[Criterion]:
        criteria = self._criteria
        if criteria.external_id is not None:
            value = order_external_ids.c.value == text_value(criteria.external_id)
            yield _in_table("external_id", order_external_ids.c.order_key, value)
        if criteria.search is not None:
            for word in words_of(criteria.search):
                yield self._word(word)
        if work := self._work():
            yield _in_table("work", work_items.c.order_key, and_(*work), repeats=True)
        if criteria.product is not None:
            product = order_products.c.product == text_value(criteria.product)
            yield _in_table("product", order_products.c.order_key, product)
        if criteria.system is not None and criteria.code is None:
            system = order_systems.c.system == text_value(criteria.system)
            yield _in_table("system", order_systems.c.order_key, system)

    def _word(self, beginning: str) -> Criterion:
        word = self._only_words.get(beginning)
        fits, wanted = (begins_with, beginning) if word is None else (is_word, word)
        keys = select(order_words.c.order_key).where(fits(wanted))
        condition = partial(has_word, wanted, fits=fits)
        is_whole = word is not None
        return Criterion(
            "search", condition(orders.c.key), keys, not is_whole, condition_on=condition, is_sorted=is_whole
        )

    def _work(self) -> list[Condition]:
        """One step that waits for a person fits all of these."""
        criteria, at = self._criteria, work_items.c
        conditions: list[Condition] = []
        if criteria.queue is not None:
            conditions.append(in_queue(criteria.queue))
        if criteria.holder is not None:
            conditions.append(at.holder == text_value(criteria.holder))
        if criteria.code is not None:
            conditions += [at.kind == "fallout", at.error_code == text_value(criteria.code)]
            if criteria.system is not None:
                conditions.append(at.system == text_value(criteria.system))
        return conditions

    def _fallout(self) -> Criterion:
        """Orders that were ended from outside count, too, unless only running ones do."""
        at, blind = orders.c, self._blind
        has_ended, was_ended = blind("ended_at").is_not(None), blind("interrupted_kind").is_not(None)
        condition = and_(blind("fallout") > 0, ~has_ended)
        if self._criteria.only_running or self._criteria.interrupted:
            driving = and_(at.fallout > 0, ~has_ended)
            return Criterion("fallout", condition, _keys_where(driving), driving=driving)
        keys = _keys_where(IN_FALLOUT, IN_FALLOUT_INDEX.name)
        return Criterion("fallout", or_(condition, was_ended), keys, driving=IN_FALLOUT, index=IN_FALLOUT_INDEX.name)

    def _late(self) -> Criterion:
        """That have not ended, for PostgreSQL."""
        condition = and_(orders.c.jeopardy == Jeopardy.LATE.value, orders.c.ended_at.is_(None))
        return Criterion("late", condition, _keys_where(LATE), driving=LATE)

    def _own(self) -> Iterator[Criterion]:
        criteria = self._criteria
        if criteria.customer is not None:
            customer = text_value(criteria.customer)
            yield self._of_column("customer", "customer_id", lambda column: column == customer)
        if criteria.fallout:
            yield self._fallout()
        if criteria.interrupted:
            fitting = self._of_column("interrupted", "interrupted_kind", lambda column: column.is_not(None))
            keys = hint_at_index(fitting.keys, INTERRUPTED.name)
            yield replace(fitting, keys=keys, index=INTERRUPTED.name)
        if criteria.late and not criteria.states and not self._is_sqlite:
            yield self._late()
        else:
            if criteria.only_running:
                yield self._of_column("running", "ended_at", lambda column: column.is_(None))
            if criteria.late:
                yield self._of_column("late", "jeopardy", lambda column: column == Jeopardy.LATE.value)
        if criteria.jeopardy:
            wanted = [jeopardy.value for jeopardy in criteria.jeopardy]
            yield self._of_column("jeopardy", "jeopardy", lambda column: _any_of(column, wanted))
        if criteria.open_tasks:
            yield self._of_column("open_tasks", "open_tasks", lambda column: column > 0)
        if criteria.catalogue_version is not None:
            version = catalogue_versions.c.version == text_value(criteria.catalogue_version)
            key = select(catalogue_versions.c.key).where(version).scalar_subquery()
            yield self._of_column("catalogue_version", "catalogue_version_key", lambda column: column == key)
        for column, limits in DATES.items():
            since, until = (getattr(criteria, name) for name in limits)
            if since is not None or until is not None:
                yield self._of_column(
                    column, column, lambda column, since=since, until=until: and_(*between(column, since, until))
                )
        if criteria.states:
            yield self._of_states(tuple(state.value for state in criteria.states))

    def _of_states(self, states: tuple[str, ...]) -> Criterion:
        """If most orders are in none of them, PostgreSQL has an index of those that are."""
        fitting = replace(self._of_column("states", "state", lambda column: _any_of(column, states)), states=states)
        if self._is_sqlite or OrderState.COMPLETED in states:
            return fitting
        few = fitting.keys.where(NOT_COMPLETED)

        def of(order_key: ColumnElement[int]) -> Condition:
            return order_key.in_(few)

        return replace(fitting, keys=few, condition_on=of, is_sorted=True)

    def _of_column(self, name: str, column: str, build: Any) -> Criterion:
        driving = build(orders.c[column])
        return Criterion(name, build(self._blind(column)), _keys_where(driving), driving=driving)

    def _blind(self, name: str) -> ColumnElement[Any]:
        column = orders.c[name]
        return UnaryExpression(column, operator=_PLUS, type_=column.type) if self._is_sqlite else column


def _keys_where(condition: Any, index: str | None = None) -> Select[Any]:
    return hint_at_index(select(orders.c.key.label("order_key")).where(CURRENT, condition), index)


def hint_at_index(query: Select[Any], index: str | None) -> Select[Any]:
    """SQLite does not know how few orders an index has."""
    return query if index is None else query.with_hint(orders, f"INDEXED BY {index}", "sqlite")


def _any_of(column: ColumnElement[str], values: Sequence[str]) -> Condition:
    return column == values[0] if len(values) == 1 else column.in_(values)


def _in_table(name: str, key: ColumnElement[int], condition: Condition, *, repeats: bool = False) -> Criterion:
    """`key` and `condition` are of a table other than `orders`."""

    def of(order_key: ColumnElement[int]) -> Condition:
        return exists().where(key == order_key, condition)

    keys = select(key.label("order_key")).where(condition)
    return Criterion(name, of(orders.c.key), keys, repeats, condition_on=of, is_sorted=not repeats)
