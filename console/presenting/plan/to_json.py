"""The structure of a plan as compact JSON: lists of numbers by position, texts once.

A step has no id here: it is `<workstream>.<step>@<suffix of its lane>`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from console.presenting.plan.drawing import PlanDrawing
from console.presenting.plan.matrices import PlanMatrix
from console.presenting.plan.structure import PlanDefinition, PlanLane, PlanStructure
from views.plan.layout.channels import Net
from views.plan.layout.graph import direct_edges
from views.plan.layout.routing import Edge, Path


def structure_json(
    structure: PlanStructure, matrices: Sequence[PlanMatrix], drawing: PlanDrawing, *, has_single_lanes: bool
) -> dict[str, Any]:
    """`has_single_lanes`: whether there is also a drawing of each lane by itself, to be asked for apart."""
    return {
        "order": structure.order_id,
        "revision": structure.revision,
        "definitions": [_definition(each) for each in structure.definitions],
        "lanes": [_lane(each) for each in structure.lanes],
        "steps": {
            "definition": [step.definition for step in structure.steps],
            "lane": [step.lane for step in structure.steps],
            "after": [_gaps(earlier) for earlier in _direct_predecessors(structure)],
        },
        "matrices": [_matrix(each) for each in matrices],
        "drawing": drawing_json(drawing),
        "single_lanes": has_single_lanes,
    }


def _definition(definition: PlanDefinition) -> dict[str, Any]:
    facts = definition.facts
    return {
        "workstream": definition.workstream,
        "workstream_name": definition.workstream_name,
        "step": definition.step,
        "name": definition.name,
        "kind": definition.kind,
        "facts": [list(fact) for fact in facts.texts] if facts else [],
        "final": bool(facts and facts.is_final),
        "undo": bool(facts and facts.has_undo),
    }


def _lane(lane: PlanLane) -> list[str]:
    return [lane.title, lane.served_lines, lane.suffix]


def _matrix(matrix: PlanMatrix) -> dict[str, Any]:
    return {
        "title": matrix.title,
        "columns": list(matrix.columns),
        "rows": [[row.id, row.title, [list(cell) for cell in row.cells]] for row in matrix.rows],
    }


def drawing_json(drawing: PlanDrawing) -> dict[str, Any]:
    """`paths`: for each edge that is no fan, its boxes, then for each turn gap and track, between them the gap and
    track of the stretch across: `[1, 4]`, `[1, 4, gap, track]`, `[1, 4, gap, track, gap, track, gap, track]`."""
    grid = drawing.grid
    return {
        "boxes": [list(steps) for steps in drawing.boxes],
        "lanes": [list(members) for members in drawing.lanes],
        "groups": list(drawing.groups),
        "columns": list(grid.columns),
        "rows": list(grid.rows),
        "lane_order": list(grid.lane_order),
        "row_counts": list(grid.row_counts),
        "paths": [_path(edge, grid.paths[edge], drawing) for edge in grid.edges if edge in grid.paths],
        "fans": [list(edge) for edge in grid.fans],
        "column_tracks": {gap: count for gap, (_, count) in sorted(grid.column_tracks.items())},
        "row_tracks": {gap: count for gap, (_, count) in sorted(grid.row_tracks.items())},
    }


def _path(edge: Edge, path: Path, drawing: PlanDrawing) -> list[int]:
    grid = drawing.grid

    def turn(gap: int, net: Net, tracks: dict[int, tuple[dict[Net, int], int]]) -> list[int]:
        return [gap, tracks[gap][0][net]]

    turns = [turn(gap, net, grid.column_tracks) for gap, net in path.up_and_down]
    if path.across is not None:
        turns.insert(1, turn(*path.across, grid.row_tracks))
    return [*edge, *(number for each in turns for number in each)]


def _direct_predecessors(structure: PlanStructure) -> list[list[int]]:
    """Without those that others imply."""
    predecessors: list[list[int]] = [[] for _ in structure.steps]
    for earlier, later in direct_edges([step.after for step in structure.steps]):
        predecessors[later].append(earlier)
    return predecessors


def _gaps(ascending: Sequence[int]) -> list[int]:
    """Ascending positions as differences, which compress better."""
    return [later - earlier for earlier, later in pairwise((0, *ascending))]
