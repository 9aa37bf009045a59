"""The types of order events that receivers choose from (docs/notifications.md).

On the wire they have a prefix: `step.late` is the CloudEvents type `ordo.step.late`.
"""

from __future__ import annotations

from collections.abc import Iterable

EVENT_TYPE_PREFIX = "ordo."

ORDER_EVENTS = (
    "order.accepted", "order.rejected", "order.in_progress", "order.held", "order.pending",
    "order.assessing_cancellation", "order.pending_cancellation",
    "order.completed", "order.partial", "order.failed", "order.cancelled",
    "order.on_track", "order.at_risk", "order.late",
    "order.amended", "order.acted",
)  # fmt: skip
LINE_EVENTS = ("line.in_progress", "line.held", "line.completed", "line.partial", "line.failed", "line.cancelled")
STEP_EVENTS = (
    "step.in_progress", "step.completed", "step.skipped", "step.failed_accepted", "step.fatally_failed",
    "step.resolved", "step.on_hold", "step.discarded", "step.cancelled", "step.amended", "step.undo_failed",
    "step.on_track", "step.at_risk", "step.late", "step.escalated", "step.acted",
)  # fmt: skip
MILESTONE_EVENTS = ("milestone.reached",)
EVENT_TYPES = (*ORDER_EVENTS, *LINE_EVENTS, *STEP_EVENTS, *MILESTONE_EVENTS)


def matches(pattern: str, event_type: str) -> bool:
    """Whether a receiver's pattern (a type, `order.*`, or `*`) matches this type."""
    return pattern in ("*", event_type) or (pattern.endswith(".*") and event_type.startswith(pattern[:-1]))


def matches_any(patterns: Iterable[str], event_type: str) -> bool:
    return any(matches(pattern, event_type) for pattern in patterns)


def matches_known_type(pattern: str) -> bool:
    """Whether the pattern matches at least one type."""
    return any(matches(pattern, event_type) for event_type in EVENT_TYPES)
