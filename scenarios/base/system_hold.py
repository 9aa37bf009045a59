"""A step whose call is held back is on hold for clients, although the order has begun its call."""

from __future__ import annotations

from collections.abc import Mapping

from workflows.contract.order_views import StepView, SystemHoldView
from workflows.contract.states import StepState


def with_system_hold(step: StepView, held: Mapping[str, str]) -> StepView:
    """As operations/reading/pending_attempts.py shows it. `held`: step id → the system that is switched off."""
    system = held.get(step.id)
    if system is None:
        return step
    hold = SystemHoldView(system=system, off=True)
    changes = {"state": StepState.ON_HOLD, "next_attempt_at": None, "waits_for": hold.description}
    if step.undo is not None and step.undo.state == StepState.IN_PROGRESS:
        undo = step.undo.model_copy(update={**changes, "state": StepState.ON_HOLD.value})
        return step.model_copy(update={"undo": undo, "system_hold": hold})
    if step.state is not StepState.IN_PROGRESS:
        return step
    return step.model_copy(update={**changes, "system_hold": hold})
