"""Undos and holds of an order as JSON, for continue-as-new."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workflows.contract.states import SETTLED, StepState
from workflows.core.continue_as_new.step_snapshot import restore_undo, undo_row
from workflows.core.execution.hold import refresh_held_steps
from workflows.core.state.holds import Hold
from workflows.core.state.order_run import OrderRun
from workflows.core.state.state_transitions import UndoReason
from workflows.core.state.step_run import StepRun, UndoRun

UNDO_REASON_CODES: Mapping[UndoReason | None, str] = {
    None: "-",
    UndoReason.CANCELLATION: "c",
    UndoReason.FAILURE: "f",
    UndoReason.AMENDMENT: "a",
    UndoReason.REDO: "r",
    UndoReason.REVISION: "v",
}
UNDO_REASON_BY_CODE = {code: reason for reason, code in UNDO_REASON_CODES.items()}


def snapshot_compensation(run: OrderRun) -> dict[str, Any]:
    """Empty if nothing was ever undone or held. Most undos simply succeed, so those take little room."""
    reasons = "".join(UNDO_REASON_CODES[step.undo_reason] for step in run.steps)
    data: dict[str, Any] = {}
    if reasons.strip("-"):
        data["reasons"] = reasons
    undos = {step.position: step.undo for step in run.steps if step.undo is not None}
    usual = {position: undo.attempts for position, undo in undos.items() if _is_plain_success(undo)}
    for attempts in sorted({*usual.values()}):
        positions = [position for position, count in usual.items() if count == attempts]
        data.setdefault("usual", {})[str(attempts)] = positions
    if others := {str(position): undo_row(undo) for position, undo in undos.items() if position not in usual}:
        data["undos"] = others
    if redone := [step.position for step in run.steps if step.state in SETTLED and not step.released]:
        data["again"] = redone
    if rounds := {str(step.position): step.failure_rounds for step in run.steps if step.failure_rounds}:
        data["rounds"] = rounds
    if run.compensation.accepted_failures:
        data["accepted"] = run.compensation.accepted_failures
    if run.compensation.order_cancelled:
        data["cancelled"] = True
    if run.holds.by_scope:
        data["holds"] = [[hold.scope, hold.by, hold.reason, hold.at] for hold in run.holds.by_scope.values()]
    return data


def _is_plain_success(undo: UndoRun) -> bool:
    return undo.state is StepState.COMPLETED and undo.number == 1 and undo.failure is None


def restore_compensation(run: OrderRun, data: Mapping[str, Any]) -> None:
    """`data` comes from snapshot_compensation. Call this after the states of the steps are restored."""
    for step, code in zip(run.steps, data.get("reasons", ""), strict=False):
        step.undo_reason = UNDO_REASON_BY_CODE[code]
    for attempts, positions in data.get("usual", {}).items():
        for position in positions:
            run.steps[position].undo = UndoRun(state=StepState.COMPLETED, attempts=int(attempts))
    for position, row in data.get("undos", {}).items():
        run.steps[int(position)].undo = restore_undo(row)
    redone = set(data.get("again", ()))
    for step in run.steps:
        step.released = step.state in SETTLED and step.position not in redone
    run.compensation.rolled_back = {step.position for step in run.steps if step.undo_reason is UndoReason.FAILURE}
    run.compensation.accepted_failures = data.get("accepted", {})
    for position, rounds in data.get("rounds", {}).items():
        run.steps[int(position)].failure_rounds = rounds
    run.holds.by_scope = {row[0]: Hold(*row) for row in data.get("holds", ())}
    refresh_held_steps(run)
    run.compensation.order_cancelled = data.get("cancelled", False)
    run.compensation.open_undos = {step.position: None for step in run.steps if step.undoing}
    run.compensation.needs_sorting = bool(run.compensation.open_undos)


def schedule_undo_timers(run: OrderRun, step: StepRun) -> None:
    """Set the timers of the step's open undo."""
    undo = step.undo
    if undo is None or not undo.is_open:
        return
    for moment in (undo.again_at, undo.deadline):
        if moment is not None:
            run.wake_at(step, moment)
