"""What delivering an event or a callback would do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from workflows.core.state.event_inbox import ReceivedEvent
from workflows.core.state.step_run import StepRun


@dataclass(frozen=True, slots=True)
class DeliveryVerdict:
    status: Literal["completed", "kept", "duplicate", "late"]
    """kept: it came early. late: the step does not wait for it any more."""
    step: StepRun | None = None
    """None for an event that concerns no particular step."""
    kept: ReceivedEvent | None = None
    """The event, if the order keeps it already."""
