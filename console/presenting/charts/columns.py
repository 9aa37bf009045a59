"""Calls over time: a column for each part of a period, with the failed ones told apart; and durations as lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from console.presenting.charts.scales import Tick, percent, round_up
from ledger.reports.model.system_report import CallInterval
from views.shared.time_format import format_elapsed
from views.shared.value_format import pluralize

GAP = 12.0
"""Percent of a column's place that stays empty."""


@dataclass(frozen=True)
class Column:
    x: float
    width: float
    ok_y: float
    ok_height: float
    failed_y: float
    failed_height: float
    """Percent. Failed calls stand on the others."""
    since: datetime
    label: str
    """`41 calls, 3 failed`."""


@dataclass(frozen=True)
class ColumnChart:
    columns: tuple[Column, ...]
    ticks: tuple[Tick, ...]
    """Of the vertical axis, from its top."""
    label: str


@dataclass(frozen=True)
class LinePoint:
    x: float
    y: float
    label: str


@dataclass(frozen=True)
class Line:
    name: str
    tone: str
    points: tuple[LinePoint, ...]
    segments: tuple[tuple[LinePoint, LinePoint], ...]
    """Between neighbours. Parts of the period without calls leave a gap."""


@dataclass(frozen=True)
class LineChart:
    lines: tuple[Line, ...]
    ticks: tuple[Tick, ...]
    label: str


def call_columns(parts: Sequence[CallInterval], since: datetime, interval: float, count: int) -> ColumnChart:
    """`interval`: the length of a part, in seconds. `count`: how many parts the period has."""
    top = round_up(max((part.attempts for part in parts), default=0))
    place = 100 / count
    columns = []
    for part in parts:
        ok, failed = percent(part.attempts - part.failed, top), percent(part.failed, top)
        columns.append(
            Column(
                x=round(place * part.number + place * GAP / 200, 3),
                width=round(place * (1 - GAP / 100), 3),
                ok_y=round(100 - ok, 3),
                ok_height=ok,
                failed_y=round(100 - ok - failed, 3),
                failed_height=failed,
                since=since + timedelta(seconds=interval * part.number),
                label=f"{pluralize(part.attempts, 'call')}, {part.failed:,} failed",
            )
        )
    total, failures = sum(part.attempts for part in parts), sum(part.failed for part in parts)
    label = f"{pluralize(total, 'call')}, {failures:,} of them failed"
    return ColumnChart(tuple(columns), _ticks(top, lambda value: f"{value:g}"), label)


def duration_lines(parts: Sequence[CallInterval], count: int) -> LineChart:
    top = round_up(max((part.p90 for part in parts), default=0))
    lines = tuple(
        _line(name, tone, [(part.number, getattr(part, attribute)) for part in parts], top, count)
        for name, tone, attribute in (("p90", "planned", "p90"), ("p50", "active", "p50"))
    )
    slowest = max((part.p90 for part in parts), default=0.0)
    label = f"How long calls took over time; nine of ten took at most {format_elapsed(slowest)} at the worst"
    return LineChart(lines, _ticks(top, format_elapsed), label)


def _line(name: str, tone: str, values: Sequence[tuple[int, float]], top: float, count: int) -> Line:
    points = [
        LinePoint(
            x=round(100 * (number + 0.5) / count, 3),
            y=round(100 - percent(value, top), 3),
            label=f"{name} {format_elapsed(value)}",
        )
        for number, value in values
    ]
    numbers = [number for number, _ in values]
    joined = [
        pair for pair, (before, after) in zip(pairwise(points), pairwise(numbers), strict=True) if after == before + 1
    ]
    return Line(name, tone, tuple(points), tuple(joined))


def _ticks(top: float, label: Callable[[float], str]) -> tuple[Tick, ...]:
    return tuple(Tick(position, label(top * (1 - position / 100))) for position in (0.0, 50.0))
