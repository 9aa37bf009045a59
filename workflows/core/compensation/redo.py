"""Redoing: from a step on, everything that ran is undone in reverse and done again, each as a new effect."""

from __future__ import annotations

from dataclasses import dataclass

from workflows.contract.states import SETTLED, TAKEN_BACK
from workflows.core.compensation.rollback import is_past_ponr
from workflows.core.compensation.undo_order import reachable, request_undo
from workflows.core.state.order_run import OrderRun
from workflows.core.state.state_transitions import REDO_REASONS, UndoReason
from workflows.core.state.step_run import StepRun


@dataclass(frozen=True, slots=True)
class RedoImpact:
    """What redoing from some steps on would do. Positions in the plan."""

    redone: list[int]
    past_ponr: list[int]
    """Steps among them that are past their point of no return."""
    undone_for_good: list[int]
    """Steps after them that are being taken back for good: nothing can be redone under these."""


def assess_redo(run: OrderRun, starts: list[int]) -> RedoImpact:
    """Changes nothing."""
    after = sorted(reachable(starts, run.followers))
    redone = [position for position in after if _has_run(run.steps[position]) or position in starts]
    return RedoImpact(
        redone=redone,
        past_ponr=[position for position in redone if is_past_ponr(run, run.steps[position])],
        undone_for_good=[at for at in after if run.steps[at].undoing and run.steps[at].undo_reason not in REDO_REASONS],
    )


def _has_run(step: StepRun) -> bool:
    return step.state not in TAKEN_BACK and (step.has_started or step.state in SETTLED or step.in_fallout)


def redo(run: OrderRun, impact: RedoImpact, reason: UndoReason = UndoReason.REDO) -> None:
    request_undo(run, (run.steps[position] for position in impact.redone), reason)


def find_redo_starts(run: OrderRun, failed_step: StepRun, name: str) -> list[int]:
    """The steps of this name of the same workstream that `failed` comes after; where it comes after none, those that
    serve the same lines. Empty where the order has none that ran."""
    planned = run.definition(failed_step)
    before = reachable([failed_step.position], [each.after for each in run.plan.steps])
    found = [position for position in sorted(before) if _is_step_named(run, position, planned.workstream, name)]
    if not found:
        lines = set(run.plan.steps[failed_step.position].line_positions)
        found = [
            position
            for position in range(len(run.steps))
            if _is_step_named(run, position, planned.workstream, name)
            and lines & set(run.plan.steps[position].line_positions)
        ]
    return [position for position in found if _has_run(run.steps[position])]


def _is_step_named(run: OrderRun, position: int, workstream: str, name: str) -> bool:
    definition = run.definition(run.steps[position])
    return definition.workstream == workstream and definition.step == name
