"""Events: which step one completes, and what becomes of those that are early, late, ambiguous or have come before."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from workflows.contract.order_messages import EventDelivery, RefusalCode
from workflows.contract.states import SETTLED, StepState
from workflows.core.execution.failure_handling import handle_failure
from workflows.core.state.event_inbox import ReceivedEvent
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.expression_scope import StepExpressionError, StepScope
from workflows.core.steps.outcome import business_failure, render_output
from workflows.core.steps.refusal import RequestRefused, find_step
from workflows.core.steps.settlement import settle


@dataclass(frozen=True, slots=True)
class EventVerdict:
    status: Literal["completed", "kept", "duplicate", "late"]
    step: StepRun | None = None


def evaluate_event(run: OrderRun, event: ReceivedEvent) -> EventVerdict:
    """What delivering `event` would do. Raises Refused: ambiguous, invalid, not_found, not_now."""
    if run.inbox.has_seen(event.event_id):
        return EventVerdict("duplicate")
    if event.step is not None:
        return _evaluate_for_step(run, event, find_step(run, event.step))
    fitting = [step for step in _waiting_steps(run, event) if accepts_event(run, step, event)]
    if len(fitting) == 1:
        return EventVerdict("completed", fitting[0])
    if fitting:
        named = ", ".join(run.step_id(step) for step in fitting)
        raise RequestRefused(
            RefusalCode.AMBIGUOUS, f"Event {event.name} fits several steps ({named}): name one of them"
        )
    of_name = [run.steps[position] for position in run.steps_by_event().get(event.name, ())]
    if any(step.state not in SETTLED and step.phase is not Phase.EVENT for step in of_name):
        return _keep_early(run, event)
    late = [step for step in of_name if step.state in SETTLED]
    if late and len(late) == len(of_name):
        return EventVerdict("late", late[0] if len(late) == 1 else None)
    raise RequestRefused(RefusalCode.NOT_FOUND, _no_waiter_message(run, event, of_name))


def _evaluate_for_step(run: OrderRun, event: ReceivedEvent, step: StepRun) -> EventVerdict:
    awaited = run.definition(step).definition.event
    if awaited is None or event.name not in awaited.name:
        waits = f"waits for {' or '.join(awaited.name)}" if awaited else "waits for no event"
        raise RequestRefused(RefusalCode.INVALID, f"Step {run.step_id(step)} {waits}, not for {event.name}")
    if step.state in SETTLED:
        return EventVerdict("late", step)
    if step.phase is not Phase.EVENT:
        return _keep_early(run, event, step)
    if event.key is not None and step.key is not None and event.key != step.key:
        raise RequestRefused(
            RefusalCode.INVALID, f"Step {run.step_id(step)} waits for {event.name} with key {step.key}, not {event.key}"
        )
    if not _match_holds(run, step, event):
        raise RequestRefused(
            RefusalCode.INVALID, f"Step {run.step_id(step)} waits for another {event.name}: its `match` is not met"
        )
    return EventVerdict("completed", step)


def _keep_early(run: OrderRun, event: ReceivedEvent, step: StepRun | None = None) -> EventVerdict:
    if not run.inbox.has_room_for(event.size):
        raise RequestRefused(
            RefusalCode.NOT_NOW, f"Too many early events are kept for order {run.plan.order.id} already"
        )
    return EventVerdict("kept", step)


def _no_waiter_message(run: OrderRun, event: ReceivedEvent, same_name_steps: list[StepRun]) -> str:
    order = run.plan.order.id
    if not same_name_steps:
        known = ", ".join(sorted(run.steps_by_event())) or "none"
        return f"No step of order {order} waits for event {event.name}; it knows these events: {known}"
    keys = sorted({step.key for step in same_name_steps if step.key is not None and step.state not in SETTLED})
    awaited = f"; awaited keys: {', '.join(keys[:10])}" if keys else ""
    return f"No step of order {order} waits for event {event.name} with key {event.key} and this content{awaited}"


def _waiting_steps(run: OrderRun, event: ReceivedEvent) -> Iterable[StepRun]:
    """In the order of the plan, those whose name and key are the event's."""
    positions = set(run.event_waiters.get((event.name, None), ()))
    if event.key is not None:
        positions.update(run.event_waiters.get((event.name, event.key), ()))
    return [run.steps[position] for position in sorted(positions)]


def accepts_event(run: OrderRun, step: StepRun, event: ReceivedEvent) -> bool:
    """Whether a waiting step takes this event."""
    if step.phase is not Phase.EVENT or event.name not in step.event_names:
        return False
    named = event.step is not None and event.step in (run.step_id(step), str(step.position + 1))
    if event.step is not None and not named:
        return False
    if step.key is not None and event.key != step.key and not (named and event.key is None):
        return False
    return _match_holds(run, step, event)


def _match_holds(run: OrderRun, step: StepRun, event: ReceivedEvent) -> bool:
    """A `match` that has no value for this payload was written for another one."""
    awaited = run.definition(step).definition.event
    if awaited is None or awaited.match is None:
        return True
    try:
        return StepScope(run, step, {"payload": event.payload, "event": event.name}).is_true(awaited.match)
    except StepExpressionError:
        return False


def apply_event(run: OrderRun, event: ReceivedEvent, verdict: EventVerdict) -> None:
    """Does what the verdict says. The step's boundary is the caller's."""
    if verdict.status == "duplicate":
        return
    run.inbox.mark_seen(event.event_id)
    if verdict.status == "kept":
        run.inbox.early_events.append(event)
    elif verdict.status == "completed" and verdict.step is not None:
        run.audit_log.record(run.now, f"event {event.name}", run.step_id(verdict.step))
        complete_with_event(run, verdict.step, event)


def complete_with_event(run: OrderRun, step: StepRun, event: ReceivedEvent) -> None:
    scope = StepScope(run, step, {"payload": event.payload, "event": event.name})
    failure = business_failure(run, step, scope)
    if failure is not None:
        handle_failure(run, step, failure)
    else:
        settle(run, step, StepState.COMPLETED, render_output(run, step, scope, event.payload))


def consume_early_event(run: OrderRun, step: StepRun) -> bool:
    """Completes a step that begins to wait by the first kept event that fits it, if there is one."""
    for event in run.inbox.early_events:
        if accepts_event(run, step, event):
            run.inbox.early_events.remove(event)
            run.audit_log.record(run.now, f"event {event.name}, kept since it came early", run.step_id(step))
            complete_with_event(run, step, event)
            return True
    return False


def match_early_events(run: OrderRun) -> list[tuple[StepRun, ReceivedEvent]]:
    """Kept events that fit exactly one waiting step by now; each step and event once."""
    run.inbox.needs_recheck = False
    found: dict[int, ReceivedEvent] = {}
    for event in run.inbox.early_events:
        fitting = [step for step in _waiting_steps(run, event) if accepts_event(run, step, event)]
        if len(fitting) == 1:
            found.setdefault(fitting[0].position, event)
    return [(run.steps[position], event) for position, event in found.items()]


def received_event(delivery: EventDelivery, now: float) -> ReceivedEvent:
    return ReceivedEvent(
        event_id=delivery.event_id,
        name=delivery.name,
        key=delivery.key,
        payload=delivery.payload,
        step=delivery.step,
        at=delivery.at.timestamp() if delivery.at else now,
        size=len(json.dumps(delivery.payload, default=str)) + 200,
    )
