"""What one step waits for, whose move it is, and what unblocks it, in words. Pure: it reads only the step's view."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from workflows.contract.order_messages import Alternative
from workflows.contract.order_views import ErrorView, HoldView, KeptEventView, OrderView, StepView, SystemHoldView
from workflows.contract.states import RELIED_ON_FAILED, StepState
from workflows.contract.step_facts import effective_state, is_undo_under_way, time_limit

MAX_KEPT_NAMED = 3
"""How many kept events are offered to a step."""
RETRIES_ITSELF = "it goes on once the system answers; a failed call is tried again by itself"


def format_time(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S %Z").rstrip()


@dataclass(frozen=True)
class BlockerText:
    """`waits_for` continues "Step 3 …", `responsible` fits "It is … move", `unblocked_by` follows a colon and is
    a clause with a verb: "it starts by itself", "complete it with data"."""

    waits_for: str
    responsible: str
    unblocked_by: str
    actions: tuple[Alternative, ...] = ()
    """What a person can do to unblock it."""


def blocker_text(order: OrderView, step: StepView) -> BlockerText:
    """`step` must be open."""
    if is_undo_under_way(step):
        return _undo_text(order, step)
    if step.state is StepState.PENDING:
        return _cross_order_text(order, step)
    return TEXT_BY_STATE.get(step.state, _in_progress_text)(order, step)


def blocked_since(step: StepView) -> datetime | None:
    if step.undo is not None and is_undo_under_way(step):
        return step.undo.error.at if step.undo.error else None
    if step.state is StepState.PENDING:
        return min((other.since for other in step.other_orders), default=None)
    return step.error.at if step.error and step.error.at else step.started_at


def _cross_order_text(order: OrderView, step: StepView) -> BlockerText:
    open_waits = [other for other in step.other_orders if not other.done]
    named = " and ".join(f"step {other.step} of order {other.order_id}" for other in open_waits)
    absent = [other.order_id for other in open_waits if other.absent]
    gives_up = min((other.due for other in open_waits if other.due), default=None)
    unblocked_by = "it goes on once " + (f"{_orders_phrase(absent)} submitted" if absent else "that step is done there")
    until = f"; it gives up at {format_time(gives_up)}" if gives_up else ""
    responsible = "whoever submits orders'" if absent else "the other order's"
    proceed = _step_action(order, step, "proceed", "continues without waiting")
    return BlockerText(f"waits for {named}", responsible, unblocked_by + until, (proceed,))


def _orders_phrase(order_ids: Sequence[str]) -> str:
    return f"order {order_ids[0]} is" if len(order_ids) == 1 else f"orders {', '.join(order_ids)} are"


def _undo_text(order: OrderView, step: StepView) -> BlockerText:
    undo, state = step.undo, effective_state(step)
    if undo is None or state is StepState.ON_HOLD:
        return _on_hold_text(order, step)
    failure = f"{_attempts_phrase(undo.attempts)}{_error_phrase(undo.error)}"
    if state is StepState.FATALLY_FAILED:
        return BlockerText(
            f"must be undone, but its undo is in fallout after {failure}",
            _responsible(step),
            "retry the undo once the cause is fixed, undo it by hand, or leave things as they are",
            (
                _step_action(order, step, "retry", "tries the undo again"),
                _step_action(order, step, "complete", "if it was undone by hand"),
                _step_action(order, step, "skip", "leaves things as they are"),
            ),
        )
    if state is StepState.FAILED:
        next_attempt = f" at {format_time(undo.next_attempt_at)}" if undo.next_attempt_at else ""
        return BlockerText(
            f"must be undone, but its undo failed {failure}",
            "the engine's",
            f"it is tried again by itself{next_attempt}",
        )
    if undo.queue is not None:
        return BlockerText(
            f"is being undone by {undo.waits_for or 'a person'}",
            _responsible(step),
            "complete it once it is undone" + _limit_phrase(undo.due),
            (_step_action(order, step, "complete"),),
        )
    return BlockerText("is being undone", "the called system's", RETRIES_ITSELF + _limit_phrase(undo.due))


def _responsible(step: StepView) -> str:
    """Who can act: the step's holder, the people of its queue, or anybody."""
    queue = (step.undo.queue if step.undo and is_undo_under_way(step) else None) or step.queue
    return f"{step.holder}'s" if step.holder else f"{queue}'s" if queue else "a person's"


