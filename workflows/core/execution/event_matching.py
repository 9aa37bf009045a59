"""Events: which step one completes, and what becomes of those that are early, late, ambiguous or have come before."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from workflows.contract.order_messages import EventDelivery, Refusal
from workflows.contract.states import SETTLED, StepState
from workflows.core.execution.failure_handling import failed
from workflows.core.state.event_inbox import KeptEvent
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.expression_scope import NoValue, Scope
from workflows.core.steps.outcome import business_failure, output_of
from workflows.core.steps.refusal import Refused, step_named
from workflows.core.steps.settlement import settle


@dataclass(frozen=True, slots=True)
class Verdict:
    status: Literal["completed", "kept", "duplicate", "late"]
    step: StepRun | None = None


def verdict_on(run: OrderRun, event: KeptEvent) -> Verdict:
    """What delivering `event` would do. Raises Refused: ambiguous, invalid, not_found, not_now."""
    if run.inbox.has_seen(event.event_id):
        return Verdict("duplicate")
    if event.step is not None:
        return _verdict_on_named(run, event, step_named(run, event.step))
    fitting = [step for step in _waiting(run, event) if fits(run, step, event)]
    if len(fitting) == 1:
        return Verdict("completed", fitting[0])
    if fitting:
        named = ", ".join(run.id_of(step) for step in fitting)
        raise Refused(Refusal.AMBIGUOUS, f"Event {event.name} fits several steps ({named}): name one of them")
    of_name = [run.steps[position] for position in run.event_steps().get(event.name, ())]
    if any(step.state not in SETTLED and step.phase is not Phase.EVENT for step in of_name):
        return _kept(run, event)
    late = [step for step in of_name if step.state in SETTLED]
    if late and len(late) == len(of_name):
        return Verdict("late", late[0] if len(late) == 1 else None)
    raise Refused(Refusal.NOT_FOUND, _nobody_waits(run, event, of_name))


def _verdict_on_named(run: OrderRun, event: KeptEvent, step: StepRun) -> Verdict:
    awaited = run.definition(step).definition.event
    if awaited is None or event.name not in awaited.name:
        waits = f"waits for {' or '.join(awaited.name)}" if awaited else "waits for no event"
        raise Refused(Refusal.INVALID, f"Step {run.id_of(step)} {waits}, not for {event.name}")
    if step.state in SETTLED:
        return Verdict("late", step)
    if step.phase is not Phase.EVENT:
        return _kept(run, event, step)
    if event.key is not None and step.key is not None and event.key != step.key:
        raise Refused(
            Refusal.INVALID, f"Step {run.id_of(step)} waits for {event.name} with key {step.key}, not {event.key}"
        )
    if not _matches(run, step, event):
        raise Refused(Refusal.INVALID, f"Step {run.id_of(step)} waits for another {event.name}: its `match` is not met")
    return Verdict("completed", step)


def _kept(run: OrderRun, event: KeptEvent, step: StepRun | None = None) -> Verdict:
    if not run.inbox.has_room_for(event.size):
        raise Refused(Refusal.NOT_NOW, f"Too many early events are kept for order {run.plan.order.id} already")
    return Verdict("kept", step)


def _nobody_waits(run: OrderRun, event: KeptEvent, of_name: list[StepRun]) -> str:
    order = run.plan.order.id
    if not of_name:
        known = ", ".join(sorted(run.event_steps())) or "none"
        return f"No step of order {order} waits for event {event.name}; it knows these events: {known}"
    keys = sorted({step.key for step in of_name if step.key is not None and step.state not in SETTLED})
    awaited = f"; awaited keys: {', '.join(keys[:10])}" if keys else ""
    return f"No step of order {order} waits for event {event.name} with key {event.key} and this content{awaited}"


def _waiting(run: OrderRun, event: KeptEvent) -> Iterable[StepRun]:
    """In the order of the plan, those whose name and key are the event's."""
    positions = set(run.waiting_events.get((event.name, None), ()))
    if event.key is not None:
        positions.update(run.waiting_events.get((event.name, event.key), ()))
    return [run.steps[position] for position in sorted(positions)]


def fits(run: OrderRun, step: StepRun, event: KeptEvent) -> bool:
    """Whether a waiting step takes this event."""
    if step.phase is not Phase.EVENT or event.name not in step.names:
        return False
    named = event.step is not None and event.step in (run.id_of(step), str(step.position + 1))
    if event.step is not None and not named:
        return False
    if step.key is not None and event.key != step.key and not (named and event.key is None):
        return False
    return _matches(run, step, event)


def _matches(run: OrderRun, step: StepRun, event: KeptEvent) -> bool:
    """A `match` that has no value for this payload was written for another one."""
    awaited = run.definition(step).definition.event
    if awaited is None or awaited.match is None:
        return True
    try:
        return Scope(run, step, {"payload": event.payload, "event": event.name}).holds(awaited.match)
    except NoValue:
        return False


def take_in(run: OrderRun, event: KeptEvent, verdict: Verdict) -> None:
    """Does what the verdict says. The step's boundary is the caller's."""
    if verdict.status == "duplicate":
        return
    run.inbox.remember(event.event_id)
    if verdict.status == "kept":
        run.inbox.kept.append(event)
    elif verdict.status == "completed" and verdict.step is not None:
        run.journal.note(run.now, f"event {event.name}", run.id_of(verdict.step))
        complete_by(run, verdict.step, event)


def complete_by(run: OrderRun, step: StepRun, event: KeptEvent) -> None:
    scope = Scope(run, step, {"payload": event.payload, "event": event.name})
    failure = business_failure(run, step, scope)
    if failure is not None:
        failed(run, step, failure)
    else:
        settle(run, step, StepState.COMPLETED, output_of(run, step, scope, event.payload))


def take_kept(run: OrderRun, step: StepRun) -> bool:
    """Completes a step that begins to wait by the first kept event that fits it, if there is one."""
    for event in run.inbox.kept:
        if fits(run, step, event):
            run.inbox.kept.remove(event)
            run.journal.note(run.now, f"event {event.name}, kept since it came early", run.id_of(step))
            complete_by(run, step, event)
            return True
    return False


def reconsider_kept(run: OrderRun) -> list[tuple[StepRun, KeptEvent]]:
    """Kept events that fit exactly one waiting step by now; each step and event once."""
    run.inbox.reconsider = False
    found: dict[int, KeptEvent] = {}
    for event in run.inbox.kept:
        fitting = [step for step in _waiting(run, event) if fits(run, step, event)]
        if len(fitting) == 1:
            found.setdefault(fitting[0].position, event)
    return [(run.steps[position], event) for position, event in found.items()]


def kept_event(delivery: EventDelivery, now: float) -> KeptEvent:
    return KeptEvent(
        event_id=delivery.event_id,
        name=delivery.name,
        key=delivery.key,
        payload=delivery.payload,
        step=delivery.step,
        at=delivery.at.timestamp() if delivery.at else now,
        size=len(json.dumps(delivery.payload, default=str)) + 200,
    )
