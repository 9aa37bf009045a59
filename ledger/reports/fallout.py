"""Fallout by system and error code: how often, how it was resolved, and how long that took."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Select, and_, exists, or_, select

from ledger.reports.fallout_episodes import ENTRY_BEGINNINGS, Episode, FalloutEntry, find_episodes
from ledger.reports.model.fallout_report import FalloutReport, FalloutRow, Resolution
from ledger.reports.percentiles import spread
from ledger.reports.period import ReportPeriod, orders_of
from ledger.schema.tables import history_entries, steps, work_items

ROWS_AT_ONCE = 2_000


@dataclass
class _Group:
    count: int = 0
    attempts: int = 0
    orders: int = 0
    last_order: int | None = None
    resolved: Counter[Resolution] = field(default_factory=Counter)
    seconds: array[float] = field(default_factory=lambda: array("d"))
    oldest_open: datetime | None = None

    def add(self, order_key: int, episode: Episode) -> None:
        self.count += 1
        self.attempts += episode.attempts
        self.orders += order_key != self.last_order
        self.last_order = order_key
        self.resolved[episode.resolution] += 1
        if episode.ended_at is not None:
            self.seconds.append((episode.ended_at - episode.began_at).total_seconds())
        if episode.resolution is Resolution.OPEN:
            self.oldest_open = min(filter(None, (self.oldest_open, episode.began_at)))

    def row(self, system: str | None, code: str) -> FalloutRow:
        waiting = self.resolved.pop(Resolution.OPEN, 0)
        return FalloutRow(
            system=system,
            code=code,
            count=self.count,
            orders=self.orders,
            attempts=self.attempts,
            resolved=dict(self.resolved.most_common()),
            open=waiting,
            took=spread(self.seconds) if self.seconds else None,
            oldest_open=self.oldest_open,
        )


def read_fallout(connection: Connection, period: ReportPeriod, product: str | None) -> FalloutReport:
    """Of steps that were in fallout at a moment of the period. Histories are read one order at a time."""
    groups: dict[tuple[str | None, str], _Group] = {}
    for order_key, episode in _episodes(connection, period, product):
        if _is_in(period, episode):
            groups.setdefault((episode.system, episode.code), _Group()).add(order_key, episode)
    rows = [group.row(*cause) for cause, group in groups.items()]
    rows.sort(key=lambda row: (-row.count, row.system or "", row.code))
    return FalloutReport(since=period.since, until=period.until, product=product, rows=rows)


def _is_in(period: ReportPeriod, episode: Episode) -> bool:
    if episode.began_at >= period.until:
        return False
    if episode.resolution is Resolution.OPEN:
        return True
    return (episode.ended_at or episode.began_at) >= period.since


def _episodes(connection: Connection, period: ReportPeriod, product: str | None) -> Iterator[tuple[int, Episode]]:
    rows = connection.execution_options(yield_per=ROWS_AT_ONCE).execute(_entries(period, product))
    for order_key, of_order in groupby(rows, key=lambda row: int(row.order_key)):
        entries = [
            FalloutEntry(
                row.at,
                row.what,
                row.step_id,
                row.system,
                row.attempts or 0,
                row.open_step is not None,
                row.step_ended_at,
            )
            for row in of_order
        ]
        for episode in find_episodes(entries):
            yield order_key, episode


def _entries(period: ReportPeriod, product: str | None) -> Select[Any]:
    """The whole history of each order with fallout, with what is known of the steps."""
    keys = orders_of(period, product)
    begins = or_(*(history_entries.c.what.startswith(text, autoescape=True) for text in ENTRY_BEGINNINGS))
    step = and_(steps.c.order_key == history_entries.c.order_key, steps.c.step_id == history_entries.c.step_id)
    waiting = and_(
        work_items.c.order_key == history_entries.c.order_key,
        work_items.c.step_id == history_entries.c.step_id,
        work_items.c.kind == "fallout",
    )
    has_fallout = select(keys.c.order_key).where(
        exists().where(history_entries.c.order_key == keys.c.order_key, begins).correlate(keys)
    )
    return (
        select(
            history_entries.c.order_key,
            history_entries.c.at,
            history_entries.c.what,
            history_entries.c.step_id,
            steps.c.system,
            steps.c.attempts,
            work_items.c.step_id.label("open_step"),
            steps.c.ended_at.label("step_ended_at"),
        )
        .select_from(history_entries.outerjoin(steps, step).outerjoin(work_items, waiting))
        .where(history_entries.c.order_key.in_(has_fallout))
        .order_by(history_entries.c.order_key, history_entries.c.number)
    )
