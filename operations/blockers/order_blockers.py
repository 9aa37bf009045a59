"""Why an order or a step has not ended: what it waits for, since when, whose move it is, and what would move it.

Pure: it reads an order's view and says it in sentences.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from operations.blockers.step_blocker import (
    SETTLED_STEP_STATES,
    blocked_since,
    blocker_text,
    effective_state,
    format_time,
    is_open,
    resume_option,
)
from workflows.contract.order_views import HoldView, OrderView, StepView
from workflows.contract.states import Jeopardy, OrderState, StepState

MAX_NAMED = 3

ENDED_ORDER_STATES = {
    OrderState.COMPLETED,
    OrderState.PARTIAL,
    OrderState.FAILED,
    OrderState.CANCELLED,
    OrderState.REJECTED,
}


@dataclass(frozen=True)
class Blocker:
    """One thing that is waited for. `step` is None where it is the order itself."""

    step: str | None
    number: int | None
    waits_for: str
    since: datetime | None
    responsible: str
    unblocked_by: str
    blocked_step_count: int = 0
    """So many other open steps come after it, directly or not."""
    other_order_details: tuple[str, ...] = ()
    """What is waited for in other orders, in sentences."""

    @property
    def sentence(self) -> str:
        since = f" since {format_time(self.since)}" if self.since else ""
        held = (
            f" {self.blocked_step_count} later {'step waits' if self.blocked_step_count == 1 else 'steps wait'} for it."
            if self.blocked_step_count
            else ""
        )
        name = f"Step {self.number} ({self.step}) " if self.step else ""
        beyond = "".join(f" {said.rstrip('.')}." for said in self.other_order_details)
        return f"{name}{self.waits_for}{since}. It is {self.responsible} move: {self.unblocked_by}.{held}{beyond}"


def find_blockers(order: OrderView, steps: Sequence[StepView], step: StepView | None = None) -> list[Blocker]:
    """What the order (or `step`) waits for now, fallout first, then what holds up most. Empty: it waits for nothing."""
    if order.state in ENDED_ORDER_STATES or (step is not None and not is_open(step)):
        return []
    if not steps:
        return [_no_worker_blocker(order)]
    of_steps = _step_blockers(order, steps, step)
    return of_steps if step is not None else [*_hold_blockers(order, steps), *of_steps]


def _hold_blockers(order: OrderView, steps: Sequence[StepView]) -> list[Blocker]:
    """Who holds the order as a whole, or a part of it of which no step has come to its turn yet, to tell of it."""
    told = any(step.system_hold is None and effective_state(step) is StepState.ON_HOLD for step in steps)
    return [
        Blocker(
            None,
            None,
            f"{_held_part(order, hold)} is held by {hold.by}" + (f" ({hold.reason})" if hold.reason else ""),
            hold.at,
            f"{hold.by}'s",
            f"`resume {order.order_id}{resume_option(hold)}` lets it start new steps",
        )
        for hold in order.held
        if hold.scope == "order" or not told
    ]


def _held_part(order: OrderView, hold: HoldView) -> str:
    """`Order HS-1`, `Line 2 of order HS-1`."""
    part = "" if hold.scope == "order" else f"{hold.scope} of "
    said = f"{part}order {order.order_id}"
    return said[:1].upper() + said[1:]


def _step_blockers(order: OrderView, steps: Sequence[StepView], step: StepView | None) -> list[Blocker]:
    by_id = {each.id: each for each in steps}
    ahead = _open_predecessors(step, by_id) if step is not None else [each for each in steps if is_open(each)]
    movable = [each for each in ahead if _is_blocked_itself(each)]
    after = _successors(steps)
    reasons = [_step_blocker(order, each, len(_open_successors(each.id, after, by_id))) for each in movable]
    urgent = {each.id for each in movable if effective_state(each) is StepState.FATALLY_FAILED}
    return sorted(
        reasons, key=lambda reason: (reason.step not in urgent, -reason.blocked_step_count, reason.number or 0)
    )


def _is_blocked_itself(step: StepView) -> bool:
    """It is its own, or another order's, move that counts; not only that of steps before it."""
    return effective_state(step) is not StepState.PENDING or any(not other.done for other in step.other_orders)


