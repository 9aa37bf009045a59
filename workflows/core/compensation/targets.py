"""Which steps a roll-back of an order, a line or a bundle concerns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from workflows.core.state.line_tree import LineTree
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import StepRun

Scope = Literal["line", "bundle", "order"]


@dataclass(frozen=True, slots=True)
class Target:
    """Steps that are to be taken back. Positions in the plan."""

    words: str
    """`line 1`, `the order`."""
    steps: list[int]
    """Those that serve nothing else."""
    concerned: list[int]
    """Those that serve it at all: a point of no return that they have passed binds it."""


def whole_order(run: OrderRun) -> Target:
    everything = [step.position for step in run.steps]
    return Target(f"order {run.plan.order.id}", everything, everything)


def of_line(run: OrderRun, line_id: str) -> Target | None:
    """Of this order line or fulfilment line, and all that stands under it; None where there is none."""
    root = line_named(run, line_id)
    return None if root is None else _target(line_tree(run), f"line {line_id}", {root}, children=True)


def line_named(run: OrderRun, line_id: str) -> int | None:
    """As workflows.core.state.line_tree numbers it."""
    everyone = [*run.plan.order_lines, *run.plan.lines]
    return next((position for position, line in enumerate(everyone) if line.id == line_id), None)


def around(run: OrderRun, step: StepRun, scope: Scope) -> Target:
    """`line`: the order lines that a step stands under, without their child order lines; `bundle`: the top-level ones,
    with everything under them."""
    if scope == "order":
        return whole_order(run)
    tree = line_tree(run)
    roots = tree.order_lines_above(tree.served[step.position], top=scope == "bundle")
    named = ", ".join(run.plan.order_lines[root].id for root in sorted(roots))
    return _target(tree, f"{scope} {named}", roots, children=scope == "bundle")


def line_tree(run: OrderRun) -> LineTree:
    if run.line_tree is None or run.line_tree.plan is not run.plan:
        run.line_tree = LineTree(run.plan)
    return run.line_tree


def _target(tree: LineTree, words: str, roots: set[int], *, children: bool) -> Target:
    touched = tree.under(roots, children=children)
    inside = set(roots)
    for line in sorted(touched, key=tree.rank.__getitem__):
        if all(source in inside for source in tree.sources[line]) and tree.sources[line]:
            inside.add(line)
    concerned = sorted({step for line in touched for step in tree.steps[line]})
    steps = [step for step in concerned if all(line in inside for line in tree.served[step])]
    return Target(words, steps, concerned)
