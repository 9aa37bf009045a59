"""Lines that run side by side between two columns or rows get tracks, so that none covers another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable
from dataclasses import dataclass, field

Net = Hashable
"""Lines of one net leave one box, or lead to one box: they may share a track."""


@dataclass(slots=True)
class Channel:
    """The gap between two columns (lines go up and down) or above a row (lines go to the right)."""

    spans: dict[Net, list[float]] = field(default_factory=dict)
    """Each net's first and last row (or column)."""
    entries: dict[Net, set[float]] = field(default_factory=lambda: defaultdict(set))
    """Rows on which a net comes into the channel from the left."""
    exits: dict[Net, set[float]] = field(default_factory=lambda: defaultdict(set))
    """Rows on which a net leaves the channel to the right."""

    def add(
        self, net: Net, start: float, end: float, *, entry: float | None = None, exit_: float | None = None
    ) -> None:
        low, high = sorted((start, end))
        span = self.spans.setdefault(net, [low, high])
        span[0], span[1] = min(span[0], low), max(span[1], high)
        if entry is not None:
            self.entries[net].add(entry)
        if exit_ is not None:
            self.exits[net].add(exit_)

    def tracks(self) -> tuple[dict[Net, int], int]:
        """The track of each net, from left to right (or from the top), and the number of tracks.

        A net that comes in on a row has a track left of one that goes out on the same row, where that is possible.
        """
        leaving: dict[float, list[Net]] = defaultdict(list)
        for net, rows in self.exits.items():
            for row in rows:
                leaving[row].append(net)
        taken: list[list[list[float]]] = []
        result: dict[Net, int] = {}
        lowest: dict[Net, int] = defaultdict(int)
        for net in sorted(self.spans, key=self._sort_key):
            track, span = lowest[net], self.spans[net]
            while track < len(taken) and any(_overlap(span, other) for other in taken[track]):
                track += 1
            while track >= len(taken):
                taken.append([])
            taken[track].append(span)
            result[net] = track
            for row in self.entries[net]:
                for other in leaving[row]:
                    if other != net:
                        lowest[other] = max(lowest[other], track + 1)
        return result, len(taken)

    def _sort_key(self, net: Net) -> tuple[bool, list[float], str]:
        """Nets that spread out come before nets that come together."""
        return len(self.exits[net]) > len(self.entries[net]), self.spans[net], str(net)


def _overlap(one: list[float], other: list[float]) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]
