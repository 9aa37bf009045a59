"""Bars that lie in a row of a table: shares of a whole, beside the numbers that they show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from console.presenting.charts.scales import percent


@dataclass(frozen=True)
class Segment:
    x: float
    width: float
    """Percent of the longest bar."""
    tone: str
    label: str
    """`12 missed`."""


@dataclass(frozen=True)
class Bar:
    segments: tuple[Segment, ...]
    label: str
    """All segments in words, for those who do not see them."""


def bar(parts: Iterable[tuple[int, str, str]], longest: int) -> Bar:
    """`parts`: number, tone and noun. `longest`: what the whole width stands for. Empty parts are left out."""
    segments: list[Segment] = []
    total = 0
    for count, tone, noun in parts:
        if count:
            segments.append(Segment(percent(total, longest), percent(count, longest), tone, f"{count:,} {noun}"))
            total += count
    return Bar(tuple(segments), ", ".join(segment.label for segment in segments) or "none")


def longest_of(counts: Sequence[int]) -> int:
    return max(counts, default=0) or 1