def lateness_sentence(order: OrderView, steps: Sequence[StepView]) -> str | None:
    """That the order will be late, or is, and because of which step; None where it is on track or has ended."""
    if order.state in ENDED_ORDER_STATES or order.jeopardy is Jeopardy.ON_TRACK or order.forecast is None:
        return None
    numbers = {step.id: step.number for step in steps}
    because = ""
    if order.held_up_by is not None:
        number = numbers.get(order.held_up_by)
        because = f", because of step {f'{number} ({order.held_up_by})' if number else order.held_up_by}"
    asked, forecast = order.requested_completion, format_time(order.forecast)
    if asked is not None and (order.jeopardy is Jeopardy.LATE or order.forecast > asked):
        will = "is late" if order.jeopardy is Jeopardy.LATE else "will be late"
        return f"Order {order.order_id} {will}: {format_time(asked)} was requested, and it ends at {forecast}{because}."
    late_lines = [line for line in order.order_lines if line.jeopardy is not Jeopardy.ON_TRACK]
    if late_lines:
        named = ", ".join(line.id for line in late_lines[:MAX_NAMED])
        return (
            f"Order {order.order_id} is {_jeopardy_text(order)}: line {named} will not be complete as "
            f"requested{because}."
        )
    overdue = [
        step for step in steps if step.jeopardy is not Jeopardy.ON_TRACK and step.state not in SETTLED_STEP_STATES
    ]
    named = ", ".join(f"step {step.number} ({step.id})" for step in overdue[:MAX_NAMED])
    many = "are" if len(overdue) > 1 else "is"
    return f"Order {order.order_id} is {_jeopardy_text(order)}: {named} {many} at risk or late by its sla."


def _jeopardy_text(order: OrderView) -> str:
    return order.jeopardy.value.replace("_", " ")


def ended_sentence(order: OrderView, step: StepView | None = None) -> str | None:
    """What to say where nothing is waited for any more."""
    if step is not None and not is_open(step):
        at = f" at {format_time(step.ended_at)}" if step.ended_at else ""
        return f"Step {step.number} ({step.id}) is {step.state}{at}; it waits for nothing."
    if order.state in ENDED_ORDER_STATES:
        at = f" at {format_time(order.ended_at)}" if order.ended_at else ""
        return f"Order {order.order_id} ended {order.state}{at}; it waits for nothing."
    return None


def _no_worker_blocker(order: OrderView) -> Blocker:
    return Blocker(
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


def _open_predecessors(step: StepView, by_id: Mapping[str, StepView]) -> list[StepView]:
    """`step` and every open step before it."""
    found: dict[str, StepView] = {}
    ahead = [step]
    while ahead:
        each = ahead.pop()
        if each.id not in found and is_open(each):
            found[each.id] = each
            ahead += [by_id[before] for before in each.after if before in by_id]
    return list(found.values())


def _successors(steps: Iterable[StepView]) -> dict[str, list[str]]:
    followers: dict[str, list[str]] = {}
    for step in steps:
        for before in step.after:
            followers.setdefault(before, []).append(step.id)
    return followers


def _open_successors(step_id: str, successors: Mapping[str, Sequence[str]], by_id: Mapping[str, StepView]) -> set[str]:
    found: set[str] = set()
    ahead = list(successors.get(step_id, ()))
    while ahead:
        each = ahead.pop()
        if each not in found and is_open(by_id[each]):
            found.add(each)
            ahead += successors.get(each, ())
    return found


def _step_blocker(order: OrderView, step: StepView, holds_up: int) -> Blocker:
    move = blocker_text(order, step)
    since = blocked_since(step)
    return Blocker(step.id, step.number, move.waits_for, since, move.responsible, move.unblocked_by, holds_up)
