"""The structure as scripts read it: positions that fit, arrows that lead from box to box."""

from __future__ import annotations

import json
from collections import Counter
from itertools import accumulate
from typing import Any

import pytest

from console.presenting.plan.drawing import MAX_FAN, PlanDrawing, bundled_lanes, single_lanes
from console.presenting.plan.matrices import plan_matrices
from console.presenting.plan.structure import PlanStructure, plan_structure
from console.presenting.plan.to_json import drawing_json, structure_json
from tests.support.core.driven_orders import driven_order
from views.plan.layout.graph import direct_edges


def structure_of(sites: int) -> PlanStructure:
    driven = driven_order(sites)
    return plan_structure(driven.order, driven.steps, driven.plan.definitions)


def as_read(data: dict[str, Any]) -> Any:
    return json.loads(json.dumps(data))


def test_predecessors_are_those_that_no_other_implies() -> None:
    structure = structure_of(5)
    written = as_read(structure_json(structure, (), bundled_lanes(structure), has_single_lanes=False))
    read = {(earlier, at) for at, gaps in enumerate(written["steps"]["after"]) for earlier in accumulate(gaps)}
    assert read == set(direct_edges([step.after for step in structure.steps]))


@pytest.mark.parametrize("sites", [2, 40])
@pytest.mark.parametrize("draw", [single_lanes, bundled_lanes])
def test_every_arrow_is_drawn_once(sites: int, draw: Any) -> None:
    drawing: PlanDrawing = draw(structure_of(sites))
    written = as_read(drawing_json(drawing))
    drawn = [tuple(path[:2]) for path in written["paths"]] + [tuple(edge) for edge in written["fans"]]
    assert sorted(drawn) == sorted(drawing.grid.edges)
    assert all(len(path) in (2, 4, 8) for path in written["paths"])
    for path in written["paths"]:
        for gap, track in zip(path[2::2], path[3::2], strict=True):
            kind = "row_tracks" if len(path) == 8 and gap == path[4] and track == path[5] else "column_tracks"
            assert str(gap) in written[kind] or str(gap) in written["row_tracks"]
            assert track >= 0


def test_many_arrows_to_one_step_are_a_fan() -> None:
    structure = structure_of(40)
    drawing = single_lanes(structure)
    arriving = Counter(target for _, target in drawing.grid.edges)
    leaving = Counter(source for source, _ in drawing.grid.edges)
    assert max(arriving.values()) > MAX_FAN
    assert set(drawing.grid.fans) == {
        (source, target)
        for source, target in drawing.grid.edges
        if arriving[target] > MAX_FAN or leaving[source] > MAX_FAN
    }
    assert not set(drawing.grid.fans) & set(drawing.grid.paths)


def test_lanes_of_one_shape_are_one_box_a_step() -> None:
    structure = structure_of(40)
    drawing = bundled_lanes(structure)
    assert drawing.is_bundled
    assert max(len(steps) for steps in drawing.boxes) == 40
    assert sorted(at for steps in drawing.boxes for at in steps) == list(range(len(structure.steps)))
    assert not single_lanes(structure).is_bundled
    assert not bundled_lanes(structure_of(2)).is_bundled


def test_a_matrix_names_its_columns_and_steps() -> None:
    structure = structure_of(40)
    drawing = bundled_lanes(structure)
    written = as_read(structure_json(structure, plan_matrices(structure), drawing, has_single_lanes=True))
    (matrix,) = written["matrices"]
    id_, title, cells = matrix["rows"][3]
    assert (id_, title, len(cells)) == ("1.4", "site-4", len(matrix["columns"]))
    for column, (at,) in zip(matrix["columns"], cells, strict=True):
        assert written["steps"]["definition"][at] == column
    assert written["single_lanes"] is True
    assert (written["order"], written["revision"]) == ("WAN-1", 1)


def test_ten_thousand_steps_stay_small() -> None:
    structure = structure_of(1_000)
    text = json.dumps(
        structure_json(structure, plan_matrices(structure), bundled_lanes(structure), has_single_lanes=True)
    )
    assert len(structure.steps) == 10_006
    assert len(text) < 60 * len(structure.steps)
