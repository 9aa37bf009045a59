"""A plan as an outline: order lines, what each became, and where each step stands in that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from compiler.plan.plan import Plan, PlannedLine, PlannedStep


@dataclass
class OutlineNode:
    """An order line, a fulfilment line, a lane of steps, or (with `line` and `lane` None) the order."""

    line: PlannedLine | None = None
    swimlane_name: str | None = None
    """The workstream's name, where its steps are not simply the line's own."""
    served_line_ids: tuple[str, ...] = ()
    """Ids of the lines that a lane serves, where they are several."""
    steps: list[int] = field(default_factory=list)
    """Positions in the plan."""
    children: list[OutlineNode] = field(default_factory=list)

    def walk(self) -> Iterator[OutlineNode]:
        yield self
        for child in self.children:
            yield from child.walk()


def build_outline(plan: Plan) -> OutlineNode:
    """The order with all of its lines and steps below it, each once."""
    return _OutlineBuilder(plan).root


class _OutlineBuilder:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.root = OutlineNode()
        self.order_line_paths: dict[str, list[OutlineNode]] = {}
        """Line id → the way from the root to it, itself included."""
        self.line_paths: dict[str, list[OutlineNode]] = {}
        self.swimlane_nodes: dict[tuple[int, str, tuple[str, ...]], OutlineNode] = {}
        for line in plan.order_lines:
            self._attach_line(line, self.order_line_paths)
        for line in plan.fulfilment_lines:
            self._attach_line(line, self.line_paths)
        for position, step in enumerate(plan.steps):
            self._attach_step(position, step)

    def _attach_line(self, line: PlannedLine, known_paths: dict[str, list[OutlineNode]]) -> None:
        ways = [way for source in line.sources if (way := self._path_to(source, line))]
        above = _common_path(ways) if ways else [self.root]
        node = OutlineNode(line)
        above[-1].children.append(node)
        known_paths[line.id] = [*above, node]

    def _path_to(self, source: str, line: PlannedLine) -> list[OutlineNode] | None:
        if line.per is None:
            return self.order_line_paths.get(source)
        return self.line_paths.get(source) or self.order_line_paths.get(source)

    def _attach_step(self, position: int, step: PlannedStep) -> None:
        planned = self.plan.step_definition(step)
        lines = self.plan.step_lines(step)
        ways = [(self.order_line_paths if line.per is None else self.line_paths)[line.id] for line in lines]
        above = _common_path(ways) if ways else [self.root]
        holder = above[-1]
        if len(lines) == 1 and planned.workstream == lines[0].product:
            holder.steps.append(position)
            return
        serves = tuple(line.id for line in lines) if len(lines) > 1 else ()
        key = (id(holder), planned.workstream, serves)
        if key not in self.swimlane_nodes:
            self.swimlane_nodes[key] = OutlineNode(swimlane_name=planned.workstream_name, served_line_ids=serves)
            holder.children.append(self.swimlane_nodes[key])
        self.swimlane_nodes[key].steps.append(position)


def _common_path(paths: list[list[OutlineNode]]) -> list[OutlineNode]:
    """How far the ways go together."""
    first, *others = paths
    for depth, node in enumerate(first):
        if any(len(way) <= depth or way[depth] is not node for way in others):
            return first[:depth]
    return first