def _scheduled_text(_order: OrderView, step: StepView) -> BlockerText:
    start = format_time(step.due) if step.due else "its time"
    return BlockerText(f"is scheduled for {start}", "the clock's", "it starts by itself")


def _ready_text(_order: OrderView, _step: StepView) -> BlockerText:
    return BlockerText("may start, and waits for capacity", "the worker's", "it starts as soon as its system has room")


def _failed_text(_order: OrderView, step: StepView) -> BlockerText:
    next_attempt = f" at {format_time(step.next_attempt_at)}" if step.next_attempt_at else ""
    return BlockerText(
        f"failed {_attempts_phrase(step.attempts)}{_error_phrase(step.error)}",
        "the engine's",
        f"it is tried again by itself{next_attempt}",
    )


def _fallout_text(order: OrderView, step: StepView) -> BlockerText:
    if step.error is not None and step.error.code == RELIED_ON_FAILED:
        return _parked_text(order, step, step.error.message)
    late = "; its event still completes it, should it come" if step.kind == "event" and step.started_at else ""
    return BlockerText(
        f"is in fallout after {_attempts_phrase(step.attempts)}{_error_phrase(step.error)}",
        _responsible(step),
        f"retry it once the cause is fixed, complete it with data, or skip it{late}",
        (
            _step_action(order, step, "retry"),
            _step_action(order, step, "complete", required=["data"]),
            _step_action(order, step, "skip"),
        ),
    )


def _parked_text(order: OrderView, step: StepView, message: str) -> BlockerText:
    return BlockerText(
        f"does not start: {message}",
        _responsible(step),
        "let its line continue anyway, roll its line back, or amend what the line relies on",
        (
            _step_action(order, step, "proceed", "continues anyway"),
            _step_action(order, step, "skip"),
        ),
    )


def _on_hold_text(order: OrderView, step: StepView) -> BlockerText:
    if step.system_hold is not None:
        return _system_hold_text(step.system_hold)
    holds = [hold for hold in order.held if _hold_applies(hold, step)]
    if not holds:
        return BlockerText("is on hold", "the operator's", step.waits_for or "it goes on when the hold is lifted")
    reasons = " and ".join(_hold_phrase(hold) for hold in holds)
    actions = tuple(resume_action(order, hold) for hold in holds)
    return BlockerText(f"is on hold: {reasons}", f"{holds[0].by}'s", "it continues once it is resumed", actions)


def _hold_phrase(hold: HoldView) -> str:
    return f"{hold.by} holds {hold.description}" + (f" ({hold.reason})" if hold.reason else "")


def _hold_applies(hold: HoldView, step: StepView) -> bool:
    kind, _, name = hold.scope.partition(" ")
    return kind != "step" or name == step.id


def resume_action(order: OrderView, hold: HoldView) -> Alternative:
    kind, _, name = hold.scope.partition(" ")
    part = {} if kind == "order" else {kind: name}
    return Alternative(action="resume", parameters={"order_id": order.order_id} | part)


def _step_action(
    order: OrderView, step: StepView, action: str, effect: str = "", required: Sequence[str] = ()
) -> Alternative:
    parameters = {"order_id": order.order_id, "step": step.number}
    return Alternative(action=action, parameters=parameters, required=list(required), effect=effect)


