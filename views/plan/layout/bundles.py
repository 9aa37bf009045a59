"""Bundles: lanes of the same shape are drawn once. 170 lines with the same 14 steps are one lane of 14 boxes."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from views.plan.layout.graph import Predecessors, topological_layers

MAX_SINGLE_LANES = 24
"""A picture with no more lanes than this has no bundles: all lanes can be seen at once."""
MIN_BUNDLE = 4
"""Lanes of one shape that are worth a bundle."""


@dataclass(frozen=True, slots=True)
class Bundling:
    """Boxes and lanes of the picture, each with the steps and lanes of the plan that it stands for."""

    boxes: tuple[tuple[int, ...], ...]
    lanes: tuple[tuple[int, ...], ...]
    lane_of_box: tuple[int, ...]
    after: tuple[tuple[int, ...], ...]
    """The boxes that each box waits for."""


def bundle_lanes(after: Predecessors, lanes: Sequence[int], shapes: Sequence[Hashable]) -> Bundling:
    """`lanes`: the lane of each step, numbered from 0. `shapes`: what equal steps of several lanes have in common.

    Lanes have the same shape if their steps are equal and can run equally early. Then no box waits for itself.
    """
    layers = topological_layers(after)
    lane_count = max(lanes, default=-1) + 1
    steps_of_lane: list[list[int]] = [[] for _ in range(lane_count)]
    for step, lane in enumerate(lanes):
        steps_of_lane[lane].append(step)
    groups: dict[Hashable, list[int]] = {}
    for lane, steps in enumerate(steps_of_lane):
        steps.sort(key=lambda step: (layers[step], str(shapes[step])))
        groups.setdefault(tuple((layers[step], shapes[step]) for step in steps), []).append(lane)
    may_bundle = lane_count > MAX_SINGLE_LANES
    drawn_lanes = [
        members
        for group in groups.values()
        for members in ([group] if may_bundle and len(group) >= MIN_BUNDLE else [[lane] for lane in group])
    ]
    drawn_lanes.sort()
    boxes = sorted(
        (column, number)
        for number, members in enumerate(drawn_lanes)
        for column in zip(*(steps_of_lane[lane] for lane in members), strict=True)
    )
    box_of = {step: box for box, (steps, _) in enumerate(boxes) for step in steps}
    return Bundling(
        boxes=tuple(steps for steps, _ in boxes),
        lanes=tuple(map(tuple, drawn_lanes)),
        lane_of_box=tuple(number for _, number in boxes),
        after=tuple(
            tuple(sorted({box_of[earlier] for step in steps for earlier in after[step]})) for steps, _ in boxes
        ),
    )
