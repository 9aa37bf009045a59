"""The events that an order keeps, and why no step has taken them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

from workflows.contract.order_views import KeptEventView
from workflows.contract.states import SETTLED
from workflows.core.events.event_inbox import ReceivedEvent
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.event_acceptance import accepting_steps, misses_event

MAX_KEPT_EVENTS = 20
MAX_KEPT_EVENT_STEPS = 10

KeptReason = Literal["early", "several_steps", "no_match", "no_step"]


def kept_event_views(run: OrderRun) -> list[KeptEventView]:
    """Views of the events that have been kept longest."""
    return [_view(run, event) for event in run.inbox.early_events[:MAX_KEPT_EVENTS]]


def _view(run: OrderRun, event: ReceivedEvent) -> KeptEventView:
    reason, steps = _reason(run, event)
    return KeptEventView(
        event_id=event.event_id,
        name=event.name,
        key=event.key,
        at=datetime.fromtimestamp(event.at, UTC),
        reason=reason,
        steps=[run.step_id(step) for step in steps[:MAX_KEPT_EVENT_STEPS]],
    )


def _reason(run: OrderRun, event: ReceivedEvent) -> tuple[KeptReason, Sequence[StepRun]]:
    accepting = accepting_steps(run, event)
    if accepting:
        return "several_steps", accepting
    of_name = [run.steps[position] for position in run.steps_by_event().get(event.name, ())]
    waiting = [step for step in of_name if step.phase is Phase.EVENT or misses_event(step)]
    later = [step for step in of_name if step.state not in SETTLED and step not in waiting]
    if later:
        return "early", later
    return ("no_match", waiting) if waiting else ("no_step", ())
