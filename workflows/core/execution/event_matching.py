"""Events: which step an event completes, and what happens to one that is early, late, ambiguous or a duplicate."""

from __future__ import annotations

import json
from dataclasses import replace

from workflows.contract.order_messages import EventDelivery, RefusalCode
from workflows.contract.states import SETTLED, StepState
from workflows.core.events.event_inbox import ReceivedEvent
from workflows.core.execution.delivery_verdict import DeliveryVerdict
from workflows.core.execution.kinds.event import complete_with_event
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.event_acceptance import accepting_steps, choose_step, match_holds, misses_event, missing_steps
from workflows.core.steps.refusal import RequestRefused, find_step

LATE_EVENT = "late-event-completes-step-in-fallout"
"""Patch: a late event completes its step, as a late callback does. Before this patch, it was kept for a retry."""
KEPT_EVENT_GIVEN = "kept-event-given-to-named-step"
"""Patch: an event is kept, and is sent again with a step's name. It goes to that step, and is no mere duplicate."""


def evaluate_event(run: OrderRun, event: ReceivedEvent) -> DeliveryVerdict:
    """Works out what the event would do. Changes nothing.

    Raises RequestRefused (ambiguous, invalid, not_found, not_now).
    """
    if run.inbox.has_seen(event.event_id):
        return _evaluate_again(run, event)
    if event.step is not None:
        return _evaluate_for_step(run, event, find_step(run, event.step))
    accepting = accepting_steps(run, event) or _steps_for_late_event(run, event)
    chosen = choose_step(run, accepting)
    if chosen is not None:
        return DeliveryVerdict("completed", chosen)
    if accepting:
        steps = [run.step_id(step) for step in accepting]
        message = f"Event {event.name} fits several steps ({', '.join(steps)}): name one of them"
        raise RequestRefused(RefusalCode.AMBIGUOUS, message, "several_steps", steps=steps)
    of_name = [run.steps[position] for position in run.steps_by_event().get(event.name, ())]
    if any(step.state not in SETTLED and step.phase is not Phase.EVENT for step in of_name):
        return _keep_early(run, event)
    late = [step for step in of_name if step.state in SETTLED]
    if late and len(late) == len(of_name):
        return DeliveryVerdict("late", late[0] if len(late) == 1 else None)
    raise RequestRefused(RefusalCode.NOT_FOUND, _no_waiter_message(run, event, of_name), "event_not_expected")


def _evaluate_again(run: OrderRun, event: ReceivedEvent) -> DeliveryVerdict:
    """Gives a kept event to a step. The event fits several steps; when it was sent again, it named this one."""
    kept = run.inbox.kept(event.event_id)
    if kept is None or kept.step is not None or event.step is None or not run.is_patched(KEPT_EVENT_GIVEN):
        return DeliveryVerdict("duplicate")
    return replace(_evaluate_for_step(run, replace(kept, step=event.step), find_step(run, event.step)), kept=kept)


def _steps_for_late_event(run: OrderRun, event: ReceivedEvent) -> list[StepRun]:
    missing = missing_steps(run, event)
    return missing if missing and run.is_patched(LATE_EVENT) else []


def _evaluate_for_step(run: OrderRun, event: ReceivedEvent, step: StepRun) -> DeliveryVerdict:
    awaited = run.definition(step).definition.event
    if awaited is None or event.name not in awaited.name:
        waits = f"waits for {' or '.join(awaited.name)}" if awaited else "waits for no event"
        message = f"Step {run.step_id(step)} {waits}, not for {event.name}"
        raise RequestRefused(RefusalCode.INVALID, message, "event_not_expected")
    if step.state in SETTLED:
        return DeliveryVerdict("late", step)
    if step.phase is not Phase.EVENT and not (misses_event(step) and run.is_patched(LATE_EVENT)):
        return _keep_early(run, event, step)
    if event.key is not None and step.key is not None and event.key != step.key:
        message = f"Step {run.step_id(step)} waits for {event.name} with key {step.key}, not {event.key}"
        raise RequestRefused(RefusalCode.INVALID, message, "event_not_expected", key=step.key)
    if not match_holds(run, step, event):
        message = f"Step {run.step_id(step)} waits for another {event.name}: its `match` is not met"
        raise RequestRefused(RefusalCode.INVALID, message, "event_not_expected")
    return DeliveryVerdict("completed", step)


def _keep_early(run: OrderRun, event: ReceivedEvent, step: StepRun | None = None) -> DeliveryVerdict:
    if not run.inbox.has_room_for(event.size):
        message = f"Too many early events are already kept for order {run.plan.order.id}"
        raise RequestRefused(RefusalCode.NOT_NOW, message, "too_many_events")
    return DeliveryVerdict("kept", step)


def _no_waiter_message(run: OrderRun, event: ReceivedEvent, same_name_steps: list[StepRun]) -> str:
    order = run.plan.order.id
    if not same_name_steps:
        known = ", ".join(sorted(run.steps_by_event())) or "none"
        return f"No step of order {order} waits for event {event.name}; it knows these events: {known}"
    keys = sorted({step.key for step in same_name_steps if step.key is not None and step.state not in SETTLED})
    awaited = f"; awaited keys: {', '.join(keys[:10])}" if keys else ""
    return f"No step of order {order} waits for event {event.name} with key {event.key} and this content{awaited}"


def apply_event(run: OrderRun, event: ReceivedEvent, verdict: DeliveryVerdict) -> None:
    """Do what the verdict says. Raises StepExpressionError."""
    if verdict.status == "duplicate":
        return
    run.inbox.mark_seen(event.event_id)
    if verdict.kept is not None and verdict.status != "late":
        run.inbox.early_events.remove(verdict.kept)
        event = replace(verdict.kept, step=event.step)
    if verdict.status == "kept":
        run.inbox.early_events.append(event)
    elif verdict.status == "completed" and verdict.step is not None:
        late = "late " if verdict.step.state is StepState.FATALLY_FAILED else ""
        run.audit_log.record(run.now, f"{late}event {event.name}", run.step_id(verdict.step))
        complete_with_event(run, verdict.step, event)


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
