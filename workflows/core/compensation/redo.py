"""Redoing: from a step on, everything that ran is undone in reverse and done again, each as a new effect."""

from __future__ import annotations

from dataclasses import dataclass

from workflows.contract.states import SETTLED, TAKEN_BACK
from workflows.core.compensation.rollback import passed
from workflows.core.compensation.undo_order import reach, withdraw
from workflows.core.state.order_run import OrderRun
from workflows.core.state.state_transitions import DONE_AGAIN, Withdrawal
from workflows.core.state.step_run import StepRun


@dataclass(frozen=True, slots=True)
class Rework:
    """What redoing from some steps on would do. Positions in the plan."""

    redone: list[int]
    barriers: list[int]
    """Steps among them that are past their point of no return."""
    given_up: list[int]
    """Steps after them that are being taken back for good: nothing can be redone under these."""


def rework_from(run: OrderRun, starts: list[int]) -> Rework:
    """Changes nothing."""
    after = sorted(reach(starts, run.followers))
    redone = [position for position in after if _has_run(run.steps[position]) or position in starts]
    return Rework(
        redone=redone,
        barriers=[position for position in redone if passed(run, run.steps[position])],
        given_up=[at for at in after if run.steps[at].undoing and run.steps[at].withdrawal not in DONE_AGAIN],
    )


def _has_run(step: StepRun) -> bool:
    return step.state not in TAKEN_BACK and (step.begun or step.state in SETTLED or step.in_fallout)


def redo(run: OrderRun, rework: Rework, why: Withdrawal = Withdrawal.REDO) -> None:
    withdraw(run, (run.steps[position] for position in rework.redone), why)


def starts_named(run: OrderRun, failed: StepRun, name: str) -> list[int]:
    """The steps of this name of the same workstream that `failed` comes after; where it comes after none, those that
    serve the same lines. Empty where the order has none that ran."""
    planned = run.definition(failed)
    before = reach([failed.position], [each.after for each in run.plan.steps])
    found = [position for position in sorted(before) if _is(run, position, planned.workstream, name)]
    if not found:
        lines = set(run.plan.steps[failed.position].lines)
        found = [
            position
            for position in range(len(run.steps))
            if _is(run, position, planned.workstream, name) and lines & set(run.plan.steps[position].lines)
        ]
    return [position for position in found if _has_run(run.steps[position])]


def _is(run: OrderRun, position: int, workstream: str, name: str) -> bool:
    definition = run.definition(run.steps[position])
    return definition.workstream == workstream and definition.step == name
