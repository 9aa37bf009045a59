"""Facts about a step that follow from its view or its record. Pure."""

from __future__ import annotations

from datetime import datetime

from workflows.contract.order_views import ITS_TIME
from workflows.contract.states import SETTLED, StepState
from workflows.contract.step_record import AnyStep


def step_label(step: AnyStep) -> str:
    """`step 3 (camera.reserve@1)`."""
    return f"step {step.number} ({step.id})"


def is_open(step: AnyStep) -> bool:
    """Whether the step is not settled, or its undo has not ended."""
    return step.state not in SETTLED or is_undo_under_way(step)


def is_undo_under_way(step: AnyStep) -> bool:
    return step.undo is not None and step.undo.state not in SETTLED


def effective_state(step: AnyStep) -> StepState:
    """The undo's state while it is under way, else the step's."""
    return StepState(step.undo.state) if step.undo is not None and is_undo_under_way(step) else step.state


def time_limit(step: AnyStep) -> datetime | None:
    """When `within` ends and a step in progress fails. None if there is no limit, or if the step continues then."""
    is_timer = step.kind == "wait" and step.waits_for in (ITS_TIME, None)
    return None if is_timer else step.due
