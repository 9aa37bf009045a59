"""What delivering an event or a callback would do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from workflows.core.events.event_inbox import ReceivedEvent
from workflows.core.state.step_run import StepRun


@dataclass(frozen=True, slots=True)
class DeliveryVerdict:
    status: Literal["completed", "kept", "duplicate", "late"]
    """kept: the message came early. late: the step no longer waits for it."""
    step: StepRun | None = None
    """None if the event concerns no particular step."""
    kept: ReceivedEvent | None = None
    """The kept event, if the order already keeps it."""
