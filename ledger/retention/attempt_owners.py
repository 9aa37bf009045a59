"""Whose attempts are which. An attempt does not name its submission: it belongs to the one that had started last when
it began."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, not_, or_, select, union_all

from ledger.schema.tables import archived_orders, attempts, orders
from ledger.schema.value_lists import IsOneOf


@dataclass(frozen=True)
class Period:
    """While a submission was the latest one of its id."""

    begin: datetime
    end: datetime | None
    """None: it still is."""

    def __contains__(self, at: datetime) -> bool:
        return self.begin <= at and (self.end is None or at < self.end)

    @property
    def condition(self) -> ColumnElement[bool]:
        """On a row of `attempts`."""
        at = attempts.c.started_at
        return at >= self.begin if self.end is None else and_(at >= self.begin, at < self.end)


OtherPeriods = Mapping[str, list[Period]]
"""Order id → the periods of submissions that are not meant."""


def find_other_periods(connection: Connection, meant: Mapping[str, Collection[str]]) -> OtherPeriods:
    """`meant`: order id → submissions. An id without other submissions is left out."""
    starts: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    known = union_all(_starts(orders), _starts(archived_orders))
    for order_id, submission, started_at in connection.execute(known, {"order_ids": meant.keys()}):
        starts[order_id].append((started_at, submission))
    found: dict[str, list[Period]] = defaultdict(list)
    for order_id, of_id in starts.items():
        of_id.sort()
        ends = [started_at for started_at, _ in of_id[1:]]
        for (began, submission), end in zip(of_id, [*ends, None], strict=True):
            if submission not in meant[order_id]:
                found[order_id].append(Period(began, end))
    return found


def _starts(table: Table) -> Select[Any]:
    columns = table.c
    return select(columns.order_id, columns.submission, columns.started_at).where(
        IsOneOf(columns.order_id, "order_ids")
    )


def in_none_of(periods: Collection[Period]) -> ColumnElement[bool]:
    """A condition on a row of `attempts`."""
    return not_(or_(*(period.condition for period in periods)))
