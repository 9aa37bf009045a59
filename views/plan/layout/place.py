"""Computes the layout of a plan: the positions of what the grid has put in columns, rows and tracks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from views.plan.layout.channels import Net
from views.plan.layout.graph import Predecessors
from views.plan.layout.grid import PlanGrid, layout_grid
from views.plan.layout.model import BoxPosition, LanePosition, Metrics, PlanLayout, Route

DEFAULT_METRICS = Metrics()
EDGE_SPACE = 12
"""Between a box and the nearest track beside it."""


def layout_plan(
    after: Predecessors, lanes: Sequence[int], groups: Sequence[int] = (), metrics: Metrics = DEFAULT_METRICS
) -> PlanLayout:
    """The positions of boxes, lanes and arrows. `after`: the predecessors of each box; `lanes`: the lane of each box;
    `groups`: the group of each lane, numbered from 0. Lanes of one group stand together.

    Lanes are numbered from 0, in the order in which a reader would expect them; this decides where nothing else does.
    The same input always gives the same layout. The graph must have no cycle.
    """
    grid = layout_grid(after, lanes, groups)
    return _Placement(grid, metrics).layout(lanes)


class _Placement:
    """Turns columns, rows and tracks into lengths."""

    def __init__(self, grid: PlanGrid, metrics: Metrics) -> None:
        self.grid, self.columns, self.rows, self.metrics = grid, grid.columns, grid.rows, metrics
        self.column_tracks, self.row_tracks = grid.column_tracks, grid.row_tracks

    def layout(self, lanes: Sequence[int]) -> PlanLayout:
        metrics, row_counts = self.metrics, self.grid.row_counts
        column_count = max(self.columns, default=-1) + 1
        widths = [metrics.box_width + self._column_gap(column) for column in range(column_count)]
        self.xs = [0.0, *accumulate(widths)]
        self._place_rows(row_counts)
        boxes = tuple(
            BoxPosition(lane, column, row, self.xs[column], self.row_ys[row])
            for lane, column, row in zip(lanes, self.columns, self.rows, strict=True)
        )
        positions = tuple(
            LanePosition(lane, self.lane_ys[at], self.lane_ys[at + 1] - self.lane_ys[at], count)
            for at, (lane, count) in enumerate(zip(self.grid.lane_order, row_counts, strict=True))
        )
        routes = tuple(Route(source, target, self._points(source, target)) for source, target in self.grid.edges)
        width = self.xs[-1] - self._column_gap(column_count - 1) if column_count else 0.0
        return PlanLayout(boxes, positions, routes, width, self.lane_ys[-1], metrics)

    def _column_gap(self, gap: int) -> float:
        _, count = self.column_tracks.get(gap, ({}, 0))
        return max(self.metrics.column_gap, 2 * EDGE_SPACE + 6 + self.metrics.track * max(count - 1, 0))

    def _row_gap(self, gap: int, least: float) -> float:
        _, count = self.row_tracks.get(gap, ({}, 0))
        return max(least, self.metrics.track * (count + 1)) if count else least

    def _place_rows(self, row_counts: Sequence[int]) -> None:
        """The top of each row and lane, and the middle of the gap above each row."""
        padding, height = self.metrics.lane_padding, self.metrics.box_height
        self.row_ys: list[float] = []
        self.lane_ys = [0.0]
        self.gap_ys: list[tuple[float, float]] = []
        """Top and height of the gap above each row, and of the one below the last."""
        y, row = 0.0, 0
        for count in row_counts:
            for at in range(count):
                gap = self._row_gap(row, padding if at == 0 else self.metrics.row_gap)
                self.gap_ys.append((y, gap))
                self.row_ys.append(y + gap)
                y += gap + height
                row += 1
            y += padding
            self.lane_ys.append(y)
        last = self._row_gap(row, 0.0)
        self.gap_ys.append((y - padding, padding + last))
        self.lane_ys[-1] += last

    def _points(self, source: int, target: int) -> tuple[tuple[float, float], ...]:
        half = self.metrics.box_height / 2
        start_y, end_y = self.row_ys[self.rows[source]] + half, self.row_ys[self.rows[target]] + half
        start_x, end_x = self.xs[self.columns[source]] + self.metrics.box_width, self.xs[self.columns[target]]
        path = self.grid.paths[source, target]
        turns = [self._turn_x(gap, net) for gap, net in path.up_and_down]
        points = [(start_x, start_y)]
        if len(turns) == 1:
            points += [(turns[0], start_y), (turns[0], end_y)]
        elif path.across is not None:
            y = self._across_y(*path.across)
            points += [(turns[0], start_y), (turns[0], y), (turns[1], y), (turns[1], end_y)]
        return (*points, (end_x, end_y))

    def _turn_x(self, gap: int, net: Net) -> float:
        tracks, count = self.column_tracks[gap]
        width = self._column_gap(gap)
        first = (width - self.metrics.track * (count - 1)) / 2
        return self.xs[gap] + self.metrics.box_width + first + self.metrics.track * tracks[net]

    def _across_y(self, gap: int, net: Net) -> float:
        tracks, count = self.row_tracks[gap]
        top, height = self.gap_ys[gap]
        return top + height * (tracks[net] + 1) / (count + 1)
