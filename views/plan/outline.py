"""A plan as an outline: order lines, the fulfilment lines below them, and the steps below those."""

from __future__ import annotations

from dataclasses import dataclass, field

from compiler.plan.plan import Plan, PlannedLine, PlannedStep


@dataclass
class OutlineNode:
    """An order line, a fulfilment line, a swimlane, or the order itself (`line` and `swimlane_name` are None)."""

    line: PlannedLine | None = None
    swimlane_name: str | None = None
    """The workstream's name, where it is not the line's own workstream."""
    served_line_ids: tuple[str, ...] = ()
    """The lines that a swimlane serves, if several."""
    steps: list[int] = field(default_factory=list)
    """Positions in the plan."""
    children: list[OutlineNode] = field(default_factory=list)


def build_outline(plan: Plan) -> OutlineNode:
    """The order with all its lines and steps below it, each once."""
    return _OutlineBuilder(plan).root


class _OutlineBuilder:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.root = OutlineNode()
        self.order_line_paths: dict[str, list[OutlineNode]] = {}
        """Line id → its path from the root, itself included."""
        self.line_paths: dict[str, list[OutlineNode]] = {}
        self.swimlane_nodes: dict[tuple[int, str, tuple[str, ...]], OutlineNode] = {}
        for line in plan.order_lines:
            self._attach_line(line, self.order_line_paths)
        for line in plan.fulfilment_lines:
            self._attach_line(line, self.line_paths)
        for position, step in enumerate(plan.steps):
            self._attach_step(position, step)

    def _attach_line(self, line: PlannedLine, known_paths: dict[str, list[OutlineNode]]) -> None:
        paths = [path for source in line.sources if (path := self._path_to(source, line))]
        parent_path = _common_path(paths) if paths else [self.root]
        node = OutlineNode(line)
        parent_path[-1].children.append(node)
        known_paths[line.id] = [*parent_path, node]

    def _path_to(self, source: str, line: PlannedLine) -> list[OutlineNode] | None:
        if line.per is None:
            return self.order_line_paths.get(source)
        return self.line_paths.get(source) or self.order_line_paths.get(source)

    def _attach_step(self, position: int, step: PlannedStep) -> None:
        planned = self.plan.step_definition(step)
        lines = self.plan.step_lines(step)
        paths = [(self.order_line_paths if line.per is None else self.line_paths)[line.id] for line in lines]
        parent = _common_path(paths)[-1] if paths else self.root
        if len(lines) == 1 and planned.workstream == lines[0].product:
            parent.steps.append(position)
            return
        served = tuple(line.id for line in lines) if len(lines) > 1 else ()
        key = (id(parent), planned.workstream, served)
        if key not in self.swimlane_nodes:
            self.swimlane_nodes[key] = OutlineNode(swimlane_name=planned.workstream_name, served_line_ids=served)
            parent.children.append(self.swimlane_nodes[key])
        self.swimlane_nodes[key].steps.append(position)


def _common_path(paths: list[list[OutlineNode]]) -> list[OutlineNode]:
    """The nodes that all paths start with."""
    first, *others = paths
    for depth, node in enumerate(first):
        if any(len(path) <= depth or path[depth] is not node for path in others):
            return first[:depth]
    return first
