"""Which archived orders fit a list."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import Connection, func, or_, select

from ledger.reading.filters.order_filter import OrderFilter
from ledger.schema.tables import archived_orders

MAX_NAMED = 3


@dataclass(frozen=True)
class ArchivedMatches:
    count: int
    ids: tuple[str, ...]
    """Of some of them, the latest started first."""


def find_archived_matches(connection: Connection, criteria: OrderFilter) -> ArchivedMatches:
    """Archived orders with this customer, or with what is searched as their id or as that of their customer.

    The ledger has no more of archived orders than ids, states and times. With any other criterion, none is found.
    """
    none = ArchivedMatches(0, ())
    rest = replace(criteria, search=None, customer=None, states=(), limit=OrderFilter.limit)
    if rest != OrderFilter() or not (criteria.search or criteria.customer):
        return none
    columns = archived_orders.c
    conditions = []
    if criteria.search:
        conditions.append(or_(columns.order_id == criteria.search, columns.customer_id == criteria.search))
    if criteria.customer:
        conditions.append(columns.customer_id == criteria.customer)
    if criteria.states:
        conditions.append(columns.state.in_([state.value for state in criteria.states]))
    ids = select(columns.order_id).where(*conditions).group_by(columns.order_id)
    ids = ids.order_by(func.max(columns.started_at).desc(), columns.order_id).limit(MAX_NAMED)
    number = select(func.count(columns.order_id.distinct())).where(*conditions)
    return ArchivedMatches(connection.execute(number).scalar_one(), tuple(connection.execute(ids).scalars()))
