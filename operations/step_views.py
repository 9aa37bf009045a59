"""Facts about a step that follow from its view. Pure."""

from __future__ import annotations

from workflows.contract.order_views import StepView
from workflows.contract.states import SETTLED, StepState


def step_label(step: StepView) -> str:
    """`step 3 (camera.reserve@1)`."""
    return f"step {step.number} ({step.id})"


def is_open(step: StepView) -> bool:
    """Not settled, or not yet undone."""
    return step.state not in SETTLED or is_undo_under_way(step)


def is_undo_under_way(step: StepView) -> bool:
    return step.undo is not None and step.undo.state not in SETTLED


def effective_state(step: StepView) -> StepState:
    """The undo's state while it is under way, else the step's."""
    return StepState(step.undo.state) if step.undo is not None and is_undo_under_way(step) else step.state
