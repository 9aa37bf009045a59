"""Fallout by system and error code: how often, how it ended, what is open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from console.presenting.charts.bars import Bar, bar, longest_of
from ledger.reports.model.fallout_report import FalloutReport, FalloutRow, Resolution
from views.reports.period_text import NONE
from views.shared.time_format import format_elapsed
from views.shared.value_format import in_words

_BY_ITSELF = (Resolution.RETRIED_AUTOMATICALLY, Resolution.OTHER)
_GIVEN_UP = (Resolution.SKIPPED, Resolution.ROLLED_BACK, Resolution.CANCELLED)


@dataclass(frozen=True)
class CauseRow:
    system: str
    """Empty: not a call of a system."""
    code: str
    count: int
    orders: int
    attempts: int
    open: int
    oldest_open: datetime | None
    p50: str
    p90: str
    resolved: str
    """`12 retried, 3 skipped`."""
    bar: Bar
    open_url: str
    """The orders that wait with this cause now; empty if none does."""


@dataclass(frozen=True)
class FalloutPage:
    rows: tuple[CauseRow, ...]
    count: int
    open: int
    by_hand: int
    """Of all: how many a person has mended."""


def fallout_page(report: FalloutReport) -> FalloutPage:
    longest = longest_of([row.count for row in report.rows])
    return FalloutPage(
        rows=tuple(_row(row, longest) for row in report.rows),
        count=sum(row.count for row in report.rows),
        open=sum(row.open for row in report.rows),
        by_hand=sum(
            count for row in report.rows for way, count in row.resolved.items() if way not in (*_BY_ITSELF, *_GIVEN_UP)
        ),
    )


def _row(row: FalloutRow, longest: int) -> CauseRow:
    by_itself = sum(row.resolved.get(way, 0) for way in _BY_ITSELF)
    given_up = sum(row.resolved.get(way, 0) for way in _GIVEN_UP)
    mended = sum(row.resolved.values()) - by_itself - given_up
    parts = (
        (by_itself, "planned", "without a person"),
        (mended, "good", "mended by a person"),
        (given_up, "undo", "skipped, undone or cancelled"),
        (row.open, "bad", "open"),
    )
    names = {"system": row.system or "", "code": row.code, "fallout": "true"}
    return CauseRow(
        system=row.system or "",
        code=row.code or NONE,
        count=row.count,
        orders=row.orders,
        attempts=row.attempts,
        open=row.open,
        oldest_open=row.oldest_open,
        p50="" if row.took is None else format_elapsed(row.took.p50),
        p90="" if row.took is None else format_elapsed(row.took.p90),
        resolved=", ".join(f"{count:,} {in_words(way)}" for way, count in row.resolved.items()),
        bar=bar(parts, longest),
        open_url=f"/orders?{urlencode({name: value for name, value in names.items() if value})}" if row.open else "",
    )
