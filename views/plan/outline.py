"""A plan as an outline: order lines, what each became, and where each step stands in that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from compiler.plan.plan import Line, Plan, PlannedStep


@dataclass
class Node:
    """An order line, a fulfilment line, a lane of steps, or (with `line` and `lane` None) the order."""

    line: Line | None = None
    lane: str | None = None
    """The workstream's name, where its steps are not simply the line's own."""
    serves: tuple[str, ...] = ()
    """Ids of the lines that a lane serves, where they are several."""
    steps: list[int] = field(default_factory=list)
    """Positions in the plan."""
    children: list[Node] = field(default_factory=list)

    def walk(self) -> Iterator[Node]:
        yield self
        for child in self.children:
            yield from child.walk()


def outline(plan: Plan) -> Node:
    """The order with all of its lines and steps below it, each once."""
    return _Outline(plan).root


class _Outline:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.root = Node()
        self.order_lines: dict[str, list[Node]] = {}
        """Line id → the way from the root to it, itself included."""
        self.lines: dict[str, list[Node]] = {}
        self.lanes: dict[tuple[int, str, tuple[str, ...]], Node] = {}
        for line in plan.order_lines:
            self._hang(line, self.order_lines)
        for line in plan.lines:
            self._hang(line, self.lines)
        for position, step in enumerate(plan.steps):
            self._place(position, step)

    def _hang(self, line: Line, known: dict[str, list[Node]]) -> None:
        ways = [way for source in line.sources if (way := self._way_to(source, line))]
        above = _common(ways) if ways else [self.root]
        node = Node(line)
        above[-1].children.append(node)
        known[line.id] = [*above, node]

    def _way_to(self, source: str, line: Line) -> list[Node] | None:
        if line.per is None:
            return self.order_lines.get(source)
        return self.lines.get(source) or self.order_lines.get(source)

    def _place(self, position: int, step: PlannedStep) -> None:
        planned = self.plan.definition_of(step)
        lines = self.plan.lines_of(step)
        ways = [(self.order_lines if line.per is None else self.lines)[line.id] for line in lines]
        above = _common(ways) if ways else [self.root]
        holder = above[-1]
        if len(lines) == 1 and planned.workstream == lines[0].product:
            holder.steps.append(position)
            return
        serves = tuple(line.id for line in lines) if len(lines) > 1 else ()
        key = (id(holder), planned.workstream, serves)
        if key not in self.lanes:
            self.lanes[key] = Node(lane=planned.workstream_name, serves=serves)
            holder.children.append(self.lanes[key])
        self.lanes[key].steps.append(position)


def _common(ways: list[list[Node]]) -> list[Node]:
    """How far the ways go together."""
    first, *others = ways
    for depth, node in enumerate(first):
        if any(len(way) <= depth or way[depth] is not node for way in others):
            return first[:depth]
    return first
