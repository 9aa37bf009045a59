"""Steps that the engine must work on, and steps that wait for a condition or an event. Steps are positions in the
plan."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field


@dataclass(slots=True)
class WorkQueues:
    """First come, first served. engine/advance.py empties them."""

    start: deque[int] = field(default_factory=deque)
    """All predecessors are settled: evaluate `when` and `start`."""
    retry: deque[int] = field(default_factory=deque)
    """A person retries or resumes these: begin without evaluating `when` and `start` again."""
    activity: deque[int] = field(default_factory=deque)
    """Start the next activity as soon as fewer than `max_in_flight` activities are running."""
    conditions: dict[int, None] = field(default_factory=dict)
    """Evaluate the condition again: something that it reads has changed."""


@dataclass(slots=True)
class WaitingSteps:
    conditions: dict[int, None] = field(default_factory=dict)
    """Steps that wait for a condition, in the order in which they began to wait."""
    condition_readers: dict[int, list[int]] = field(default_factory=dict)
    """Step → the waiting conditions that read its output."""
    events: dict[tuple[str, str | None], dict[int, None]] = field(default_factory=dict)
    """Event name and key → the steps that wait for it. The key None means any key."""
