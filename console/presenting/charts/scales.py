"""Axes: round numbers, and positions in percent."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from views.shared.time_format import format_elapsed

_ROUND = (1, 2, 2.5, 5, 10)
_DURATION_TICKS = (
    0.001, 0.01, 0.1, 1, 10, 60, 600, 3600, 6 * 3600, 86400, 7 * 86400, 30 * 86400, 365 * 86400,
)  # fmt: skip
"""Seconds that people read easily."""
MAX_TICKS = 6


@dataclass(frozen=True)
class Tick:
    position: float
    """Percent from the start of the axis."""
    label: str


def round_up(value: float) -> float:
    """The next round number: 1, 2, 2.5 or 5 times a power of ten. 1 for nothing."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next((step * power for step in _ROUND if step * power >= value * (1 - 1e-9)), 10 * power)


def percent(value: float, of: float) -> float:
    return round(100 * value / of, 3) if of else 0.0


@dataclass(frozen=True)
class DurationScale:
    """Logarithmic, since steps take from milliseconds to weeks. Zero is at its beginning."""

    shortest: float
    longest: float
    """Seconds."""

    @classmethod
    def of(cls, seconds: Sequence[float]) -> DurationScale:
        """From the reading before the shortest positive value to the one after the longest."""
        positive = [value for value in seconds if value > 0]
        least, most = min(positive, default=1.0), max(positive, default=10.0)
        shortest = max((tick for tick in _DURATION_TICKS if tick < least), default=least / 10)
        longest = min((tick for tick in _DURATION_TICKS if tick > most), default=most * 1.5)
        return cls(shortest, longest)

    def position(self, seconds: float) -> float:
        """Percent, from 0 to 100."""
        if seconds <= self.shortest:
            return 0.0
        share = math.log(seconds / self.shortest) / math.log(self.longest / self.shortest)
        return round(100 * min(share, 1.0), 3)

    def ticks(self) -> list[Tick]:
        found = [tick for tick in _DURATION_TICKS if self.shortest <= tick <= self.longest]
        step = math.ceil(len(found) / MAX_TICKS)
        return [Tick(self.position(tick), format_elapsed(tick)) for tick in found[::step]]
