"""The lines of a plan as they stand under each other, and the steps that serve them.

Lines are numbered through: the order's first, then the fulfilment lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from compiler.plan.plan import Plan


class PlanLineTree:
    """Made once for a plan. `sources` and `below`: lines directly above and below one; `rank`: whoever stands above has
    the lower; `served`: step → its lines; `steps`: line → the steps that serve it."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        count = len(plan.order_lines) + len(plan.fulfilment_lines)
        self.parents: list[list[int]] = [[] for _ in range(count)]
        self.children: list[list[int]] = [[] for _ in range(count)]
        self.rank = [0] * count
        for passed, (line, sources) in enumerate(bottom_up(plan)):
            self.parents[line], self.rank[line] = sources, count - passed
            for source in sources:
                self.children[source].append(line)
        self.lines_by_step = [lines_served(plan, position) for position in range(len(plan.steps))]
        self.steps_by_line: list[list[int]] = [[] for _ in range(count)]
        for position, lines in enumerate(self.lines_by_step):
            for line in lines:
                self.steps_by_line[line].append(position)

    def is_order_line(self, line: int) -> bool:
        return line < len(self.plan.order_lines)

    def ancestor_order_lines(self, lines: Iterable[int], *, top_level: bool) -> set[int]:
        """The nearest ones, or the top-level ones; an order line is its own nearest."""
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
        """These lines and all that stand below them; `children`: child order lines, too."""
        found = set(roots)
        ahead = list(found)
        while ahead:
            for line in self.children[ahead.pop()]:
                if line not in found and (child_order_lines or not self.is_order_line(line)):
                    found.add(line)
                    ahead.append(line)
        return found


def lines_served(plan: Plan, position: int) -> list[int]:
    planned, count = plan.steps[position], len(plan.order_lines)
    if plan.definitions[planned.definition_position].serves_order_lines:
        return list(planned.line_positions)
    return [count + line if line >= 0 else ~line for line in planned.line_positions]


def bottom_up(plan: Plan) -> Iterator[tuple[int, list[int]]]:
    """Each line, after all those that stand below it, with the lines that it stands directly below."""
    everyone = [*plan.order_lines, *plan.fulfilment_lines]
    places = {line.id: position for position, line in enumerate(everyone)}
    sources = [[places[source] for source in line.sources if source in places] for line in everyone]
    open_below = [0] * len(everyone)
    for above in sources:
        for place in above:
            open_below[place] += 1
    free = [position for position, count in enumerate(open_below) if count == 0]
    while free:
        position = free.pop()
        yield position, sources[position]
        for place in sources[position]:
            open_below[place] -= 1
            if open_below[place] == 0:
                free.append(place)
