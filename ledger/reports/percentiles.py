"""Percentiles of groups of values, interpolated between neighbours: the same numbers on both databases.

PostgreSQL has `percentile_cont`. SQLite has no such function, so the few values that decide are read by their rank.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Double, Integer, Select, cast, func, or_, select

from ledger.database import is_sqlite
from ledger.reports.model.report import Spread

HALF, MOST = 0.5, 0.9
VALUE = "value"
"""The column of the values: whole microseconds."""
MICROSECONDS = 1_000_000


Group = tuple[Any, ...]


def spread_by_group(connection: Connection, values: Select[Any], groups: Sequence[str]) -> dict[Group, Spread]:
    """`values` has a column VALUE, and one for each name in `groups`."""
    read = _by_rank if is_sqlite(connection) else _by_aggregate
    return read(connection, values, groups)


def spread(values: Sequence[float]) -> Spread:
    """Of values in seconds. There is at least one."""
    by_rank = dict(enumerate(sorted(values), start=1))
    return _spread(by_rank, len(values), 1)


def _by_aggregate(connection: Connection, values: Select[Any], groups: Sequence[str]) -> dict[Group, Spread]:
    found = values.subquery("found")
    value = cast(found.c[VALUE], Double)
    names = [found.c[name] for name in groups]
    query = select(
        *names,
        func.count(),
        *(func.percentile_cont(fraction).within_group(value) for fraction in (HALF, MOST)),
        func.max(found.c[VALUE]),
    ).group_by(*names)
    return {
        tuple(group): Spread(count=count, p50=_seconds(p50), p90=_seconds(p90), longest=_seconds(longest))
        for *group, count, p50, p90, longest in connection.execute(query)
    }


def _by_rank(connection: Connection, values: Select[Any], groups: Sequence[str]) -> dict[Group, Spread]:
    found = values.subquery("found")
    names = [found.c[name] for name in groups]
    window: Mapping[str, Any] = {"partition_by": names} if names else {}
    ranked = select(
        *names,
        found.c[VALUE],
        func.row_number().over(order_by=found.c[VALUE], **window).label("rank"),
        func.count().over(**window).label("size"),
    ).subquery("ranked")
    below = [cast(fraction * (ranked.c.size - 1), Integer) for fraction in (HALF, MOST)]
    decides = or_(
        ranked.c.rank == ranked.c.size, *(ranked.c.rank.in_((position + 1, position + 2)) for position in below)
    )
    columns = [*(ranked.c[name] for name in groups), ranked.c.size, ranked.c.rank, ranked.c[VALUE]]
    sizes: dict[Group, int] = {}
    by_rank: dict[Group, dict[int, float]] = {}
    for *group, size, rank, value in connection.execute(select(*columns).where(decides)):
        sizes[tuple(group)] = size
        by_rank.setdefault(tuple(group), {})[rank] = value
    return {group: _spread(by_rank[group], size, MICROSECONDS) for group, size in sizes.items()}


def _spread(by_rank: Mapping[int, float], size: int, unit: int) -> Spread:
    return Spread(
        count=size,
        p50=_seconds(_percentile(by_rank, size, HALF), unit),
        p90=_seconds(_percentile(by_rank, size, MOST), unit),
        longest=_seconds(by_rank[size], unit),
    )


def _percentile(by_rank: Mapping[int, float], size: int, fraction: float) -> float:
    """As PostgreSQL's percentile_cont computes it. Ranks begin at 1."""
    position = fraction * (size - 1)
    below = math.floor(position)
    lower = by_rank[below + 1]
    if position == below:
        return lower
    return lower + (position - below) * (by_rank[below + 2] - lower)


def _seconds(value: float, unit: int = MICROSECONDS) -> float:
    return round(value / unit, 6)
