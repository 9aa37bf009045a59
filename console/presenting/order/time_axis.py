"""An axis of time on which long stretches without an event take little room.

Time is true to scale, except where nothing begins or ends for long: a stretch of over a minute that is longer than
twice all shorter ones together is drawn short, and marked. So neither a night without work nor a retry days later
squeezes the rest.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from views.shared.time_format import format_elapsed

MAX_SHARE = 0.2
"""Of the width, for each stretch that is drawn short."""
MIN_IDLE = 60.0
"""Seconds. A shorter stretch is always true to scale."""
MIN_REST = 1.0
"""Seconds that the others need to take together: below that, there is nothing that a long one could squeeze."""
FACTOR = 2.0
TICK_STEPS = tuple(
    timedelta(seconds=seconds)
    for seconds in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800)
) + tuple(timedelta(days=days) for days in (7, 14, 28, 91, 182, 365))
MIN_TICK_DISTANCE = 13.0
"""Percent of the width between two ticks: room for `03:39:42 PM`."""


@dataclass(frozen=True)
class Break:
    """A stretch that is drawn shorter than it is."""

    begin: float
    end: float
    """Percent of the width."""
    text: str
    """How long it is."""


@dataclass(frozen=True)
class Tick:
    place: float
    at: datetime


@dataclass(frozen=True)
class TimeAxis:
    knots: Sequence[tuple[float, float]]
    """Seconds since 1970, and percent of the width; both ascend."""
    breaks: Sequence[Break]
    ticks: Sequence[Tick]

    def place(self, at: datetime) -> float:
        """Percent of the width, from 0 to 100."""
        return _interpolate(at.timestamp(), self.knots)

    def span(self, begin: datetime, end: datetime) -> tuple[float, float]:
        """Place and width."""
        left = self.place(begin)
        return left, max(self.place(end) - left, 0.0)


def time_axis(events: Iterable[datetime], *, is_true: bool = False) -> TimeAxis:
    """`events`: everything that begins or ends; at least one. `is_true`: every stretch is true to scale."""
    moments = sorted({at.timestamp() for at in events})
    if len(moments) < 2:
        moments = [moments[0], moments[0] + 1.0]
    stretches = [later - earlier for earlier, later in itertools.pairwise(moments)]
    drawn = stretches if is_true else _drawn(stretches)
    total, at = sum(drawn), 0.0
    knots, breaks = [(moments[0], 0.0)], []
    for moment, stretch, width in zip(moments[1:], stretches, drawn, strict=True):
        begin, at = at, at + width
        knots.append((moment, 100 * at / total))
        if width < stretch:
            breaks.append(Break(100 * begin / total, 100 * at / total, format_elapsed(round(stretch))))
    return TimeAxis(knots, breaks, _ticks(knots, breaks))


def _drawn(stretches: Sequence[float]) -> list[float]:
    """How long each stretch is drawn. Those that are drawn short take at most half of the width together."""
    rest, short = 0.0, set()
    for place in sorted(range(len(stretches)), key=stretches.__getitem__):
        stretch = stretches[place]
        if stretch >= MIN_IDLE and rest >= MIN_REST and stretch > FACTOR * rest:
            short.add(place)
        else:
            rest += stretch
    width = rest * min(MAX_SHARE / (1 - MAX_SHARE), 1 / max(len(short), 1))
    return [width if place in short else stretch for place, stretch in enumerate(stretches)]


def _ticks(knots: Sequence[tuple[float, float]], breaks: Sequence[Break]) -> list[Tick]:
    """At round times where the axis is true to scale, and not too close to each other, after one at the beginning."""
    ticks = [Tick(0.0, datetime.fromtimestamp(knots[0][0], UTC))]
    for begin, end in _pieces(knots, breaks):
        seconds, width = end[0] - begin[0], end[1] - begin[1]
        if width <= 0:
            continue
        least = seconds * MIN_TICK_DISTANCE / width
        step = next((each.total_seconds() for each in TICK_STEPS if each.total_seconds() >= least), None)
        if step is None:
            continue
        at = -(-begin[0] // step) * step
        while at <= end[0]:
            place = begin[1] + width * (at - begin[0]) / seconds
            if place - ticks[-1].place >= MIN_TICK_DISTANCE:
                ticks.append(Tick(place, datetime.fromtimestamp(at, UTC)))
            at += step
    return ticks


def _pieces(
    knots: Sequence[tuple[float, float]], breaks: Sequence[Break]
) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """The parts between the breaks, each from its first to its last knot."""
    begins = {each.begin for each in breaks}
    pieces, first = [], knots[0]
    for knot, following in zip(knots, [*knots[1:], None], strict=True):
        if following is None or knot[1] in begins:
            pieces.append((first, knot))
            first = following or knot
    return pieces


def _interpolate(value: float, knots: Sequence[tuple[float, float]]) -> float:
    at = bisect.bisect_right(knots, (value, float("inf")))
    if at == 0:
        return 0.0
    if at == len(knots):
        return 100.0
    (begin, left), (end, right) = knots[at - 1], knots[at]
    return left + (right - left) * (value - begin) / (end - begin)
