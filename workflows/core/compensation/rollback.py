"""Rolling back: which steps a line, a bundle or an order has, what of them can be taken back, and what has to stay."""

from __future__ import annotations

from dataclasses import dataclass

from workflows.contract.states import DONE, SETTLED, TAKEN_BACK, StepState
from workflows.core.compensation.targets import Target
from workflows.core.compensation.undo_order import reach, withdraw
from workflows.core.state.order_run import OrderRun
from workflows.core.state.state_transitions import Withdrawal
from workflows.core.state.step_run import StepRun


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
