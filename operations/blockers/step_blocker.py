"""What one step waits for, whose move it is, and what would move it, in words. Pure: it reads the step's view."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from workflows.contract.order_views import HoldView, OrderView, StepView, SystemHoldView
from workflows.contract.states import StepState

SETTLED_STEP_STATES = {
    StepState.COMPLETED,
    StepState.SKIPPED,
    StepState.FAILED_ACCEPTED,
    StepState.DISCARDED,
    StepState.CANCELLED,
    StepState.AMENDED,
}


def format_time(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S %Z").rstrip()


def is_open(step: StepView) -> bool:
    """It is not settled, or is being taken back."""
    return step.state not in SETTLED_STEP_STATES or is_undo_in_progress(step)


def is_undo_in_progress(step: StepView) -> bool:
    return step.undo is not None and step.undo.state not in SETTLED_STEP_STATES


def effective_state(step: StepView) -> StepState:
    """Of its undo, where that is under way."""
    return StepState(step.undo.state) if step.undo is not None and is_undo_in_progress(step) else step.state


@dataclass(frozen=True)
class BlockerText:
    """What a step waits for, whose move it is, and what would move it; in words."""

    waits_for: str
    responsible: str
    unblocked_by: str


def blocker_text(order: OrderView, step: StepView) -> BlockerText:
    """Of a step that is open."""
    return _describer(step)(order, step)


def _describer(step: StepView) -> Describer:
    if is_undo_in_progress(step):
        return _undo_text
    if step.state is StepState.PENDING:
        return _cross_order_text
    return DESCRIBER_BY_STATE.get(step.state, _in_progress_text)


def blocked_since(step: StepView) -> datetime | None:
    if step.undo is not None and is_undo_in_progress(step):
        return step.undo.error.at if step.undo.error else None
    if step.state is StepState.PENDING:
        return min((other.since for other in step.other_orders), default=None)
    return step.error.at if step.error and step.error.at else step.started_at


def _cross_order_text(order: OrderView, step: StepView) -> BlockerText:
    ahead = [other for other in step.other_orders if not other.done]
    named = " and ".join(f"step {other.step} of order {other.order_id}" for other in ahead)
    absent = [other.order_id for other in ahead if other.absent]
    ends = min((other.due for other in ahead if other.due), default=None)
    moved = f"order {', '.join(absent)} being submitted" if absent else "that step being done there"
    until = f"; it gives up at {format_time(ends)}" if ends else ""
    free = f" (`proceed {order.order_id} {step.number}` lets it go on without){until}"
    return BlockerText(
        f"waits for {named}", "the other order's" if not absent else "whoever submits orders'", moved + free
    )


def _undo_text(order: OrderView, step: StepView) -> BlockerText:
    undo, state = step.undo, effective_state(step)
    tries = _attempts_phrase(undo.attempts if undo else 0)
    error = f" ({undo.error.code}: {undo.error.message})" if undo and undo.error else ""
    if state is StepState.FATALLY_FAILED:
        return BlockerText(
            f"is to be taken back, and its undo is in fallout after {tries}{error}",
            _responsible(step),
            f"`retry {order.order_id} {step.number}` once the cause is mended, `complete` it where it was undone by "
            "hand, or `skip` it to leave things as they are",
        )
    if state is StepState.FAILED:
        again = f" at {format_time(undo.next_attempt_at)}" if undo and undo.next_attempt_at else ""
        return BlockerText(f"is to be taken back, and its undo failed {tries}{error}", "the engine's", f"again{again}")
    if state is StepState.ON_HOLD:
        return _on_hold_text(order, step)
    if undo is not None and undo.queue is not None:
        done = f"`complete {order.order_id} {step.number}` once it is undone"
        return BlockerText(f"is taken back by {undo.waits_for or 'a person'}", _responsible(step), done)
    return BlockerText(
        "is being taken back", "the called system's", "its answer; a call that fails is tried again by itself"
    )


def _responsible(step: StepView) -> str:
    """Who has it, its queue's people, or anybody."""
    queue = (step.undo.queue if step.undo and is_undo_in_progress(step) else None) or step.queue
    return f"{step.holder}'s" if step.holder else f"{queue}'s" if queue else "a person's"


def _scheduled_text(_order: OrderView, step: StepView) -> BlockerText:
    start = format_time(step.due) if step.due else "its time"
    return BlockerText(f"is scheduled for {start}", "the clock's", "it starts by itself")


def _ready_text(_order: OrderView, _step: StepView) -> BlockerText:
    return BlockerText("may start, and waits for capacity", "the worker's", "it starts as soon as its system has room")


