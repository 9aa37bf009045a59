"""Why an order or a step has not ended: what it waits for, since when, whose move it is, and what would move it.

Pure: it reads an order's view and says it in sentences.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from workflows.messages import OrderView, StepView, SystemHold
from workflows.states import Jeopardy, OrderState, StepState

MOST_NAMED = 3

ENDED_ORDERS = {
    OrderState.COMPLETED,
    OrderState.PARTIAL,
    OrderState.FAILED,
    OrderState.CANCELLED,
    OrderState.REJECTED,
}
SETTLED_STEPS = {
    StepState.COMPLETED,
    StepState.SKIPPED,
    StepState.FAILED_ACCEPTED,
    StepState.DISCARDED,
    StepState.CANCELLED,
    StepState.AMENDED,
}


@dataclass(frozen=True)
class Reason:
    """One thing that is waited for. `step` is None where it is the order itself."""

    step: str | None
    number: int | None
    waits_for: str
    since: datetime | None
    whose_move: str
    moved_by: str
    holds_up: int = 0
    """So many other open steps come after it, directly or not."""

    @property
    def sentence(self) -> str:
        since = f" since {moment(self.since)}" if self.since else ""
        held = (
            f" {self.holds_up} later {'step waits' if self.holds_up == 1 else 'steps wait'} for it."
            if self.holds_up
            else ""
        )
        name = f"Step {self.number} ({self.step}) " if self.step else ""
        return f"{name}{self.waits_for}{since}. It is {self.whose_move} move: {self.moved_by}.{held}"


def moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S %Z").rstrip()


def why(order: OrderView, steps: Sequence[StepView], step: StepView | None = None) -> list[Reason]:
    """What the order (or `step`) waits for now, fallout first, then what holds up most. Empty: it waits for nothing."""
    if order.state in ENDED_ORDERS or (step is not None and step.state in SETTLED_STEPS):
        return []
    if not steps:
        return [_unread(order)]
    by_id = {each.id: each for each in steps}
    ahead = (
        _open_ahead(step, by_id) if step is not None else [each for each in steps if each.state not in SETTLED_STEPS]
    )
    movable = [each for each in ahead if each.state is not StepState.PENDING]
    after = _followers(steps)
    reasons = [_reason(order, each, len(_open_after(each.id, after, by_id))) for each in movable]
    urgent = {each.id for each in movable if each.state is StepState.FATALLY_FAILED}
    return sorted(reasons, key=lambda reason: (reason.step not in urgent, -reason.holds_up, reason.number or 0))


def lateness(order: OrderView, steps: Sequence[StepView]) -> str | None:
    """That the order will be late, or is, and because of which step; None where it is on track or has ended."""
    if order.state in ENDED_ORDERS or order.jeopardy is Jeopardy.ON_TRACK or order.forecast is None:
        return None
    numbers = {step.id: step.number for step in steps}
    because = ""
    if order.held_up_by is not None:
        number = numbers.get(order.held_up_by)
        because = f", because of step {f'{number} ({order.held_up_by})' if number else order.held_up_by}"
    asked, forecast = order.requested_completion, moment(order.forecast)
    if asked is not None and (order.jeopardy is Jeopardy.LATE or order.forecast > asked):
        will = "is late" if order.jeopardy is Jeopardy.LATE else "will be late"
        return f"Order {order.order_id} {will}: {moment(asked)} was requested, and it ends at {forecast}{because}."
    late_lines = [line for line in order.order_lines if line.jeopardy is not Jeopardy.ON_TRACK]
    if late_lines:
        named = ", ".join(line.id for line in late_lines[:MOST_NAMED])
        return f"Order {order.order_id} is {_stands(order)}: line {named} will not be complete as requested{because}."
    overdue = [step for step in steps if step.jeopardy is not Jeopardy.ON_TRACK and step.state not in SETTLED_STEPS]
    named = ", ".join(f"step {step.number} ({step.id})" for step in overdue[:MOST_NAMED])
    many = "are" if len(overdue) > 1 else "is"
    return f"Order {order.order_id} is {_stands(order)}: {named} {many} at risk or late by its sla."


def _stands(order: OrderView) -> str:
    return order.jeopardy.value.replace("_", " ")


def ended_sentence(order: OrderView, step: StepView | None = None) -> str | None:
    """What to say where nothing is waited for any more."""
    if step is not None and step.state in SETTLED_STEPS:
        at = f" at {moment(step.ended_at)}" if step.ended_at else ""
        return f"Step {step.number} ({step.id}) is {step.state}{at}; it waits for nothing."
    if order.state in ENDED_ORDERS:
        at = f" at {moment(order.ended_at)}" if order.ended_at else ""
        return f"Order {order.order_id} ended {order.state}{at}; it waits for nothing."
    return None


def _unread(order: OrderView) -> Reason:
    return Reason(
        None,
        None,
        f"Order {order.order_id} waits for a worker"
        + (
            " to take it up"
            if order.state is OrderState.ACKNOWLEDGED
            else "; what its steps wait for cannot be told now"
        ),
        order.started_at,
        "the operator's",
        "start a worker with `python worker.py`",
    )


def _open_ahead(step: StepView, by_id: Mapping[str, StepView]) -> list[StepView]:
    """`step` and every open step before it."""
    found: dict[str, StepView] = {}
    ahead = [step]
    while ahead:
        each = ahead.pop()
        if each.id not in found and each.state not in SETTLED_STEPS:
            found[each.id] = each
            ahead += [by_id[before] for before in each.after if before in by_id]
    return list(found.values())


def _followers(steps: Iterable[StepView]) -> dict[str, list[str]]:
    followers: dict[str, list[str]] = {}
    for step in steps:
        for before in step.after:
            followers.setdefault(before, []).append(step.id)
    return followers


def _open_after(step_id: str, followers: Mapping[str, Sequence[str]], by_id: Mapping[str, StepView]) -> set[str]:
    found: set[str] = set()
    ahead = list(followers.get(step_id, ()))
    while ahead:
        each = ahead.pop()
        if each not in found and by_id[each].state not in SETTLED_STEPS:
            found.add(each)
            ahead += followers.get(each, ())
    return found


@dataclass(frozen=True)
class _Move:
    waits_for: str
    whose: str
    moved_by: str


def _reason(order: OrderView, step: StepView, holds_up: int) -> Reason:
    say = BY_STATE.get(step.state, _waiting)
    move = say(order, step)
    since = step.error.at if step.error and step.error.at else step.started_at
    return Reason(step.id, step.number, move.waits_for, since, move.whose, move.moved_by, holds_up)


def _scheduled(_order: OrderView, step: StepView) -> _Move:
    start = moment(step.due) if step.due else "its time"
    return _Move(f"is scheduled for {start}", "the clock's", "it starts by itself")


def _ready(_order: OrderView, _step: StepView) -> _Move:
    return _Move("may start, and waits for capacity", "the worker's", "it starts as soon as its system has room")


def _failed(_order: OrderView, step: StepView) -> _Move:
    again = f" at {moment(step.next_attempt_at)}" if step.next_attempt_at else ""
    return _Move(f"failed {_times(step.attempts)}{_error(step)}", "the engine's", f"it is tried again by itself{again}")


def _fallout(order: OrderView, step: StepView) -> _Move:
    return _Move(
        f"is in fallout after {_times(step.attempts)}{_error(step)}",
        "a person's",
        f"`retry {order.order_id} {step.number}` once the cause is mended, or `complete` it with data, or `skip` it",
    )


def _on_hold(_order: OrderView, step: StepView) -> _Move:
    if step.system_hold is not None:
        return _held_by(step.system_hold)
    return _Move("is on hold", "the operator's", step.waits_for or "it goes on when the hold is lifted")


def _held_by(hold: SystemHold) -> _Move:
    since = f" since {moment(hold.since)}" if hold.since else ""
    why_ = f" ({hold.reason})" if hold.reason else ""
    if hold.off:
        who = f" by {hold.by}" if hold.by else ""
        switched = f"is on hold: system {hold.system} is switched off{who}{since}{why_}. It waits"
        return _Move(switched, "the operator's", f"`system on {hold.system}`; no attempt is burnt meanwhile")
    probe = f", asked for at {moment(hold.next_probe_at)}" if hold.next_probe_at else ""
    failing = f"is on hold: system {hold.system} has failed repeatedly{since}{why_}. It waits"
    moved_by = f"its answer to the next probe{probe}; then calls go on by themselves, and none has burnt an attempt"
    return _Move(failing, "the called system's", moved_by)


def _waiting(order: OrderView, step: StepView) -> _Move:
    return BY_KIND.get(step.kind, _calling)(order, step)


def _event(order: OrderView, step: StepView) -> _Move:
    until = f"; it gives up at {moment(step.due)}" if step.due else ""
    return _Move(
        f"waits for {step.waits_for or 'its event'}",
        "another system's",
        f"the event coming in (by hand: `event {order.order_id} NAME --step {step.number}`){until}",
    )


def _timer(_order: OrderView, step: StepView) -> _Move:
    if step.due:
        return _Move(f"waits until {moment(step.due)}", "the clock's", "it goes on by itself")
    return _Move(
        f"waits for {step.waits_for or 'its condition'}", "the order's", "`set` on the characteristics that it reads"
    )


def _person(order: OrderView, step: StepView) -> _Move:
    whose = f"{step.queue}'s" if step.queue else "a person's"
    return _Move(
        f"waits for {step.waits_for or 'a person'}",
        whose,
        f"`complete {order.order_id} {step.number}` with what the form asks for",
    )


def _calling(_order: OrderView, step: StepView) -> _Move:
    if step.waits_for:
        return _Move(f"waits for {step.waits_for}", "the called system's", "its answer")
    return _Move("is running", "the called system's", "its answer; a call that fails is tried again by itself")


Sayer = Callable[[OrderView, StepView], _Move]

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
