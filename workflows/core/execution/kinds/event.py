"""`event`: the step waits for an event of this order. Anybody may send it."""

from __future__ import annotations

from compiler.values import as_text
from workflows.contract.states import StepState
from workflows.core.events.event_inbox import ReceivedEvent
from workflows.core.failures.failure_handling import complete_or_fail
from workflows.core.state.order_run import OrderRun, require
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.early_events import take_early_event
from workflows.core.steps.event_subscription import subscribe, unsubscribe
from workflows.core.steps.expression_scope import StepScope


def begin(run: OrderRun, step: StepRun) -> None:
    run.transition(step, StepState.IN_PROGRESS)
    step.started_at = run.now
    awaited = require(run.definition(step).definition.event)
    scope = StepScope(run, step)
    if step.subscribed:  # the step has waited in fallout, maybe for another key
        unsubscribe(run, step)
    step.event_names, step.key, step.note = (), None, None
    key = None if awaited.key is None else as_text(scope.render(awaited.key))
    deadline = None if awaited.within is None else run.now + scope.render_duration(awaited.within)
    step.event_names, step.key = tuple(awaited.name), key
    step.phase = Phase.EVENT
    for name in step.event_names:
        run.waiting.events.setdefault((name, step.key), {})[step.position] = None
    if run.inbox.early_events and (event := take_early_event(run, step)) is not None:
        run.audit_log.record(run.now, f"event {event.name}, which came early", run.step_id(step))
        complete_with_event(run, step, event)
        return
    if deadline is not None:
        step.deadline = deadline
        run.wake_at(step, deadline)
    if step.key is not None:
        subscribe(run, step)


def complete_with_event(run: OrderRun, step: StepRun, event: ReceivedEvent) -> None:
    complete_or_fail(run, step, event_scope(run, step, event), event.payload)


def event_scope(run: OrderRun, step: StepRun, event: ReceivedEvent) -> StepScope:
    """The values that the step's `fail_when` and `output` read."""
    return StepScope(run, step, {"payload": event.payload, "event": event.name})
