"""Which order lines rely on which (`relies_on`), and the steps that this concerns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from compiler.language.steps import ReliedFailure
from compiler.plan.plan import Plan
from workflows.core.lines.line_tree import PlanLineTree


@dataclass(frozen=True, slots=True)
class LineReliance:
    """An order line that relies on others. Steps are positions in the plan."""

    line_id: str
    steps: frozenset[int]
    """Steps that serve the line or lines below it, but none of the lines that it relies on."""
    relied_on: Mapping[str, frozenset[int]]
    """Line that this one relies on → the steps that serve that line or lines below it, but do not serve this line."""
    goes_back: bool
    """Whether this line is rolled back with a line that it relies on. If not, its steps wait for a person to decide."""


class PlanReliance:
    """Built once per plan."""

    def __init__(self, plan: Plan, tree: PlanLineTree | None) -> None:
        """`tree`: None if no line of the plan relies on another."""
        self.plan = plan
        self.lines = [] if tree is None else _line_reliances(plan, tree)
        self.by_step: dict[int, list[LineReliance]] = {}
        for reliance in self.lines:
            for position in reliance.steps:
                self.by_step.setdefault(position, []).append(reliance)


def _line_reliances(plan: Plan, tree: PlanLineTree) -> list[LineReliance]:
    numbers = {line.id: number for number, line in enumerate(plan.order_lines)}

    def steps_below(number: int) -> frozenset[int]:
        lines = tree.descendants([number], child_order_lines=True)
        return frozenset(step for line in lines for step in tree.steps_by_line[line])

    reliances = []
    for line in plan.order_lines:
        named = [id_ for id_ in line.relies_on if id_ in numbers]
        if not named:
            continue
        own, theirs = steps_below(numbers[line.id]), {id_: steps_below(numbers[id_]) for id_ in named}
        reliances.append(
            LineReliance(
                line_id=line.id,
                steps=own.difference(*theirs.values()),
                relied_on={id_: steps - own for id_, steps in theirs.items()},
                goes_back=line.on_relied_failure is ReliedFailure.ROLLBACK,
            )
        )
    return reliances
