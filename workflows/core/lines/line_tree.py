"""The tree of a plan's lines, and which steps serve them.

Lines are numbered: order lines first, then fulfilment lines. A line's parents are its sources, and it may have several.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from compiler.graph import invert_edges
from compiler.plan.plan import Plan


class PlanLineTree:
    """Built once per plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.parents = line_parents(plan)
        self.children = invert_edges(self.parents)
        self.bottom_up = tuple(bottom_up(self.parents))
        """Each line after all lines below it."""
        self.rank = [0] * len(self.parents)
        """A line has a higher rank than its parents."""
        for passed, line in enumerate(self.bottom_up):
            self.rank[line] = len(self.parents) - passed
        self.lines_by_step = [lines_served(plan, position) for position in range(len(plan.steps))]
        self.steps_by_line: list[list[int]] = [[] for _ in self.parents]
        for position, lines in enumerate(self.lines_by_step):
            for line in lines:
                self.steps_by_line[line].append(position)

    def is_order_line(self, line: int) -> bool:
        return line < len(self.plan.order_lines)

    def ancestor_order_lines(self, lines: Iterable[int], *, top_level: bool) -> set[int]:
        """The nearest order lines above, or the top-level ones. An order line is its own nearest order line."""
        found: set[int] = set()
        ahead = list(lines)
        while ahead:
            line = ahead.pop()
            if not self.is_order_line(line) or (top_level and self.parents[line]):
                ahead += self.parents[line]
            else:
                found.add(line)
        return found

    def descendants(self, roots: Iterable[int], *, child_order_lines: bool) -> set[int]:
        """These lines and everything below them. Child order lines are included only if `child_order_lines`."""
        found = set(roots)
        ahead = list(found)
        while ahead:
            for line in self.children[ahead.pop()]:
                if line not in found and (child_order_lines or not self.is_order_line(line)):
                    found.add(line)
                    ahead.append(line)
        return found


def lines_served(plan: Plan, position: int) -> list[int]:
    """The lines that a step serves directly."""
    return plan.step_line_indexes(plan.steps[position])


def line_parents(plan: Plan) -> list[list[int]]:
    """For each line, the lines directly above it."""
    lines = [*plan.order_lines, *plan.fulfilment_lines]
    positions = {line.id: position for position, line in enumerate(lines)}
    return [[positions[source] for source in line.sources if source in positions] for line in lines]


def bottom_up(parents: list[list[int]]) -> Iterator[int]:
    """Each line after all lines below it."""
    open_children = [0] * len(parents)
    for lines in parents:
        for parent in lines:
            open_children[parent] += 1
    free = [line for line, count in enumerate(open_children) if count == 0]
    while free:
        line = free.pop()
        yield line
        for parent in parents[line]:
            open_children[parent] -= 1
            if open_children[parent] == 0:
                free.append(parent)
