"""Escalation: a step that needs attention is put before those whom its `sla.escalate` names."""

from __future__ import annotations

from workflows import telling
from workflows.progress import OrderRun, StepRun


def is_receiver(run: OrderRun, to: str) -> bool:
    """Whether a receiver is meant, as the receivers were when the order started; else it is a queue."""
    return run.told is not None and to in run.told.telling.receivers


def escalate(run: OrderRun, step: StepRun, to: str, because: str) -> None:
    """Tells of it. A receiver that is named is told whatever its filter says; a queue's lists show the step."""
    named = {"receiver": to} if is_receiver(run, to) else {"queue": to}
    telling.note(run, "step.escalated", step, **named, reason=because)
