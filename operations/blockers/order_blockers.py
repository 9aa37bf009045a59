"""Why an order or a step has not ended: what it waits for, since when, whose move it is, and what would move it.

Pure: it reads an order's view and says it in sentences.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from operations.blockers.step_blocker import SETTLED_STEPS, is_open, moment, move_of, option_of, since_of, work_state
from workflows.contract.order_views import HoldView, OrderView, StepView
from workflows.contract.states import Jeopardy, OrderState, StepState

MOST_NAMED = 3

ENDED_ORDERS = {
    OrderState.COMPLETED,
    OrderState.PARTIAL,
    OrderState.FAILED,
    OrderState.CANCELLED,
    OrderState.REJECTED,
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
    beyond: tuple[str, ...] = ()
    """What is waited for in other orders, in sentences."""

    @property
    def sentence(self) -> str:
        since = f" since {moment(self.since)}" if self.since else ""
        held = (
            f" {self.holds_up} later {'step waits' if self.holds_up == 1 else 'steps wait'} for it."
            if self.holds_up
            else ""
        )
        name = f"Step {self.number} ({self.step}) " if self.step else ""
        beyond = "".join(f" {said.rstrip('.')}." for said in self.beyond)
        return f"{name}{self.waits_for}{since}. It is {self.whose_move} move: {self.moved_by}.{held}{beyond}"


def why(order: OrderView, steps: Sequence[StepView], step: StepView | None = None) -> list[Reason]:
    """What the order (or `step`) waits for now, fallout first, then what holds up most. Empty: it waits for nothing."""
    if order.state in ENDED_ORDERS or (step is not None and not is_open(step)):
        return []
    if not steps:
        return [_unread(order)]
    of_steps = _of_steps(order, steps, step)
    return of_steps if step is not None else [*_holds(order, steps), *of_steps]


def _holds(order: OrderView, steps: Sequence[StepView]) -> list[Reason]:
    """Who holds the order as a whole, or a part of it of which no step has come to its turn yet, to tell of it."""
    told = any(step.system_hold is None and work_state(step) is StepState.ON_HOLD for step in steps)
    return [
        Reason(
            None,
            None,
            f"{_held(order, hold)} is held by {hold.by}" + (f" ({hold.reason})" if hold.reason else ""),
            hold.at,
            f"{hold.by}'s",
            f"`resume {order.order_id}{option_of(hold)}` lets it start new steps",
        )
        for hold in order.held
        if hold.scope == "order" or not told
    ]


def _held(order: OrderView, hold: HoldView) -> str:
    """`Order HS-1`, `Line 2 of order HS-1`."""
    part = "" if hold.scope == "order" else f"{hold.scope} of "
    said = f"{part}order {order.order_id}"
    return said[:1].upper() + said[1:]


def _of_steps(order: OrderView, steps: Sequence[StepView], step: StepView | None) -> list[Reason]:
    by_id = {each.id: each for each in steps}
    ahead = _open_ahead(step, by_id) if step is not None else [each for each in steps if is_open(each)]
    movable = [each for each in ahead if _can_be_told(each)]
    after = _followers(steps)
    reasons = [_reason(order, each, len(_open_after(each.id, after, by_id))) for each in movable]
    urgent = {each.id for each in movable if work_state(each) is StepState.FATALLY_FAILED}
    return sorted(reasons, key=lambda reason: (reason.step not in urgent, -reason.holds_up, reason.number or 0))


def _can_be_told(step: StepView) -> bool:
    """It is its own, or another order's, move that counts; not only that of steps before it."""
    return work_state(step) is not StepState.PENDING or any(not other.done for other in step.other_orders)


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
    if step is not None and not is_open(step):
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
        if each.id not in found and is_open(each):
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
        if each not in found and is_open(by_id[each]):
            found.add(each)
            ahead += followers.get(each, ())
    return found


def _reason(order: OrderView, step: StepView, holds_up: int) -> Reason:
    move = move_of(order, step)
    since = since_of(step)
    return Reason(step.id, step.number, move.waits_for, since, move.whose, move.moved_by, holds_up)
