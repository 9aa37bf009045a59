"""The events that an order publishes (docs/notifications.md). They are numbered in the order in which they happened.

The order hands the events to its outbox, which delivers them. If no receiver wants events, there is no
`run.outgoing_events`, and the functions here do nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from activity_contract.notifications import NotificationBatch, NotificationEvent, NotificationFilter, NotificationOrder
from compiler.language.steps import StepKind
from workflows.contract.states import OrderState, StepState
from workflows.core.state import rollup
from workflows.core.state.audit_log import AuditEntry
from workflows.core.state.commands import PublishEvents
from workflows.core.state.line_state_tracker import LineStateTracker
from workflows.core.state.order_run import OrderRun
from workflows.core.state.outgoing_events import OutgoingEvents, RecordedEvent, StepTransition
from workflows.core.state.step_run import StepRun

MAX_BATCH_SIZE = 200
"""How many events the outbox gets at once. A payload has at most 2 MB."""
MAX_TEXT_LENGTH = 500
MAX_ITEMS = 20
CUSTOMER_FIELDS = ("id", "name", "tier")

AMENDMENT_TOLD_ONCE = "amendment-told-once"
REMOVED_LINES_TOLD = "removed-lines-told-as-cancelled"

FATALLY_FAILED = StepState.FATALLY_FAILED


def start_events(run: OrderRun, config: NotificationFilter | None, revision: int) -> None:
    """Record events from now on, if a receiver wants any. The first one is `order.accepted`."""
    if config is None or not config.events:
        return
    run.outgoing_events = OutgoingEvents(_order_header(run, revision), config, last_order_state=OrderState.ACKNOWLEDGED)
    _attach(run, run.outgoing_events)
    record_event(run, "order.accepted", state=OrderState.ACKNOWLEDGED.value)


def snapshot_events(buffer: OutgoingEvents) -> dict[str, Any]:
    """The events as JSON. Call this after emit_events."""
    return {
        "order": buffer.order.model_dump(exclude_defaults=True),
        "telling": buffer.notification_config.model_dump(),
        "number": buffer.last_number,
        "waiting": [event.model_dump() for event in buffer.pending],
        "farewell": buffer.end_published,
        "state": buffer.last_order_state,
    }


def restore_events(run: OrderRun, data: dict[str, Any]) -> None:
    """`data` comes from snapshot_events."""
    run.outgoing_events = buffer = OutgoingEvents(
        NotificationOrder(**data["order"]), NotificationFilter(**data["telling"])
    )
    buffer.last_number, buffer.end_published = data["number"], data["farewell"]
    buffer.pending = [NotificationEvent(**event) for event in data["waiting"]]
    buffer.last_order_state = None if data["state"] is None else OrderState(data["state"])
    _attach(run, buffer)


def _attach(run: OrderRun, buffer: OutgoingEvents) -> None:
    buffer.last_plan = run.plan
    run.audit_log.unsent = buffer.recorded
    if any(event_type.startswith("line.") for event_type in buffer.emitted_types):
        buffer.line_states = LineStateTracker(run.line_tree, run.steps, _removed_lines(run))


def _removed_lines(run: OrderRun) -> frozenset[int]:
    removed = rollup.removed_lines(run)
    return removed if removed and run.is_patched(REMOVED_LINES_TOLD) else frozenset()


def _order_header(run: OrderRun, revision: int) -> NotificationOrder:
    order = run.plan.order
    customer = {name: order.customer[name] for name in CUSTOMER_FIELDS if order.customer.get(name) is not None}
    return NotificationOrder(
        id=order.id,
        revision=revision,
        customer=customer,
        priority=order.priority,
        products=rollup.product_ids(run.plan, run.amendments.removed_lines),
    )


def order_amended(run: OrderRun, **data: Any) -> None:
    """The order has changed, and receivers may choose by its properties. The numbers of events go on as before."""
    if run.outgoing_events is not None:
        run.outgoing_events.order = _order_header(run, run.outgoing_events.order.revision)
        record_event(run, "order.amended", **data)


def record_event(run: OrderRun, event_type: str, step: StepRun | None = None, **data: Any) -> None:
    """Record an event that is no change of a state: an SLA that has passed, a forecast, an amendment.

    `event_type`: one of compiler.language.event_types. `data`: JSON; texts are cut at MAX_TEXT_LENGTH characters.
    """
    if run.outgoing_events is not None and event_type in run.outgoing_events.emitted_types:
        run.outgoing_events.recorded.append(
            RecordedEvent(event_type, run.now, None if step is None else step.position, data)
        )


def emit_events(run: OrderRun) -> None:
    """Turn what was recorded into events, and hand them to the outbox batch by batch. Call at the end of a turn."""
    buffer = run.outgoing_events
    if buffer is None:
        return
    recorded, buffer.recorded = buffer.recorded, []
    run.audit_log.unsent = buffer.recorded
    _emit_amendment(run, buffer, recorded)
    last_entry: AuditEntry | None = None
    for each in recorded:
        if isinstance(each, AuditEntry):
            last_entry = each
            _emit_action(run, buffer, each)
        elif isinstance(each, RecordedEvent):
            step = None if each.step is None else run.steps[each.step]
            _emit(buffer, each.type, each.at, {**(_step_data(run, step) if step else {}), **each.data})
        else:
            _emit_transition(run, buffer, each, last_entry)
    _emit_line_changes(run, buffer)
    _emit_order_state(run, buffer)
    _publish_batch(run, buffer)


def _emit_amendment(
    run: OrderRun, buffer: OutgoingEvents, recorded: list[StepTransition | RecordedEvent | AuditEntry]
) -> None:
    """The plan has changed since events were last emitted. `order_amended` has recorded the event."""
    if buffer.last_plan is run.plan:
        return
    buffer.last_plan = run.plan
    buffer.order = _order_header(run, buffer.order.revision)
    if buffer.line_states is not None:
        buffer.line_states = LineStateTracker(run.line_tree, run.steps, _removed_lines(run), buffer.line_states)
    if "order.amended" not in buffer.emitted_types or run.is_patched(AMENDMENT_TOLD_ONCE):
        return
    actions = [each for each in recorded if isinstance(each, AuditEntry) and each.by is not None]
    by = {"by": actions[-1].by, "reason": actions[-1].reason} if actions else {}
    _emit(buffer, "order.amended", run.now, by)


def _emit(buffer: OutgoingEvents, event_type: str, at: float, data: dict[str, Any]) -> None:
    if event_type not in buffer.emitted_types:
        return
    buffer.last_number += 1
    given = {name: _truncate(value) for name, value in data.items() if value is not None}
    id_ = event_id(buffer.order, buffer.last_number)
    buffer.pending.append(NotificationEvent(id=id_, number=buffer.last_number, type=event_type, at=at, data=given))


def event_id(order: NotificationOrder, number: int) -> str:
    return f"{order.id}/{number}" if order.revision == 1 else f"{order.id}/r{order.revision}/{number}"


def _truncate(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= MAX_TEXT_LENGTH else value[: MAX_TEXT_LENGTH - 1] + "…"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, list | tuple):
        return [_truncate(item) for item in value[:MAX_ITEMS]]
    return {name: _truncate(item) for name, item in value.items()} if isinstance(value, dict) else value


def _step_data(run: OrderRun, step: StepRun) -> dict[str, Any]:
    planned = run.plan.steps[step.position]
    definition = run.definition(step)
    lines = run.plan.step_lines(planned)
    return {
        "step": planned.id,
        "name": definition.name,
        "workstream": definition.workstream,
        "line": lines[0].id if lines else None,
        "product": lines[0].product if lines else None,
        "lines": [line.id for line in lines[:MAX_ITEMS]] if len(lines) > 1 else None,
    }


def _emit_action(run: OrderRun, buffer: OutgoingEvents, entry: AuditEntry) -> None:
    """Publishes a person's action. What the engine does has other events."""
    if entry.by is None:
        return
    position = run.position_by_id.get(entry.step) if entry.step else None
    about = {"step": entry.step} if position is None else _step_data(run, run.steps[position])
    event_type = "step.acted" if entry.step else "order.acted"
    _emit(buffer, event_type, entry.at, {**about, "act": entry.message, "by": entry.by, "reason": entry.reason})


