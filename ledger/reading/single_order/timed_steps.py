"""When the steps of an order ran: enough to choose those that a page shows, without what they carried."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from workflows.contract.states import StepState


@dataclass(frozen=True, slots=True)
class AttemptTimes:
    """Of all attempts at a step's calls."""

    first_start: datetime
    last_end: datetime | None
    """Of those that did not undo the step."""
    failed: int


@dataclass(frozen=True, slots=True)
class TimedStep:
    number: int
    state: StepState
    is_open: bool
    """Not settled, or its undo has not ended."""
    had_trouble: bool
    """It failed, was tried again, or an undo of it has begun."""
    started_at: datetime | None
    ended_at: datetime | None
    attempts: AttemptTimes | None = None