def _failed_text(_order: OrderView, step: StepView) -> BlockerText:
    again = f" at {format_time(step.next_attempt_at)}" if step.next_attempt_at else ""
    return BlockerText(
        f"failed {_attempts_phrase(step.attempts)}{_error_phrase(step)}",
        "the engine's",
        f"it is tried again by itself{again}",
    )


def _fallout_text(order: OrderView, step: StepView) -> BlockerText:
    return BlockerText(
        f"is in fallout after {_attempts_phrase(step.attempts)}{_error_phrase(step)}",
        _responsible(step),
        f"`retry {order.order_id} {step.number}` once the cause is mended, or `complete` it with data, or `skip` it",
    )


def _on_hold_text(order: OrderView, step: StepView) -> BlockerText:
    if step.system_hold is not None:
        return _system_hold_text(step.system_hold)
    holds = [hold for hold in order.held if _hold_applies(hold, step)]
    if not holds:
        return BlockerText("is on hold", "the operator's", step.waits_for or "it goes on when the hold is lifted")
    said = " and ".join(_hold_phrase(hold) for hold in holds)
    lifted = " and ".join(f"`resume {order.order_id}{resume_option(hold)}`" for hold in holds)
    return BlockerText(f"is on hold: {said}", f"{holds[0].by}'s", f"{lifted} lets it go on")


def _hold_phrase(hold: HoldView) -> str:
    return f"{hold.by} holds {hold.description}" + (f" ({hold.reason})" if hold.reason else "")


def _hold_applies(hold: HoldView, step: StepView) -> bool:
    kind, _, name = hold.scope.partition(" ")
    return kind != "step" or name == step.id


def resume_option(hold: HoldView) -> str:
    """What `resume` says beside the order's id."""
    kind, _, name = hold.scope.partition(" ")
    return "" if kind == "order" else f" --{kind} {name}"


def _system_hold_text(hold: SystemHoldView) -> BlockerText:
    since = f" since {format_time(hold.since)}" if hold.since else ""
    why_ = f" ({hold.reason})" if hold.reason else ""
    if hold.off:
        who = f" by {hold.by}" if hold.by else ""
        switched = f"is on hold: system {hold.system} is switched off{who}{since}{why_}. It waits"
        return BlockerText(switched, "the operator's", f"`system on {hold.system}`; no attempt is burnt meanwhile")
    probe = f", asked for at {format_time(hold.next_probe_at)}" if hold.next_probe_at else ""
    failing = f"is on hold: system {hold.system} has failed repeatedly{since}{why_}. It waits"
    moved_by = f"its answer to the next probe{probe}; then calls go on by themselves, and none has burnt an attempt"
    return BlockerText(failing, "the called system's", moved_by)


def _in_progress_text(order: OrderView, step: StepView) -> BlockerText:
    return DESCRIBER_BY_KIND.get(step.kind, _call_text)(order, step)


def _event_text(order: OrderView, step: StepView) -> BlockerText:
    until = f"; it gives up at {format_time(step.due)}" if step.due else ""
    return BlockerText(
        f"waits for {step.waits_for or 'its event'}",
        "another system's",
        f"the event coming in (by hand: `event {order.order_id} NAME --step {step.number}`){until}",
    )


def _timer_text(_order: OrderView, step: StepView) -> BlockerText:
    if step.due:
        return BlockerText(f"waits until {format_time(step.due)}", "the clock's", "it goes on by itself")
    return BlockerText(
        f"waits for {step.waits_for or 'its condition'}", "the order's", "`set` on the characteristics that it reads"
    )


def _manual_text(order: OrderView, step: StepView) -> BlockerText:
    return BlockerText(
        f"waits for {step.waits_for or 'a person'}",
        _responsible(step),
        f"`complete {order.order_id} {step.number}` with what the form asks for",
    )


def _call_text(_order: OrderView, step: StepView) -> BlockerText:
    if step.waits_for:
        return BlockerText(f"waits for {step.waits_for}", "the called system's", "its answer")
    return BlockerText("is running", "the called system's", "its answer; a call that fails is tried again by itself")


Describer = Callable[[OrderView, StepView], BlockerText]

DESCRIBER_BY_STATE: dict[StepState, Describer] = {
    StepState.SCHEDULED: _scheduled_text,
    StepState.READY: _ready_text,
    StepState.FAILED: _failed_text,
    StepState.FATALLY_FAILED: _fallout_text,
    StepState.ON_HOLD: _on_hold_text,
}
DESCRIBER_BY_KIND: dict[str, Describer] = {"event": _event_text, "wait": _timer_text, "manual": _manual_text}


def _attempts_phrase(attempts: int) -> str:
    return "1 attempt" if attempts == 1 else f"{attempts} attempts"


def _error_phrase(step: StepView) -> str:
    return f" ({step.error.code}: {step.error.message})" if step.error else ""
