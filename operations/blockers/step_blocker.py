"""What one step waits for, whose move it is, and what would move it, in words. Pure: it reads the step's view."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from workflows.contract.order_views import HoldView, OrderView, StepView, SystemHold
from workflows.contract.states import StepState

SETTLED_STEPS = {
    StepState.COMPLETED,
    StepState.SKIPPED,
    StepState.FAILED_ACCEPTED,
    StepState.DISCARDED,
    StepState.CANCELLED,
    StepState.AMENDED,
}


def moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S %Z").rstrip()


def is_open(step: StepView) -> bool:
    """It is not settled, or is being taken back."""
    return step.state not in SETTLED_STEPS or is_undone_now(step)


def is_undone_now(step: StepView) -> bool:
    return step.undo is not None and step.undo.state not in SETTLED_STEPS


def work_state(step: StepView) -> StepState:
    """Of its undo, where that is under way."""
    return StepState(step.undo.state) if step.undo is not None and is_undone_now(step) else step.state


@dataclass(frozen=True)
class Move:
    """What a step waits for, whose move it is, and what would move it; in words."""

    waits_for: str
    whose: str
    moved_by: str


def move_of(order: OrderView, step: StepView) -> Move:
    """Of a step that is open."""
    return _sayer(step)(order, step)


def _sayer(step: StepView) -> Sayer:
    if is_undone_now(step):
        return _undo
    if step.state is StepState.PENDING:
        return _other_order
    return BY_STATE.get(step.state, _waiting)


def since_of(step: StepView) -> datetime | None:
    if step.undo is not None and is_undone_now(step):
        return step.undo.error.at if step.undo.error else None
    if step.state is StepState.PENDING:
        return min((other.since for other in step.other_orders), default=None)
    return step.error.at if step.error and step.error.at else step.started_at


def _other_order(order: OrderView, step: StepView) -> Move:
    ahead = [other for other in step.other_orders if not other.done]
    named = " and ".join(f"step {other.step} of order {other.order_id}" for other in ahead)
    absent = [other.order_id for other in ahead if other.absent]
    ends = min((other.due for other in ahead if other.due), default=None)
    moved = f"order {', '.join(absent)} being submitted" if absent else "that step being done there"
    until = f"; it gives up at {moment(ends)}" if ends else ""
    free = f" (`proceed {order.order_id} {step.number}` lets it go on without){until}"
    return Move(f"waits for {named}", "the other order's" if not absent else "whoever submits orders'", moved + free)


def _undo(order: OrderView, step: StepView) -> Move:
    undo, state = step.undo, work_state(step)
    tries = _times(undo.attempts if undo else 0)
    error = f" ({undo.error.code}: {undo.error.message})" if undo and undo.error else ""
    if state is StepState.FATALLY_FAILED:
        return Move(
            f"is to be taken back, and its undo is in fallout after {tries}{error}",
            _whose(step),
            f"`retry {order.order_id} {step.number}` once the cause is mended, `complete` it where it was undone by "
            "hand, or `skip` it to leave things as they are",
        )
    if state is StepState.FAILED:
        again = f" at {moment(undo.next_attempt_at)}" if undo and undo.next_attempt_at else ""
        return Move(f"is to be taken back, and its undo failed {tries}{error}", "the engine's", f"again{again}")
    if state is StepState.ON_HOLD:
        return _on_hold(order, step)
    if undo is not None and undo.queue is not None:
        done = f"`complete {order.order_id} {step.number}` once it is undone"
        return Move(f"is taken back by {undo.waits_for or 'a person'}", _whose(step), done)
    return Move("is being taken back", "the called system's", "its answer; a call that fails is tried again by itself")


def _whose(step: StepView) -> str:
    """Who has it, its queue's people, or anybody."""
    queue = (step.undo.queue if step.undo and is_undone_now(step) else None) or step.queue
    return f"{step.holder}'s" if step.holder else f"{queue}'s" if queue else "a person's"


def _scheduled(_order: OrderView, step: StepView) -> Move:
    start = moment(step.due) if step.due else "its time"
    return Move(f"is scheduled for {start}", "the clock's", "it starts by itself")


def _ready(_order: OrderView, _step: StepView) -> Move:
    return Move("may start, and waits for capacity", "the worker's", "it starts as soon as its system has room")