def _system_hold_text(hold: SystemHoldView) -> BlockerText:
    since = f" since {format_time(hold.since)}" if hold.since else ""
    reason = f" ({hold.reason})" if hold.reason else ""
    if hold.off:
        by = f" by {hold.by}" if hold.by else ""
        return BlockerText(
            f"is on hold: system {hold.system} is switched off{by}{since}{reason}. It waits",
            "the operator's",
            "switch the system on; waiting uses no attempt",
            (Alternative(action="switch_on", parameters={"system": hold.system}),),
        )
    probe = f" at {format_time(hold.next_probe_at)}" if hold.next_probe_at else ""
    return BlockerText(
        f"is on hold: system {hold.system} has failed repeatedly{since}{reason}. It waits",
        "the called system's",
        f"calls go on by themselves once it answers the next probe{probe}; waiting uses no attempt",
    )


def _in_progress_text(order: OrderView, step: StepView) -> BlockerText:
    return TEXT_BY_KIND.get(step.kind, _call_text)(order, step)


def _event_text(order: OrderView, step: StepView) -> BlockerText:
    limit = _limit_phrase(step.due)
    by_hand = _step_action(order, step, "event", "delivers it by hand", ["name"])
    waits_for = f"waits for {step.waits_for or 'its event'}"
    shared = [event for event in order.kept_events if event.reason == "several_steps" and step.id in event.steps]
    if not shared:
        return BlockerText(waits_for, "another system's", f"it goes on once the event arrives{limit}", (by_hand,))
    others = ", ".join(other for other in shared[0].steps if other != step.id)
    given = tuple(_give_event(order, step, event) for event in shared[:MAX_KEPT_NAMED])
    return BlockerText(
        f"{waits_for}, and one is kept that fits {others}, too",
        "a person's",
        f"give the event to one of these steps{limit}",
        (*given, by_hand),
    )


def _give_event(order: OrderView, step: StepView, event: KeptEventView) -> Alternative:
    parameters = {"order_id": order.order_id, "name": event.name, "step": step.number, "event_id": event.event_id}
    return Alternative(action="event", parameters=parameters, effect="gives the kept event to this step")


def _wait_text(order: OrderView, step: StepView) -> BlockerText:
    if step.due and time_limit(step) is None:
        return BlockerText(f"waits until {format_time(step.due)}", "the clock's", "it goes on by itself")
    change = Alternative(action="set", parameters={"order_id": order.order_id}, required=["characteristics"])
    return BlockerText(
        f"waits for {step.waits_for or 'its condition'}",
        "the order's",
        "it goes on once what it reads has changed" + _limit_phrase(step.due),
        (change,),
    )


def _manual_text(order: OrderView, step: StepView) -> BlockerText:
    return BlockerText(
        f"waits for {step.waits_for or 'a person'}",
        _responsible(step),
        "complete it with what the form asks for",
        (_step_action(order, step, "complete", required=["data"]),),
    )


def _call_text(_order: OrderView, step: StepView) -> BlockerText:
    if step.waits_for:
        answered = "it goes on once the system answers" + _limit_phrase(step.due)
        return BlockerText(f"waits for {step.waits_for}", "the called system's", answered)
    return BlockerText("is running", "the called system's", RETRIES_ITSELF)


TextBuilder = Callable[[OrderView, StepView], BlockerText]

TEXT_BY_STATE: dict[StepState, TextBuilder] = {
    StepState.SCHEDULED: _scheduled_text,
    StepState.READY: _ready_text,
    StepState.FAILED: _failed_text,
    StepState.FATALLY_FAILED: _fallout_text,
    StepState.ON_HOLD: _on_hold_text,
}
TEXT_BY_KIND: dict[str, TextBuilder] = {"event": _event_text, "wait": _wait_text, "manual": _manual_text}


def _limit_phrase(due: datetime | None) -> str:
    """A phrase about the time limit of a step or an undo with `within`. Empty if there is none."""
    return f"; it fails with `timeout` at {format_time(due)} if that does not come first" if due else ""


def _attempts_phrase(attempts: int) -> str:
    return "1 attempt" if attempts == 1 else f"{attempts} attempts"


def _error_phrase(error: ErrorView | None) -> str:
    return f" ({error.code}: {error.message})" if error else ""
