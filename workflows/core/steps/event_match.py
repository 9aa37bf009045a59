"""Which waiting steps accept an event."""

from __future__ import annotations

from workflows.core.state.event_inbox import ReceivedEvent
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.expression_scope import StepExpressionError, StepScope


def accepting_steps(run: OrderRun, event: ReceivedEvent) -> list[StepRun]:
    """In the order of the plan."""
    positions = set(run.waiting.events.get((event.name, None), ()))
    if event.key is not None:
        positions.update(run.waiting.events.get((event.name, event.key), ()))
    return [run.steps[position] for position in sorted(positions) if accepts_event(run, run.steps[position], event)]


def accepts_event(run: OrderRun, step: StepRun, event: ReceivedEvent) -> bool:
    """Whether the step waits for this event: for its name, its key and its content."""
    if step.phase is not Phase.EVENT or event.name not in step.event_names:
        return False
    named = event.step is not None and event.step in (run.step_id(step), str(step.position + 1))
    if event.step is not None and not named:
        return False
    if step.key is not None and event.key != step.key and not (named and event.key is None):
        return False
    return match_holds(run, step, event)


def match_holds(run: OrderRun, step: StepRun, event: ReceivedEvent) -> bool:
    """Whether the step's `match` holds. If it has no value for this payload, the event is not meant for the step."""
    awaited = run.definition(step).definition.event
    if awaited is None or awaited.match is None:
        return True
    try:
        return StepScope(run, step, {"payload": event.payload, "event": event.name}).is_true(awaited.match)
    except StepExpressionError:
        return False
