"""Lines of one shape as a table: which there are, their rows, their columns."""

from __future__ import annotations

from collections.abc import Sequence

from console.presenting.plan.matrices import PlanMatrix, plan_matrices
from console.presenting.plan.structure import PlanStructure, plan_structure
from tests.support.core.driven_orders import DrivenOrder, driven_order
from workflows.contract.order_views import LineView, OrderView, StepView


def structure_of(driven: DrivenOrder) -> PlanStructure:
    return plan_structure(driven.order, driven.steps, driven.plan.definitions)


def test_sites_with_the_same_steps_are_one_matrix() -> None:
    driven = driven_order(40)
    structure = structure_of(driven)
    (matrix,) = plan_matrices(structure)
    assert matrix.title == "WAN site"
    assert len(matrix.rows) == 40
    assert [row.id for row in matrix.rows[:2]] == ["1.1", "1.2"]
    assert [row.title for row in matrix.rows[:2]] == ["site-1", "site-2"]
    assert len(matrix.columns) == 10
    for row in matrix.rows:
        for column, cell in zip(matrix.columns, row.cells, strict=True):
            assert [structure.steps[at].definition for at in cell] == [column]
            assert structure.steps[cell[0]].owner == ("1", row.id)


def test_columns_are_in_the_order_in_which_steps_can_run() -> None:
    structure = structure_of(driven_order(40))
    (matrix,) = plan_matrices(structure)
    place = {column: at for at, column in enumerate(matrix.columns)}
    for step in structure.steps:
        for earlier in step.after:
            before = structure.steps[earlier].definition
            if before in place and step.definition in place:
                assert place[before] < place[step.definition]


def test_steps_of_the_whole_order_are_in_no_matrix() -> None:
    driven = driven_order(40)
    in_matrix = {at for row in plan_matrices(structure_of(driven))[0].rows for cell in row.cells for at in cell}
    left = [step.id for at, step in enumerate(driven.steps) if at not in in_matrix]
    assert len(left) == 6
    assert {id_.partition(".")[0] for id_ in left} == {"managed_wan", "billing_account", "wan_controller"}


def test_three_sites_are_no_matrix() -> None:
    assert plan_matrices(structure_of(driven_order(3))) == ()


def made_structure(shapes: Sequence[Sequence[str]], *, units: bool = False) -> PlanStructure:
    """An order line for each shape, with a step for each name; or one line with a unit for each shape."""
    template = driven_order(5)
    line: LineView = template.order.order_lines[1].model_copy(update={"sources": [], "attributes": {}})
    lines = [line.model_copy(update={"id": str(at)}) for at in range(1, (1 if units else len(shapes)) + 1)]
    steps: list[StepView] = []
    for at, names in enumerate(shapes, 1):
        previous: list[str] = []
        for name in names:
            suffix = f"1/{at}" if units else str(at)
            step = template.steps[0].model_copy(
                update={
                    "number": len(steps) + 1,
                    "id": f"port.{name}@{suffix}",
                    "workstream": "port",
                    "name": name,
                    "lines": ["1" if units else str(at)],
                    "after": previous,
                }
            )
            steps.append(step)
            previous = [step.id]
    order: OrderView = template.order.model_copy(update={"order_lines": lines, "lines": []})
    return plan_structure(order, steps)


def shapes_of(structure: PlanStructure, matrices: Sequence[PlanMatrix]) -> list[tuple[int, list[str]]]:
    return [(len(each.rows), [structure.definitions[column].name for column in each.columns]) for each in matrices]


def test_two_shapes_are_two_matrices() -> None:
    structure = made_structure([["a", "b", "c"]] * 6 + [["x", "y"]] * 5)
    assert shapes_of(structure, plan_matrices(structure)) == [(6, ["a", "b", "c"]), (5, ["x", "y"])]


def test_a_few_lines_with_one_step_less_stay_in_the_matrix() -> None:
    structure = made_structure([["a", "b", "c"]] * 6 + [["a", "c"]] * 2)
    (matrix,) = plan_matrices(structure)
    assert shapes_of(structure, [matrix]) == [(8, ["a", "b", "c"])]
    assert [len(cell) for cell in matrix.rows[-1].cells] == [1, 0, 1]


def test_units_of_one_line_are_rows() -> None:
    structure = made_structure([["a", "b"]] * 5, units=True)
    (matrix,) = plan_matrices(structure)
    assert shapes_of(structure, [matrix]) == [(5, ["a", "b"])]
    assert [row.id for row in matrix.rows] == [f"1/{at}" for at in range(1, 6)]


def test_each_step_is_in_one_matrix_at_most() -> None:
    structure = made_structure([["a", "b", "c"]] * 6 + [["x", "y"]] * 5)
    found = [at for each in plan_matrices(structure) for row in each.rows for cell in row.cells for at in cell]
    assert len(found) == len(set(found)) == len(structure.steps)
