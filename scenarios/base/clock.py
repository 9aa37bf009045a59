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
    SETTLED = 1
    """By then the order has decided what becomes of a failure."""
    MOMENT = 2
    """A moment is looked at before what happens at its time."""
    WORLD = 3
    ENGINE = 4
    """The timers of the order."""


Task = Callable[[], bool | None]
"""False: it has changed nothing that the order sees."""


@dataclass(slots=True)
class Clock:
    """Times are seconds since 1970."""

    now: float
    _due: list[tuple[float, Rank, int, Task]] = field(default_factory=list)
    _count: int = 0
    _dropped: set[int] = field(default_factory=set)

    def at(self, moment: float, rank: Rank, do: Task) -> int:
        """In the past means now. Returns the number of the entry, for `drop`."""
        self._count += 1
        heappush(self._due, (max(moment, self.now), rank, self._count, do))
        return self._count

    def drop(self, number: int) -> None:
        """The entry is not due any more: the time does not come to it."""
        self._dropped.add(number)

    def next_due(self) -> tuple[float, Rank] | None:
        while self._due and self._due[0][2] in self._dropped:
            self._dropped.remove(heappop(self._due)[2])
        return self._due[0][:2] if self._due else None

    def do_next(self) -> bool:
        """Goes to the time of the entry that `next_due` has found, and does it. Returns whether the order may see a
        change."""
        moment, _, _, do = heappop(self._due)
        self.now = moment
        return do() is not False
