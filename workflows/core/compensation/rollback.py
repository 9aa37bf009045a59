"""Rollback: which steps of a line, a bundle or an order can be undone, and which must stay."""

from __future__ import annotations

from dataclasses import dataclass, replace

from compiler.graph import reachable
from workflows.contract.states import CANCELLED_STATES, DONE, SETTLED, StepState
from workflows.core.compensation.relying_lines import relying_lines, stop_relying_steps
from workflows.core.compensation.targets import RollbackTarget, join_targets, line_target
from workflows.core.compensation.undo_order import request_undo
from workflows.core.lines.line_reliance import LineReliance
from workflows.core.state.order_run import OrderRun, require
from workflows.core.state.state_transitions import UndoReason
from workflows.core.state.step_run import StepRun


@dataclass(frozen=True, slots=True)
class RollbackImpact:
    """What rolling back a target would do. Steps are positions in the plan."""

    target: RollbackTarget
    undone: list[int]
    """Steps that have started."""
    discarded: list[int]
    """Steps that have not started."""
    kept: list[int]
    """Steps that stay: they are past a point of no return, or a step past it needs them."""
    past_ponr: list[int]
    """The steps that are past their point of no return."""
    lines_going_back: tuple[str, ...] = ()
    """Lines that are rolled back as well, because they rely on what is rolled back."""
    lines_parked: tuple[str, ...] = ()
    """Lines that rely on what is rolled back, and wait for a person's decision."""


def is_past_ponr(run: OrderRun, step: StepRun) -> bool:
    """Whether the step is a point of no return and has started, or may have had an effect before it failed."""
    if not run.definition(step).definition.point_of_no_return or step.undoing:
        return False
    if step.state in DONE or step.state is StepState.IN_PROGRESS:
        return True
    return step.state not in CANCELLED_STATES and step.uncertain and run.profile(step).uses_activity


def assess_rollback(run: OrderRun, target: RollbackTarget, *, override: bool = False) -> RollbackImpact:
    """Works out what a rollback would do. Changes nothing. `override`: ignore points of no return."""
    going_back: dict[str, LineReliance] = {}
    while True:
        impact = _assess_target(run, target, override=override)
        relying = relying_lines(run, {*impact.undone, *impact.discarded}, target.exclusive_steps)
        more = {each.line_id: each for each in relying if each.goes_back and each.line_id not in going_back}
        if not more:
            parked = tuple(each.line_id for each in relying if not each.goes_back)
            return replace(impact, lines_going_back=tuple(going_back), lines_parked=parked)
        going_back |= more
        for line_id in more:
            target = join_targets(run, target, require(line_target(run, line_id)))


def _assess_target(run: OrderRun, target: RollbackTarget, *, override: bool) -> RollbackImpact:
    barriers = [] if override else [at for at in target.serving_steps if is_past_ponr(run, run.steps[at])]
    stays = reachable(barriers, [planned.after for planned in run.plan.steps]) if barriers else set()
    undone, discarded, kept = [], [], []
    for position in target.exclusive_steps:
        step = run.steps[position]
        if step.state in CANCELLED_STATES:
            continue
        if position in stays:
            kept.append(position)
        elif step.state is StepState.SKIPPED and not step.undoing:  # if the step is being redone, it is undone instead
            if step.uncertain and run.profile(step).uses_activity:
                undone.append(position)
        elif step.has_started or step.state in SETTLED:
            undone.append(position)
        else:
            discarded.append(position)
    return RollbackImpact(target, undone, discarded, kept, barriers)


def roll_back(run: OrderRun, impact: RollbackImpact, reason: UndoReason) -> None:
    """Do what assess_rollback has found."""
    request_undo(run, (run.steps[position] for position in sorted([*impact.undone, *impact.discarded])), reason)
    for line_id in impact.lines_going_back:
        run.audit_log.record(run.now, f"line {line_id} is rolled back, too: it relies on what is rolled back")
    if reason is UndoReason.FAILURE:
        stop_relying_steps(run)