def _emit_transition(
    run: OrderRun, buffer: OutgoingEvents, transition: StepTransition, last_entry: AuditEntry | None
) -> None:
    if buffer.line_states is not None:
        buffer.line_states.on_step_changed(run.steps[transition.step])
    types = _event_types(run, transition)
    if buffer.emitted_types.isdisjoint(types):
        return
    step = run.steps[transition.step]
    data = _step_data(run, step)
    data |= {"state_before": transition.before.value, "state": transition.after.value}
    failure = transition.failure
    data |= {"code": failure.code if failure else None, "message": failure.message if failure else None}
    data["undo"] = True if transition.undo else None
    if transition.after is FATALLY_FAILED:
        data["queue"] = step.queue  # set in the same turn, after the transition
    if transition.before is FATALLY_FAILED and last_entry is not None and last_entry.step == data["step"]:
        data |= {"act": last_entry.message, "by": last_entry.by, "reason": last_entry.reason}
    for event_type in types:
        _emit(buffer, event_type, transition.at, data)


def _event_types(run: OrderRun, transition: StepTransition) -> list[str]:
    types = ["step.resolved"] if transition.before is FATALLY_FAILED and transition.after is not FATALLY_FAILED else []
    if transition.undo:
        return [*types, "step.undo_failed"] if transition.after is FATALLY_FAILED else types
    is_retry = transition.before is StepState.FAILED and transition.after is StepState.IN_PROGRESS
    if not is_retry:
        types.append(f"step.{transition.after.value}")
    if transition.after is StepState.COMPLETED and run.profile(run.steps[transition.step]).kind is StepKind.MILESTONE:
        types.append("milestone.reached")
    return types


