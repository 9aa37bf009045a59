"""What of roll-backs and holds crosses over when a run continues as another one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workflows.contract.states import SETTLED, StepState
from workflows.core.execution.hold import find_held
from workflows.core.state.holds import Hold
from workflows.core.state.order_run import OrderRun
from workflows.core.state.state_transitions import Withdrawal
from workflows.core.state.step_run import Failure, Phase, StepRun, UndoRun

CODES: Mapping[Withdrawal | None, str] = {
    None: "-",
    Withdrawal.CANCELLATION: "c",
    Withdrawal.FAILURE: "f",
    Withdrawal.AMENDMENT: "a",
    Withdrawal.REDO: "r",
    Withdrawal.REVISION: "v",
}
WHY = {code: why for why, code in CODES.items()}

PLAIN = ("number", "uncertain", "attempts", "again_at", "deadline", "answer", "changes", "learnt")


def carried_undo(run: OrderRun) -> dict[str, Any]:
    """Nothing where nothing was ever taken back. What most undos come to, one attempt or none, takes little room."""
    reasons = "".join(CODES[step.withdrawal] for step in run.steps)
    data: dict[str, Any] = {}
    if reasons.strip("-"):
        data["reasons"] = reasons
    undos = {step.position: step.undo for step in run.steps if step.undo is not None}
    usual = {position: undo.attempts for position, undo in undos.items() if _is_usual(undo)}
    for attempts in sorted({*usual.values()}):
        data.setdefault("usual", {})[str(attempts)] = [at for at, made in usual.items() if made == attempts]
    if others := {str(position): _row(undo) for position, undo in undos.items() if position not in usual}:
        data["undos"] = others
    if again := [step.position for step in run.steps if step.state in SETTLED and not step.over]:
        data["again"] = again
    if rounds := {str(step.position): step.rounds for step in run.steps if step.rounds}:
        data["rounds"] = rounds
    if run.withdrawals.cancelled:
        data["cancelled"] = True
    if run.holds.named:
        data["holds"] = [[hold.scope, hold.by, hold.reason, hold.at] for hold in run.holds.named.values()]
    return data


def _is_usual(undo: UndoRun) -> bool:
    return undo.state is StepState.COMPLETED and undo.number == 1 and undo.failure is None


def _row(undo: UndoRun) -> dict[str, Any]:
    new = UndoRun()
    row = {name: value for name in PLAIN if (value := getattr(undo, name)) != getattr(new, name)}
    row["state"], row["phase"] = undo.state.value, undo.phase.value
    if undo.callback is not None:
        row["callback"] = list(undo.callback)
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


def restore_undo(run: OrderRun, data: Mapping[str, Any]) -> None:
    """`data`: of carried_undo. The states of the steps have been read back."""
    for step, code in zip(run.steps, data.get("reasons", ""), strict=False):
        step.withdrawal = WHY[code]
    for attempts, positions in data.get("usual", {}).items():
        for position in positions:
            run.steps[position].undo = UndoRun(state=StepState.COMPLETED, attempts=int(attempts))
    for position, row in data.get("undos", {}).items():
        run.steps[int(position)].undo = _read(row)
    again = set(data.get("again", ()))
    for step in run.steps:
        step.over = step.state in SETTLED and step.position not in again
    for position, rounds in data.get("rounds", {}).items():
        run.steps[int(position)].rounds = rounds
    run.holds.named = {row[0]: Hold(*row) for row in data.get("holds", ())}
    find_held(run)
    run.withdrawals.cancelled = data.get("cancelled", False)
    run.withdrawals.open = {step.position: None for step in run.steps if step.undoing}
    run.withdrawals.out_of_order = bool(run.withdrawals.open)


def _read(row: Mapping[str, Any]) -> UndoRun:
    undo = UndoRun(**{name: row[name] for name in PLAIN if name in row})
    undo.state, undo.phase = StepState(row["state"]), Phase(row["phase"])
    undo.callback = (row["callback"][0],) if "callback" in row else None
    undo.failure = Failure(*row["failure"]) if "failure" in row else None
    return undo


def wake_undo(run: OrderRun, step: StepRun) -> None:
    """What the undo says of itself, in the places where it is looked for."""
    undo = step.undo
    if undo is None or not undo.open:
        return
    for moment in (undo.again_at, undo.deadline):
        if moment is not None:
            run.wake_at(step, moment)
