"""Rolling back: which steps a line, a bundle or an order has, what of them can be taken back, and what has to stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from workflows.line_tree import LineTree
from workflows.progress import OrderRun, StepRun
from workflows.states import DONE, SETTLED, TAKEN_BACK, StepState, Withdrawal
from workflows.withdrawing import reach, withdraw

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


@dataclass(frozen=True, slots=True)
class Assessment:
    """What taking a target back would do."""

    target: Target
    undone: list[int]
    """Have begun; those that need an undo get one."""
    discarded: list[int]
    kept: list[int]
    """Past a point of no return, or needed by such a step."""
    barriers: list[int]
    """The steps past their point of no return."""


def whole_order(run: OrderRun) -> Target:
    everything = [step.position for step in run.steps]
    return Target(f"order {run.plan.order.id}", everything, everything)


def of_line(run: OrderRun, line_id: str) -> Target | None:
    """Of this order line or fulfilment line, and all that stands under it; None where there is none."""
    root = line_named(run, line_id)
    return None if root is None else _target(line_tree(run), f"line {line_id}", {root}, children=True)


def line_named(run: OrderRun, line_id: str) -> int | None:
    """As workflows.line_tree numbers it."""
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


def passed(run: OrderRun, step: StepRun) -> bool:
    """Whether it is at or past its point of no return: begun, and not failed for certain."""
    if not run.definition(step).definition.point_of_no_return or step.undoing:
        return False
    if step.state in DONE or (step.state is StepState.IN_PROGRESS):
        return True
    return step.state not in TAKEN_BACK and step.uncertain and run.recipe(step).calls_out


def assessed(run: OrderRun, target: Target, *, override: bool = False) -> Assessment:
    """Changes nothing. `override`: points of no return do not count."""
    barriers = [] if override else [at for at in target.concerned if passed(run, run.steps[at])]
    stays = reach(barriers, [planned.after for planned in run.plan.steps]) if barriers else {}
    undone, discarded, kept = [], [], []
    for position in target.steps:
        step = run.steps[position]
        if step.state in TAKEN_BACK:
            continue
        if position in stays:
            kept.append(position)
        elif step.state is StepState.SKIPPED and not step.undoing:  # what was to be redone is to be given up now
            if step.uncertain and run.recipe(step).calls_out:
                undone.append(position)
        elif step.begun or step.state in SETTLED:
            undone.append(position)
        else:
            discarded.append(position)
    return Assessment(target, undone, discarded, kept, barriers)


def roll_back(run: OrderRun, found: Assessment, why: Withdrawal) -> None:
    """Does what was assessed."""
    withdraw(run, (run.steps[position] for position in sorted([*found.undone, *found.discarded])), why)
