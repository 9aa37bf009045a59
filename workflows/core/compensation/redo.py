"""Redo: a step and everything after it are undone in reverse order, then done again. Each step has a new effect."""

from __future__ import annotations

from dataclasses import dataclass

from compiler.graph import reachable
from workflows.contract.states import CANCELLED_STATES, SETTLED
from workflows.core.compensation.rollback import is_past_ponr
from workflows.core.compensation.undo_order import request_undo
from workflows.core.state.order_run import OrderRun
from workflows.core.state.state_transitions import UndoReason
from workflows.core.state.step_run import StepRun


@dataclass(frozen=True, slots=True)
class RedoImpact:
    """What a redo would do. Steps are positions in the plan."""

    redone: list[int]
    past_ponr: list[int]
    """The steps in `redone` that are past their point of no return."""
    undone_for_good: list[int]
    """Later steps that are being undone for good. They forbid the redo."""


def assess_redo(run: OrderRun, starts: list[int]) -> RedoImpact:
    """Works out what a redo would do. Changes nothing."""
    after = sorted(reachable(starts, run.followers))
    redone = [position for position in after if _has_run(run.steps[position]) or position in starts]
    return RedoImpact(
        redone=redone,
        past_ponr=[position for position in redone if is_past_ponr(run, run.steps[position])],
        undone_for_good=[at for at in after if run.steps[at].undoing and not run.steps[at].redoing],
    )


def _has_run(step: StepRun) -> bool:
    return step.state not in CANCELLED_STATES and (step.has_started or step.state in SETTLED or step.in_fallout)


def redo(run: OrderRun, impact: RedoImpact, reason: UndoReason = UndoReason.REDO) -> None:
    request_undo(run, (run.steps[position] for position in impact.redone), reason)


def find_redo_starts(run: OrderRun, failed_step: StepRun, name: str) -> list[int]:
    """Finds the steps called `name` in the failed step's workstream, among the steps that it depends on. If there are
    none, finds those that serve a line of the failed step. Returns only steps that have run."""
    named = [step.position for step in run.steps if _has_name(run, step, run.definition(failed_step).workstream, name)]
    before = reachable([failed_step.position], [planned.after for planned in run.plan.steps])
    found = [position for position in named if position in before]
    if not found:
        lines = set(run.plan.steps[failed_step.position].line_positions)
        found = [position for position in named if lines & set(run.plan.steps[position].line_positions)]
    return [position for position in found if _has_run(run.steps[position])]


def _has_name(run: OrderRun, step: StepRun, workstream: str, name: str) -> bool:
    definition = run.definition(step)
    return definition.workstream == workstream and definition.step == name
