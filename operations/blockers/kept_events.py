"""The events that an order keeps, in sentences."""

from __future__ import annotations

from operations.blockers.step_blocker import format_time
from workflows.contract.order_views import KeptEventView, OrderView


def kept_event_sentences(order: OrderView) -> list[str]:
    """One sentence for each kept event, oldest first. It says why no step has taken the event."""
    return [
        f"Event {event.name}{f' with key {event.key}' if event.key is not None else ''}, which came "
        f"{format_time(event.at)}, is kept: {_reason(event)}."
        for event in order.kept_events
    ]


def _reason(event: KeptEventView) -> str:
    steps = ", ".join(event.steps)
    reasons = {
        "early": f"{steps} {'has' if len(event.steps) == 1 else 'have'} not begun to wait for it",
        "several_steps": f"it fits {steps}, and names none of them",
        "no_match": f"its key or content is not what {steps} {'waits' if len(event.steps) == 1 else 'wait'} for",
        "no_step": "no step waits for an event of this name any more",
    }
    return reasons[event.reason]
