"""A layout as columns, rows and tracks, without lengths. Who draws decides how large they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from views.plan.layout.channels import Net
from views.plan.layout.graph import Predecessors, direct_edges, topological_layers
from views.plan.layout.lane_order import order_lanes
from views.plan.layout.routing import Edge, Path, Router

Tracks = dict[int, tuple[dict[Net, int], int]]
"""Gap → the track of each net in it, and the number of tracks."""


@dataclass(frozen=True, slots=True)
class PlanGrid:
    columns: Sequence[int]
    """The column of each box."""
    rows: Sequence[int]
    """The row of each box. Each row belongs to one lane."""
    lane_order: Sequence[int]
    """The numbers of the lanes from top to bottom."""
    row_counts: Sequence[int]
    """The rows of each lane in `lane_order`."""
    edges: Sequence[Edge]
    """Without those that a longer path implies."""
    paths: dict[Edge, Path]
    """The way of each edge, except of those in `fans`."""
    fans: Sequence[Edge]
    """Edges of boxes with so many predecessors or followers that they are drawn as one."""
    column_tracks: Tracks
    row_tracks: Tracks


def layout_grid(
    after: Predecessors, lanes: Sequence[int], groups: Sequence[int] = (), max_fan: int | None = None
) -> PlanGrid:
    """See layout_plan. More than `max_fan` edges at one side of a box are a fan; None: there are no fans."""
    columns, edges = topological_layers(after), direct_edges(after)
    order = order_lanes(max(lanes, default=-1) + 1, lanes, columns, edges, groups)
    rows, row_counts = _assign_rows(after, lanes, columns, order)
    fans = _fans(edges, max_fan)
    single = set(fans)
    router = Router(columns, rows)
    router.route([edge for edge in edges if edge not in single])
    return PlanGrid(
        columns,
        rows,
        order,
        row_counts,
        edges,
        router.paths,
        fans,
        {gap: channel.tracks() for gap, channel in router.column_gaps.items()},
        {gap: channel.tracks() for gap, channel in router.row_gaps.items()},
    )


def _fans(edges: Sequence[Edge], max_fan: int | None) -> list[Edge]:
    if max_fan is None:
        return []
    leaving, arriving = Counter(source for source, _ in edges), Counter(target for _, target in edges)
    return [edge for edge in edges if leaving[edge[0]] > max_fan or arriving[edge[1]] > max_fan]


def _assign_rows(
    after: Predecessors, lanes: Sequence[int], columns: Sequence[int], order: Sequence[int]
) -> tuple[list[int], list[int]]:
    """The row of each box, and the number of rows of each lane in `order`. A box stays on the row of the box that it
    waits for, if it can."""
    boxes_of_lane: list[list[int]] = [[] for _ in order]
    for box, lane in enumerate(lanes):
        boxes_of_lane[lane].append(box)
    rows = [0] * len(lanes)
    counts = []
    base = 0
    for lane in order:
        ends: list[int] = []
        """For each row of the lane, the column of its last box."""
        for box in sorted(boxes_of_lane[lane], key=lambda one: (columns[one], one)):
            earlier = [one for one in after[box] if lanes[one] == lane]
            wanted = [rows[one] - base for one in sorted(earlier, key=lambda one: -columns[one])]
            free = [row for row, end in enumerate(ends) if end < columns[box]]
            row = next((row for row in (*wanted, *free) if row in free), len(ends))
            if row == len(ends):
                ends.append(-1)
            ends[row] = columns[box]
            rows[box] = base + row
        counts.append(max(len(ends), 1))
        base += counts[-1]
    return rows, counts
