"""The clock of a scenario: what is due, in order. Nothing waits for real."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from heapq import heappop, heappush


class Rank(IntEnum):
    """What comes first of what is due at the same time."""

    RESULT = 0
    """What takes no time is done first."""
    MOMENT = 1
    """A moment is looked at before what happens at its time."""
    WORLD = 2
    ENGINE = 3
    """The timers of the order."""


Deed = Callable[[], bool | None]
"""False: it has changed nothing that the order sees."""


@dataclass(slots=True)
class Clock:
    """Times are seconds since 1970."""

    now: float
    _due: list[tuple[float, Rank, int, Deed]] = field(default_factory=list)
    _count: int = 0

    def at(self, moment: float, rank: Rank, do: Deed) -> None:
        """In the past means now."""
        self._count += 1
        heappush(self._due, (max(moment, self.now), rank, self._count, do))

    def next_due(self) -> tuple[float, Rank] | None:
        return self._due[0][:2] if self._due else None

    def do_next(self) -> bool:
        """Goes to the time of the next entry, and does it. Returns whether the order may see a change."""
        moment, _, _, do = heappop(self._due)
        self.now = moment
        return do() is not False
