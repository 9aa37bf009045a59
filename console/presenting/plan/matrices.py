"""Matrices: lines with the same steps as a table, a row for each line and a column for each step.

170 lines with the same 14 steps are not 170 lanes, but one table that people can sort and filter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

from console.presenting.plan.structure import PlanStructure
from views.plan.layout.graph import topological_layers
from workflows.contract.order_views import LineView

MIN_ROWS = 4
"""Fewer lines of one shape are easier to read as lanes."""
MAX_STEPS_IN_CELL = 3
"""On average. Lines with more instances of a step are divided into the lines below them."""
MAX_TITLE = 60
"""Characters of a row's title."""


@dataclass(frozen=True, slots=True)
class MatrixRow:
    id: str
    """The order line's id, or what tells a unit of a line apart from others."""
    title: str
    """What tells the line apart from the others, such as its site; empty if nothing does."""
    cells: tuple[tuple[int, ...], ...]
    """For each column, the positions of the steps; none if the line has no such step."""


@dataclass(frozen=True, slots=True)
class PlanMatrix:
    title: str
    """`WAN site`"""
    columns: tuple[int, ...]
    """Positions of definitions, in the order in which the steps can run."""
    rows: tuple[MatrixRow, ...]


Shape = frozenset[int]
RowKey = Callable[[int], Hashable]


def plan_matrices(structure: PlanStructure) -> tuple[PlanMatrix, ...]:
    """First by order lines, from the top level down, then by the units of lines. A step is in one matrix at most."""
    return _MatrixFinder(structure).find()


class _MatrixFinder:
    def __init__(self, structure: PlanStructure) -> None:
        self.structure = structure
        self.left = set(range(len(structure.steps)))
        layers = topological_layers([step.after for step in structure.steps])
        self.first_layer: dict[int, tuple[int, int]] = {}
        for at, step in enumerate(structure.steps):
            key = (layers[at], at)
            self.first_layer[step.definition] = min(self.first_layer.get(step.definition, key), key)

    def find(self) -> tuple[PlanMatrix, ...]:
        structure = self.structure
        found: list[PlanMatrix] = []
        for level in range(1, max((len(step.owner) for step in structure.steps), default=0) + 1):
            found += self._matrices(self._by_line(level), self._product_of_line)
        found += self._matrices(self._by_unit(), lambda _: "")
        return tuple(sorted(found, key=lambda each: min(at for cell in each.rows[0].cells for at in cell)))

    def _by_line(self, level: int) -> dict[str, list[int]]:
        rows: dict[str, list[int]] = defaultdict(list)
        for at in sorted(self.left):
            owner = self.structure.steps[at].owner
            if len(owner) >= level:
                rows[owner[level - 1]].append(at)
        return rows

    def _by_unit(self) -> dict[str, list[int]]:
        rows: dict[str, list[int]] = defaultdict(list)
        for at in sorted(self.left):
            if suffix := self.structure.lanes[self.structure.steps[at].lane].suffix:
                rows[suffix].append(at)
        return rows

    def _product_of_line(self, line_id: str) -> str:
        line = self.structure.order_lines.get(line_id)
        return line.product if line else ""

    def _matrices(self, rows: dict[str, list[int]], product_of: Callable[[str], str]) -> Iterable[PlanMatrix]:
        groups: dict[str, dict[Shape, list[str]]] = defaultdict(lambda: defaultdict(list))
        for id_, steps in rows.items():
            shape = frozenset(self.structure.steps[at].definition for at in steps)
            if len(steps) <= MAX_STEPS_IN_CELL * len(shape):
                groups[product_of(id_)][shape].append(id_)
        for shapes in groups.values():
            for shape, ids in _merge_small(shapes):
                if len(ids) >= MIN_ROWS:
                    yield self._matrix(shape, ids, rows)

    def _matrix(self, shape: Shape, ids: Sequence[str], rows: dict[str, list[int]]) -> PlanMatrix:
        columns = tuple(sorted(shape, key=self.first_layer.__getitem__))
        titles = _row_titles([self.structure.order_lines.get(id_) for id_ in ids])
        made = []
        for id_, title in zip(ids, titles, strict=True):
            cells: dict[int, list[int]] = defaultdict(list)
            for at in rows[id_]:
                cells[self.structure.steps[at].definition].append(at)
            made.append(MatrixRow(id_, title, tuple(tuple(cells[column]) for column in columns)))
            self.left.difference_update(rows[id_])
        return PlanMatrix(self._title(ids[0], columns), columns, tuple(made))

    def _title(self, id_: str, columns: Sequence[int]) -> str:
        if line := self.structure.order_lines.get(id_):
            return line.name
        names = dict.fromkeys(self.structure.definitions[column].workstream_name for column in columns)
        return ", ".join(names)


def _merge_small(shapes: dict[Shape, list[str]]) -> Iterable[tuple[Shape, list[str]]]:
    """A shape of few lines joins the one of most lines that has, or lacks, no more than half of its steps."""
    largest = sorted(shapes.items(), key=lambda each: -len(each[1]))
    kept: list[tuple[Shape, list[str]]] = []
    for shape, ids in largest:
        near = next((at for at, (other, _) in enumerate(kept) if 2 * len(shape & other) > len(shape | other)), None)
        if near is None or len(ids) >= MIN_ROWS:
            kept.append((shape, list(ids)))
        else:
            kept[near] = (kept[near][0] | shape, kept[near][1] + ids)
    return kept


def _row_titles(lines: Sequence[LineView | None]) -> list[str]:
    """The first attribute that has a different text in every line: `berlin`, `munich`."""
    known = [line for line in lines if line is not None]
    if len(known) != len(lines):
        return [""] * len(lines)
    for name in known[0].attributes:
        values = [line.attributes.get(name) for line in known]
        texts = {value for value in values if isinstance(value, str) and 0 < len(value) <= MAX_TITLE}
        if len(texts) == len(lines):
            return [str(value) for value in values]
    return [""] * len(lines)
