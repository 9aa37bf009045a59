"""Which way each arrow takes: along rows that are free of boxes, and through the gaps between columns and rows."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from views.plan.layout.channels import Channel, Net

Edge = tuple[int, int]
Turn = tuple[int, Net]
"""The number of a channel, and the net whose track is used in it."""


@dataclass(frozen=True, slots=True)
class Path:
    """The turns of one arrow. Without any it is straight."""

    up_and_down: tuple[Turn, ...]
    """In gaps between columns; the gap's number is that of the column on its left."""
    across: Turn | None = None
    """With two such turns: the gap between rows that joins them; its number is that of the row below it."""


@dataclass(slots=True)
class Router:
    """Finds the paths of all arrows. `columns` and `rows` are those of the boxes."""

    columns: Sequence[int]
    rows: Sequence[int]
    column_gaps: dict[int, Channel] = field(default_factory=lambda: defaultdict(Channel))
    row_gaps: dict[int, Channel] = field(default_factory=lambda: defaultdict(Channel))
    paths: dict[Edge, Path] = field(default_factory=dict)
    _taken_columns: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    """Row → the columns of its boxes, ascending."""
    _lines_on_rows: dict[int, list[tuple[int, int, Net]]] = field(default_factory=lambda: defaultdict(list))
    """Row → the stretches (first and last column) that lines run on, and their nets."""
    _leaving: Counter[int] = field(default_factory=Counter)
    _arriving: Counter[int] = field(default_factory=Counter)

    def route(self, edges: Sequence[Edge]) -> None:
        for box, row in enumerate(self.rows):
            self._taken_columns[row].append(self.columns[box])
        for taken in self._taken_columns.values():
            taken.sort()
        self._leaving = Counter(source for source, _ in edges)
        self._arriving = Counter(target for _, target in edges)
        for edge in sorted(edges, key=lambda one: (self.columns[one[1]] - self.columns[one[0]], one)):
            self.paths[edge] = self._path(*edge)

    def _path(self, source: int, target: int) -> Path:
        start, end = self.columns[source], self.columns[target]
        here, there = self.rows[source], self.rows[target]
        from_source: Net = ("from", source)
        to_target: Net = ("to", target)
        if here == there and self._claim(here, start, end, from_source if end == start + 1 else to_target):
            return Path(())
        if end == start + 1:
            net = to_target if self._arriving[target] > self._leaving[source] else from_source
            return self._turn_once(start, net, here, there)
        if self._claim(there, start, end, to_target):
            return self._turn_once(start, from_source, here, there)
        if self._claim(here, start, end, from_source):
            return self._turn_once(end - 1, to_target, here, there)
        return self._turn_twice(source, target, from_source, to_target)

    def _turn_once(self, gap: int, net: Net, here: int, there: int) -> Path:
        self.column_gaps[gap].add(net, here, there, entry=here, exit_=there)
        return Path(((gap, net),))

    def _turn_twice(self, source: int, target: int, from_source: Net, to_target: Net) -> Path:
        start, end = self.columns[source], self.columns[target]
        here, there = self.rows[source], self.rows[target]
        gap = there if here <= there else there + 1
        self.column_gaps[start].add(from_source, here, gap - 0.5, entry=here)
        self.row_gaps[gap].add(to_target, start, end - 1)
        self.column_gaps[end - 1].add(to_target, gap - 0.5, there, exit_=there)
        return Path(((start, from_source), (end - 1, to_target)), across=(gap, to_target))

    def _claim(self, row: int, start: int, end: int, net: Net) -> bool:
        """Takes the row between two columns for a line, if no box and no line of another net is there."""
        taken = self._taken_columns[row]
        at = bisect_left(taken, start + 1)
        if at < len(taken) and taken[at] < end:
            return False
        lines = self._lines_on_rows[row]
        if any(first < end and start < last and other != net for first, last, other in lines):
            return False
        if end > start + 1:
            lines.append((start, end, net))
        return True
