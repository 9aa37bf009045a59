"""Which steps belong to an order, a line or a bundle that is rolled back, held or cancelled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from workflows.core.lines.line_tree import PlanLineTree
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import StepRun

RollbackScope = Literal["line", "bundle", "order"]


@dataclass(frozen=True, slots=True)
class RollbackTarget:
    """Steps are positions in the plan."""

    label: str
    """`line 1`, `bundle 1`, `order O-1`."""
    exclusive_steps: list[int]
    """Steps that serve only the target. These are undone."""
    serving_steps: list[int]
    """Steps that serve the target, and maybe other lines too. A point of no return in any of them counts."""
    inside: frozenset[int] = frozenset()
    """The lines that belong only to the target, as numbers of workflows.core.lines.line_tree."""


def order_target(run: OrderRun) -> RollbackTarget:
    everything = [step.position for step in run.steps]
    return RollbackTarget(f"order {run.plan.order.id}", everything, everything)


def line_target(run: OrderRun, line_id: str) -> RollbackTarget | None:
    """An order line or fulfilment line, with everything below it. None if the order has no such line."""
    root = find_line(run, line_id)
    return None if root is None else _target(run.line_tree, f"line {line_id}", {root}, children=True)


def find_line(run: OrderRun, line_id: str) -> int | None:
    """The line's number in workflows.core.lines.line_tree."""
    lines = [*run.plan.order_lines, *run.plan.fulfilment_lines]
    return next((number for number, line in enumerate(lines) if line.id == line_id), None)


def target_around(run: OrderRun, step: StepRun, scope: RollbackScope) -> RollbackTarget:
    """The target that a step belongs to. `line`: the nearest order lines above it, without their child order lines.
    `bundle`: the top-level order lines above it, with everything below them."""
    if scope == "order":
        return order_target(run)
    tree = run.line_tree
    roots = tree.ancestor_order_lines(tree.lines_by_step[step.position], top_level=scope == "bundle")
    named = ", ".join(run.plan.order_lines[root].id for root in sorted(roots))
    return _target(tree, f"{scope} {named}", roots, children=scope == "bundle")


def _target(tree: PlanLineTree, label: str, roots: set[int], *, children: bool) -> RollbackTarget:
    touched = tree.descendants(roots, child_order_lines=children)
    inside = set(roots)
    for line in sorted(touched, key=tree.rank.__getitem__):
        if all(source in inside for source in tree.parents[line]) and tree.parents[line]:
            inside.add(line)
    concerned = sorted({step for line in touched for step in tree.steps_by_line[line]})
    steps = [step for step in concerned if all(line in inside for line in tree.lines_by_step[step])]
    return RollbackTarget(label, steps, concerned, frozenset(inside))


def join_targets(run: OrderRun, first: RollbackTarget, second: RollbackTarget) -> RollbackTarget:
    """Joins two targets. The result has the label of the first."""
    lines_by_step = run.line_tree.lines_by_step
    inside = first.inside | second.inside
    serving = sorted({*first.serving_steps, *second.serving_steps})
    return RollbackTarget(first.label, [at for at in serving if inside.issuperset(lines_by_step[at])], serving, inside)