def _failed(_order: OrderView, step: StepView) -> Move:
    again = f" at {moment(step.next_attempt_at)}" if step.next_attempt_at else ""
    return Move(f"failed {_times(step.attempts)}{_error(step)}", "the engine's", f"it is tried again by itself{again}")


def _fallout(order: OrderView, step: StepView) -> Move:
    return Move(
        f"is in fallout after {_times(step.attempts)}{_error(step)}",
        _whose(step),
        f"`retry {order.order_id} {step.number}` once the cause is mended, or `complete` it with data, or `skip` it",
    )


def _on_hold(order: OrderView, step: StepView) -> Move:
    if step.system_hold is not None:
        return _held_by(step.system_hold)
    holds = [hold for hold in order.held if _holds(hold, step)]
    if not holds:
        return Move("is on hold", "the operator's", step.waits_for or "it goes on when the hold is lifted")
    said = " and ".join(_held(hold) for hold in holds)
    lifted = " and ".join(f"`resume {order.order_id}{option_of(hold)}`" for hold in holds)
    return Move(f"is on hold: {said}", f"{holds[0].by}'s", f"{lifted} lets it go on")


def _held(hold: HoldView) -> str:
    return f"{hold.by} holds {hold.what}" + (f" ({hold.reason})" if hold.reason else "")


def _holds(hold: HoldView, step: StepView) -> bool:
    kind, _, name = hold.scope.partition(" ")
    return kind != "step" or name == step.id


def option_of(hold: HoldView) -> str:
    """What `resume` says beside the order's id."""
    kind, _, name = hold.scope.partition(" ")
    return "" if kind == "order" else f" --{kind} {name}"


def _held_by(hold: SystemHold) -> Move:
    since = f" since {moment(hold.since)}" if hold.since else ""
    why_ = f" ({hold.reason})" if hold.reason else ""
    if hold.off:
        who = f" by {hold.by}" if hold.by else ""
        switched = f"is on hold: system {hold.system} is switched off{who}{since}{why_}. It waits"
        return Move(switched, "the operator's", f"`system on {hold.system}`; no attempt is burnt meanwhile")
    probe = f", asked for at {moment(hold.next_probe_at)}" if hold.next_probe_at else ""
    failing = f"is on hold: system {hold.system} has failed repeatedly{since}{why_}. It waits"
    moved_by = f"its answer to the next probe{probe}; then calls go on by themselves, and none has burnt an attempt"
    return Move(failing, "the called system's", moved_by)


def _waiting(order: OrderView, step: StepView) -> Move:
    return BY_KIND.get(step.kind, _calling)(order, step)


def _event(order: OrderView, step: StepView) -> Move:
    until = f"; it gives up at {moment(step.due)}" if step.due else ""
    return Move(
        f"waits for {step.waits_for or 'its event'}",
        "another system's",
        f"the event coming in (by hand: `event {order.order_id} NAME --step {step.number}`){until}",
    )


def _timer(_order: OrderView, step: StepView) -> Move:
    if step.due:
        return Move(f"waits until {moment(step.due)}", "the clock's", "it goes on by itself")
    return Move(
        f"waits for {step.waits_for or 'its condition'}", "the order's", "`set` on the characteristics that it reads"
    )


def _person(order: OrderView, step: StepView) -> Move:
    return Move(
        f"waits for {step.waits_for or 'a person'}",
        _whose(step),
        f"`complete {order.order_id} {step.number}` with what the form asks for",
    )


def _calling(_order: OrderView, step: StepView) -> Move:
    if step.waits_for:
        return Move(f"waits for {step.waits_for}", "the called system's", "its answer")
    return Move("is running", "the called system's", "its answer; a call that fails is tried again by itself")


Sayer = Callable[[OrderView, StepView], Move]

BY_STATE: dict[StepState, Sayer] = {
    StepState.SCHEDULED: _scheduled,
    StepState.READY: _ready,
    StepState.FAILED: _failed,
    StepState.FATALLY_FAILED: _fallout,
    StepState.ON_HOLD: _on_hold,
}
BY_KIND: dict[str, Sayer] = {"event": _event, "wait": _timer, "manual": _person}


def _times(attempts: int) -> str:
    return "1 attempt" if attempts == 1 else f"{attempts} attempts"


def _error(step: StepView) -> str:
    return f" ({step.error.code}: {step.error.message})" if step.error else ""
