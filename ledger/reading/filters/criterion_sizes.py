"""How many orders fit each criterion of a filter, as far as it matters."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, distinct, func, select

from ledger.reading.filters.order_criteria import Criterion
from ledger.schema.tables import state_counts

MAX_EXACT = 10_000
"""Up to this number, all orders that fit are counted."""
MAX_REPEATS = 3
"""How many words of an order begin alike, at most, in a count of the orders that have such a word."""
MAX_COUNTED = 5
"""How many times the exact number criteria are counted."""


def fit_more_than(connection: Connection, criterion: Criterion, number: int) -> bool:
    """Whether more orders than `number` fit. An index answers it."""
    if criterion.states:
        return _kept_count(connection, criterion) > number
    if not criterion.repeats:
        keys = criterion.keys.limit(number + 1).subquery()
        return connection.execute(select(func.count()).select_from(keys)).scalar_one() > number
    for limit in (number + number // 10 + 1, MAX_REPEATS * number + 1):
        keys = criterion.keys.limit(limit).subquery()
        named, fitting = connection.execute(select(func.count(), func.count(distinct(keys.c.order_key)))).one()
        if fitting > number or named < limit:
            return bool(fitting > number)
    return False


def count_keys(connection: Connection, criterion: Criterion, most: int) -> int:
    """The keys that the criterion names, at most `most`. An index answers it."""
    if criterion.states:
        return min(_kept_count(connection, criterion), most)
    keys = criterion.keys.limit(most).subquery()
    return int(connection.execute(select(func.count()).select_from(keys)).scalar_one())


def sizes_rarest_first(connection: Connection, criteria: Sequence[Criterion], exact: int) -> dict[Criterion, int]:
    """The criteria in the order of how many orders fit, with how many keys they name. All are counted up to `exact`;
    how many are in a state is kept. If more fit each of them, they are counted one by one, up to MAX_COUNTED times
    `exact` and no further than the rarest so far: those that are not below it stay behind it."""
    sizes = {each: _kept_count(connection, each) for each in criteria if each.states}
    counted = [each for each in criteria if not each.states]
    sizes |= _sizes(connection, counted, exact + 1)
    if min(sizes.values()) > exact:
        rarest = min([MAX_COUNTED * exact + 1, *(size for each, size in sizes.items() if each.states)])
        for criterion in counted:
            sizes[criterion] = rarest = count_keys(connection, criterion, rarest)
    return {each: sizes[each] for each in sorted(sizes, key=sizes.__getitem__)}


def _sizes(connection: Connection, criteria: Sequence[Criterion], limit: int) -> dict[Criterion, int]:
    counts = [
        select(func.count()).select_from(criterion.keys.limit(limit).subquery()).scalar_subquery()
        for criterion in criteria
    ]
    return dict(zip(criteria, connection.execute(select(*counts)).one(), strict=True))


def _kept_count(connection: Connection, criterion: Criterion) -> int:
    counts = select(func.sum(state_counts.c.count)).where(state_counts.c.state.in_(criterion.states))
    return int(connection.execute(counts).scalar_one() or 0)
