"""A short remark on a step: its failure, its wait, its lateness."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from views.order.swimlanes import WAITING_STATES
from views.shared.time_format import format_elapsed, format_short_time
from views.shared.value_format import in_words
from workflows.contract.states import NOT_BEGUN, SETTLED, Jeopardy, StepState

if TYPE_CHECKING:
    from workflows.contract.order_views import StepView


def elapsed_text(step: StepView, now: datetime) -> str:
    """How long the step took, or has been running."""
    if step.started_at is None or step.state in NOT_BEGUN:
        return ""
    end = step.ended_at or (None if step.state in SETTLED else now)
    return format_elapsed(max((end - step.started_at).total_seconds(), 0)) if end else ""


def step_remark(step: StepView, now: datetime) -> str:
    """What a person wants to know of this step now, in one line."""
    return ", ".join(filter(None, (_lateness_text(step, now), _undo_remark(step, now) or _state_remark(step, now))))


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
    """`taking it back: in fallout: gone: nobody knows that parcel`; empty where it is not being taken back."""
    undo = step.undo
    if undo is None or undo.state in SETTLED:
        return ""
    if undo.state in WAITING_STATES:
        return "to be taken back"
    shared = ("attempts", "error", "waits_for", "next_attempt_at", "due")
    seen = {"state": StepState(undo.state)} | {name: getattr(undo, name) for name in shared}
    return f"taking it back: {_state_remark(step.model_copy(update=seen), now)}"


def _state_remark(step: StepView, now: datetime) -> str:
    if step.state is StepState.COMPLETED:
        return f"{step.attempts} attempts" if step.attempts > 1 else ""
    if step.state is StepState.SCHEDULED:
        return f"starts {format_short_time(step.due, now)}" if step.due else "not yet"
    if step.state is StepState.READY:
        return "waits for capacity"
    if step.state in (StepState.FAILED, StepState.FATALLY_FAILED, StepState.FAILED_ACCEPTED):
        return _failure_text(step, now)
    if step.state in WAITING_STATES:
        return ""
    if step.state is StepState.ON_HOLD and step.waits_for:
        return f"waits for {step.waits_for}"
    if step.state is not StepState.IN_PROGRESS:
        return in_words(step.state)
    words = [f"waits for {step.waits_for}" if step.waits_for else "running"]
    if step.due:
        words.append(f"until {format_short_time(step.due, now)}")
    if step.attempts > 1:
        words.append(f"attempt {step.attempts}")
    return ", ".join(words)


def _failure_text(step: StepView, now: datetime) -> str:
    error = f"{step.error.code}: {step.error.message}" if step.error else "failed"
    if step.state is StepState.FAILED:
        again = f" again {format_short_time(step.next_attempt_at, now)};" if step.next_attempt_at else ""
        return f"attempt {step.attempts} failed;{again} {error}"
    return f"{'in fallout' if step.state is StepState.FATALLY_FAILED else 'accepted'}: {error}"