def _emit_line_changes(run: OrderRun, buffer: OutgoingEvents) -> None:
    if buffer.line_states is None:
        return
    for line, product, before, after in buffer.line_states.drain_changes():
        data = {"line": line, "product": product, "state_before": before.value, "state": after.value}
        _emit(buffer, f"line.{after.value}", run.now, data)


def _emit_order_state(run: OrderRun, buffer: OutgoingEvents) -> None:
    state, before = rollup.current_order_state(run), buffer.last_order_state
    if state is not before:
        buffer.last_order_state = state
        data = {"state_before": before.value if before else None, "state": state.value}
        _emit(buffer, f"order.{state.value}", run.now, data)


def _publish_batch(run: OrderRun, buffer: OutgoingEvents) -> None:
    """The last batch says that the order has ended. If an order never had an event, it publishes no batch."""
    if buffer.in_flight_count or (run.draining and not run.ended):
        return
    batch = buffer.pending[:MAX_BATCH_SIZE]
    last = run.ended and len(batch) == len(buffer.pending)
    if not batch and (not last or buffer.end_published or not buffer.last_number):
        return
    buffer.in_flight_count = len(batch)
    buffer.end_published = last
    activity_id = f"tell/{buffer.last_number}/{len(buffer.pending)}"
    run.commands.append(PublishEvents(activity_id, NotificationBatch(order=buffer.order, events=batch, ended=last)))


def batch_published(run: OrderRun, *, succeeded: bool) -> None:
    """The outbox has the batch, or the hand-over was interrupted and will be repeated."""
    buffer = run.outgoing_events
    if buffer is None:
        return
    if succeeded:
        del buffer.pending[: buffer.in_flight_count]
    else:
        buffer.end_published = False
    buffer.in_flight_count = 0


def rejected_order(order_id: str, summary: Mapping[str, Any]) -> NotificationOrder:
    """What receivers hear of a rejected order. `summary`: of its compilation."""
    return NotificationOrder(
        id=order_id,
        customer={"id": summary["customer_id"]} if summary.get("customer_id") else {},
        products=summary.get("products") or [],
    )


def rejection_batch(order: NotificationOrder, run_id: str, at: float, message: str) -> NotificationBatch:
    """The only event of a rejected order. Its id contains the run's id, because the order's id may be used again."""
    event = NotificationEvent(
        id=f"{order.id}/rejected/{run_id[:8]}",
        number=0,
        type="order.rejected",
        at=at,
        data={"state": OrderState.REJECTED.value, "message": _truncate(message)},
    )
    return NotificationBatch(order=order, events=[event], ended=True)


def is_receiver(run: OrderRun, target: str) -> bool:
    """Whether `target` is a receiver. If it is not, it is a queue. The configuration at the order's start decides."""
    return run.outgoing_events is not None and target in run.outgoing_events.notification_config.receivers


def escalate(run: OrderRun, step: StepRun, target: str, reason: str) -> None:
    """Report that a step is late. If `target` is a receiver, it gets the event whatever its filter says."""
    named = {"receiver": target} if is_receiver(run, target) else {"queue": target}
    record_event(run, "step.escalated", step, **named, reason=reason)
