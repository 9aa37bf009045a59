"""The records of a step and of its undo as JSON: only the fields that differ from a new record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import astuple
from typing import Any

from workflows.contract.states import SETTLED, StepState
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import Phase, StepFailure, StepRun, UndoRun
from workflows.core.state.step_sla_clock import SlaClock

STEP_FIELDS = (
    "number", "launch", "attempts", "again_at", "deadline", "queued", "uncertain", "answer", "key", "subscribed",
    "queue", "holder", "changes", "corrected_from", "note",
)  # fmt: skip
SETTLED_STEP_FIELDS = ("number", "attempts", "uncertain", "changes", "corrected_from")
UNDOING_STEP_FIELDS = (*SETTLED_STEP_FIELDS, "launch", "queued", "answer", "queue", "holder")
"""Fields of a settled step that is being undone."""
UNDO_FIELDS = ("number", "uncertain", "attempts", "again_at", "deadline", "answer", "changes", "learnt")

NEW_STEP, NEW_UNDO = StepRun(0, 0), UndoRun()


def step_row(run: OrderRun, step: StepRun) -> dict[str, Any]:
    """The step's record without state, times and output. Empty if there is nothing else to keep."""
    names: tuple[str, ...] = STEP_FIELDS
    if step.state in SETTLED:
        names = UNDOING_STEP_FIELDS if step.undoing else SETTLED_STEP_FIELDS
    row = _changed_fields(step, NEW_STEP, names)
    if step.phase is not Phase.IDLE:
        row["phase"] = step.phase.value
    if step.event_names:
        row["names"] = list(step.event_names)
    if step.sla_clock is not None and (clock := step.sla_clock.snapshot()) is not None:
        row["clock"] = clock
    if step.state is StepState.COMPLETED:
        row.pop("attempts", None)
        if step.attempts != default_attempts(run, step):
            row["attempts"] = step.attempts
    return row


def default_attempts(run: OrderRun, step: StepRun) -> int:
    """How many attempts a completed step had, if its row has no other number."""
    return 1 if run.profile(step).uses_activity else 0


def restore_step(step: StepRun, row: Mapping[str, Any]) -> None:
    _restore_fields(step, row, STEP_FIELDS)
    step.phase = Phase(row.get("phase", ""))
    step.event_names = tuple(row.get("names", ()))
    step.sla_clock = SlaClock.restore(row["clock"]) if "clock" in row else None


def undo_row(undo: UndoRun) -> dict[str, Any]:
    row = _changed_fields(undo, NEW_UNDO, UNDO_FIELDS)
    row["state"], row["phase"] = undo.state.value, undo.phase.value
    return row


def restore_undo(row: Mapping[str, Any]) -> UndoRun:
    undo = UndoRun(state=StepState(row["state"]), phase=Phase(row["phase"]))
    _restore_fields(undo, row, UNDO_FIELDS)
    return undo


def _changed_fields(record: StepRun | UndoRun, new: StepRun | UndoRun, names: Iterable[str]) -> dict[str, Any]:
    row = {name: value for name in names if (value := getattr(record, name)) != getattr(new, name)}
    if record.early_callback is not None:
        row["callback"] = list(record.early_callback)
    if record.failure is not None:
        row["failure"] = list(astuple(record.failure))
    return row


def _restore_fields(record: StepRun | UndoRun, row: Mapping[str, Any], names: Iterable[str]) -> None:
    for name in names:
        if name in row:
            setattr(record, name, row[name])
    record.early_callback = (row["callback"][0],) if "callback" in row else None
    record.failure = StepFailure(*row["failure"]) if "failure" in row else None
