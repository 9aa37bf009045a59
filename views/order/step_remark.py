"""A short remark on a step: its failure, its wait, its lateness."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from views.order.swimlanes import WAITING_STATES
from views.shared.time_format import format_elapsed, format_short_time
from views.shared.value_format import correction_text, error_text, in_words
from workflows.contract.states import NOT_BEGUN, SETTLED, Jeopardy, StepState
from workflows.contract.step_facts import time_limit

if TYPE_CHECKING:
    from workflows.contract.order_views import StepView


def elapsed_text(step: StepView, now: datetime) -> str:
    """How long the step took, or has been running."""
    if step.started_at is None or step.state in NOT_BEGUN:
        return ""
    end = step.ended_at or (None if step.state in SETTLED else now)
    return format_elapsed(max((end - step.started_at).total_seconds(), 0)) if end else ""


def step_remark(step: StepView, now: datetime) -> str:
    """What a person wants to know about the step now, in one line."""
    corrected = f"corrected: {correction_text(step.corrections)}" if step.corrections else ""
    state = _undo_remark(step, now) or _state_remark(step, now)
    return ", ".join(filter(None, (_lateness_text(step, now), state, corrected)))


def _lateness_text(step: StepView, now: datetime) -> str:
    """By its sla: `late since 08:00:00, escalated to field_leads`."""
    if step.jeopardy is Jeopardy.ON_TRACK or step.late_at is None:
        return ""
    if step.state in SETTLED:
        return "was late" if step.jeopardy is Jeopardy.LATE else ""
    when = "late since" if step.jeopardy is Jeopardy.LATE else "at risk, late at"
    escalated = f", escalated to {step.escalated_to}" if step.escalated_to else ""
    return f"{when} {format_short_time(step.late_at, now)}{escalated}"


def _undo_remark(step: StepView, now: datetime) -> str:
    """`undo: in fallout: gone: no such parcel`; empty where no undo is under way."""
    undo = step.undo
    if undo is None or undo.state in SETTLED:
        return ""
    if undo.state in WAITING_STATES:
        return "to be undone"
    shared = ("attempts", "error", "waits_for", "next_attempt_at", "due")
    as_step = {"state": StepState(undo.state)} | {name: getattr(undo, name) for name in shared}
    return f"undo: {_state_remark(step.model_copy(update=as_step), now)}"


def _state_remark(step: StepView, now: datetime) -> str:
    match step.state:
        case StepState.COMPLETED:
            return f"{step.attempts} attempts" if step.attempts > 1 else ""
        case StepState.SCHEDULED:
            return f"starts {format_short_time(step.due, now)}" if step.due else "not yet"
        case StepState.READY:
            return "waits for capacity"
        case StepState.FAILED:
            next_attempt = f" again {format_short_time(step.next_attempt_at, now)};" if step.next_attempt_at else ""
            return f"attempt {step.attempts} failed;{next_attempt} {error_text(step.error) or 'failed'}"
        case StepState.FATALLY_FAILED:
            return f"in fallout: {error_text(step.error) or 'failed'}"
        case StepState.FAILED_ACCEPTED:
            return f"accepted: {error_text(step.error) or 'failed'}"
        case StepState.ON_HOLD if step.waits_for:
            return f"waits for {step.waits_for}"
        case StepState.IN_PROGRESS:
            return _in_progress_remark(step, now)
        case state:
            return "" if state in WAITING_STATES else in_words(state)


def _in_progress_remark(step: StepView, now: datetime) -> str:
    remarks = [f"waits for {step.waits_for}" if step.waits_for else "running"]
    if step.due:
        at_most = "at most " if time_limit(step) else ""
        remarks.append(f"{at_most}until {format_short_time(step.due, now)}")
    if step.attempts > 1:
        remarks.append(f"attempt {step.attempts}")
    return ", ".join(remarks)
