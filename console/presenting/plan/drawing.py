"""The swimlanes of a plan as a grid: single lanes, or one lane for all lanes of the same shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from console.presenting.plan.structure import PlanStructure
from views.plan.layout.bundles import bundle_lanes
from views.plan.layout.grid import PlanGrid, layout_grid
from views.plan.picture.lane_groups import common_path, number_groups

MAX_FAN = 8
"""A step with more arrows at one side has them drawn as one."""


@dataclass(frozen=True, slots=True)
class PlanDrawing:
    boxes: tuple[tuple[int, ...], ...]
    """The steps of each box, as positions."""
    lanes: tuple[tuple[int, ...], ...]
    """The lanes of the plan that each lane stands for."""
    groups: tuple[int, ...]
    """The group of each lane: lanes of one group serve the same order line."""
    grid: PlanGrid

    @property
    def is_bundled(self) -> bool:
        return any(len(members) > 1 for members in self.lanes)


def single_lanes(structure: PlanStructure) -> PlanDrawing:
    boxes = tuple((at,) for at in range(len(structure.steps)))
    lanes = tuple((at,) for at in range(len(structure.lanes)))
    after = [step.after for step in structure.steps]
    return _drawing(structure, boxes, lanes, [step.lane for step in structure.steps], after)


def bundled_lanes(structure: PlanStructure) -> PlanDrawing:
    """Lanes of the same shape as one, where there are many lanes; otherwise as `single_lanes`."""
    steps = structure.steps
    bundling = bundle_lanes([step.after for step in steps], [s.lane for s in steps], [s.definition for s in steps])
    return _drawing(structure, bundling.boxes, bundling.lanes, bundling.lane_of_box, bundling.after)


def _drawing(
    structure: PlanStructure,
    boxes: tuple[tuple[int, ...], ...],
    lanes: tuple[tuple[int, ...], ...],
    lane_of_box: Sequence[int],
    after: Sequence[Sequence[int]],
) -> PlanDrawing:
    groups = number_groups(common_path([structure.lanes[lane].owner for lane in members]) for members in lanes)
    return PlanDrawing(boxes, lanes, tuple(groups), layout_grid(after, lane_of_box, groups, MAX_FAN))
