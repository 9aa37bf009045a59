"""What of roll-backs and holds crosses over when a run continues as another one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workflows.contract.states import SETTLED, StepState
from workflows.core.execution.hold import refresh_held_steps
from workflows.core.state.holds import Hold
from workflows.core.state.order_run import OrderRun
from workflows.core.state.state_transitions import UndoReason
from workflows.core.state.step_run import Phase, StepFailure, StepRun, UndoRun

UNDO_REASON_CODES: Mapping[UndoReason | None, str] = {
    None: "-",
    UndoReason.CANCELLATION: "c",
    UndoReason.FAILURE: "f",
    UndoReason.AMENDMENT: "a",
    UndoReason.REDO: "r",
    UndoReason.REVISION: "v",
}
UNDO_REASON_BY_CODE = {code: why for why, code in UNDO_REASON_CODES.items()}

PLAIN_FIELDS = ("number", "uncertain", "attempts", "again_at", "deadline", "answer", "changes", "learnt")


def snapshot_compensation(run: OrderRun) -> dict[str, Any]:
    """Nothing where nothing was ever taken back. What most undos come to, one attempt or none, takes little room."""
    reasons = "".join(UNDO_REASON_CODES[step.undo_reason] for step in run.steps)
    data: dict[str, Any] = {}
    if reasons.strip("-"):
        data["reasons"] = reasons
    undos = {step.position: step.undo for step in run.steps if step.undo is not None}
    usual = {position: undo.attempts for position, undo in undos.items() if _is_plain_success(undo)}
    for attempts in sorted({*usual.values()}):
        data.setdefault("usual", {})[str(attempts)] = [at for at, made in usual.items() if made == attempts]
    if others := {str(position): _undo_row(undo) for position, undo in undos.items() if position not in usual}:
        data["undos"] = others
    if again := [step.position for step in run.steps if step.state in SETTLED and not step.released]:
        data["again"] = again
    if rounds := {str(step.position): step.failure_rounds for step in run.steps if step.failure_rounds}:
        data["rounds"] = rounds
    if run.compensation.order_cancelled:
        data["cancelled"] = True
    if run.holds.by_scope:
        data["holds"] = [[hold.scope, hold.by, hold.reason, hold.at] for hold in run.holds.by_scope.values()]
    return data


def _is_plain_success(undo: UndoRun) -> bool:
    return undo.state is StepState.COMPLETED and undo.number == 1 and undo.failure is None


def _undo_row(undo: UndoRun) -> dict[str, Any]:
    new = UndoRun()
    row = {name: value for name in PLAIN_FIELDS if (value := getattr(undo, name)) != getattr(new, name)}
    row["state"], row["phase"] = undo.state.value, undo.phase.value
    if undo.early_callback is not None:
        row["callback"] = list(undo.early_callback)
    if (failure := undo.failure) is not None:
        row["failure"] = [
            failure.code,
            failure.message,
            failure.outcome_known,
            failure.attempts,
            failure.retry_after,
            failure.at,
        ]
    return row


def restore_compensation(run: OrderRun, data: Mapping[str, Any]) -> None:
    """`data`: of carried_undo. The states of the steps have been read back."""
    for step, code in zip(run.steps, data.get("reasons", ""), strict=False):
        step.undo_reason = UNDO_REASON_BY_CODE[code]
    for attempts, positions in data.get("usual", {}).items():
        for position in positions:
            run.steps[position].undo = UndoRun(state=StepState.COMPLETED, attempts=int(attempts))
    for position, row in data.get("undos", {}).items():
        run.steps[int(position)].undo = _undo_from_row(row)
    again = set(data.get("again", ()))
    for step in run.steps:
        step.released = step.state in SETTLED and step.position not in again
    for position, rounds in data.get("rounds", {}).items():
        run.steps[int(position)].failure_rounds = rounds
    run.holds.by_scope = {row[0]: Hold(*row) for row in data.get("holds", ())}
    refresh_held_steps(run)
    run.compensation.order_cancelled = data.get("cancelled", False)
    run.compensation.open_undos = {step.position: None for step in run.steps if step.undoing}
    run.compensation.needs_sorting = bool(run.compensation.open_undos)


def _undo_from_row(row: Mapping[str, Any]) -> UndoRun:
    undo = UndoRun(**{name: row[name] for name in PLAIN_FIELDS if name in row})
    undo.state, undo.phase = StepState(row["state"]), Phase(row["phase"])
    undo.early_callback = (row["callback"][0],) if "callback" in row else None
    undo.failure = StepFailure(*row["failure"]) if "failure" in row else None
    return undo


def schedule_undo_timers(run: OrderRun, step: StepRun) -> None:
    """What the undo says of itself, in the places where it is looked for."""
    undo = step.undo
    if undo is None or not undo.is_open:
        return
    for moment in (undo.again_at, undo.deadline):
        if moment is not None:
            run.wake_at(step, moment)
