"""Early events: they arrive before their step waits for them, and are kept until it does.

Whether an event is early is decided in execution/event_matching.py.
"""

from __future__ import annotations

from workflows.core.events.event_inbox import ReceivedEvent
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import StepRun
from workflows.core.steps.event_acceptance import accepting_steps, accepts_event, choose_step

SHARED_EARLY_EVENT = "early-event-of-several-steps"
"""Patch: a step that begins to wait does not take a kept event if it also fits other waiting steps."""


def take_early_event(run: OrderRun, step: StepRun) -> ReceivedEvent | None:
    """The first early event for a step that begins to wait now. Skips events that other steps also accept."""
    for event in run.inbox.early_events:
        if not accepts_event(run, step, event):
            continue
        if len(accepting_steps(run, event)) > 1 and run.is_patched(SHARED_EARLY_EVENT):
            run.inbox.needs_recheck = True
            continue
        run.inbox.early_events.remove(event)
        return event
    return None


def match_early_events(run: OrderRun) -> list[tuple[StepRun, ReceivedEvent]]:
    """Pairs early events with steps. An event is paired if exactly one waiting step can take it now. Each step and each
    event occurs once."""
    run.inbox.needs_recheck = False
    found: dict[int, ReceivedEvent] = {}
    for event in run.inbox.early_events:
        step = choose_step(run, accepting_steps(run, event), taken=found)
        if step is not None:
            found[step.position] = event
    return [(run.steps[position], event) for position, event in found.items()]
