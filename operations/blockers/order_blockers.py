"""Why an order or a step has not ended: what it waits for, since when, whose move it is, and what unblocks it.

Pure: it reads an order's view and answers in sentences.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from compiler.graph import walk
from operations.actions.recover_order import recover_alternative
from operations.blockers.step_blocker import blocked_since, blocker_text, format_time, resume_action
from workflows.contract.order_messages import Alternative
from workflows.contract.order_views import HoldView, Interruption, OrderView, StepView
from workflows.contract.states import ENDED_ORDER_STATES, SETTLED, Jeopardy, OrderState, StepState
from workflows.contract.step_facts import effective_state, is_open, step_label

MAX_NAMED = 3
"""How many lines or steps a sentence names."""


@dataclass(frozen=True)
class Blocker:
    """One thing that the order waits for. `step` and `number` are None if no step waits for it."""

    step: str | None
    number: int | None
    waits_for: str
    since: datetime | None
    responsible: str
    unblocked_by: str
    blocked_step_count: int = 0
    """How many open steps come after this one, directly or indirectly."""
    other_order_details: tuple[str, ...] = ()
    """Sentences about what it waits for in other orders."""
    actions: tuple[Alternative, ...] = ()
    """What a person can do to unblock it."""

    @property
    def sentence(self) -> str:
        since = f" since {format_time(self.since)}" if self.since else ""
        verb = "step waits" if self.blocked_step_count == 1 else "steps wait"
        blocked = f" {self.blocked_step_count} later {verb} for it." if self.blocked_step_count else ""
        name = f"Step {self.number} ({self.step}) " if self.step else ""
        details = "".join(f" {detail.rstrip('.')}." for detail in self.other_order_details)
        return f"{name}{self.waits_for}{since}. It is {self.responsible} move: {self.unblocked_by}.{blocked}{details}"


def find_blockers(order: OrderView, steps: Sequence[StepView], step: StepView | None = None) -> list[Blocker]:
    """What the order (or `step`) waits for now. Fallout comes first, then what most steps wait for. Empty if it waits
    for nothing."""
    if order.interrupted is not None and (step is None or is_open(step)):
        return [_interruption_blocker(order, order.interrupted)]
    if order.state in ENDED_ORDER_STATES or (step is not None and not is_open(step)):
        return []
    if not steps:
        return [_no_worker_blocker(order)]
    blockers = _step_blockers(order, steps, step)
    return blockers if step is not None else [*_hold_blockers(order, steps), *blockers]


def _hold_blockers(order: OrderView, steps: Sequence[StepView]) -> list[Blocker]:
    """Holds of the whole order, and holds of a part if none of its steps shows the hold yet."""
    shown_by_step = any(step.system_hold is None and effective_state(step) is StepState.ON_HOLD for step in steps)
    return [
        Blocker(
            None,
            None,
            f"{_held_part(order, hold)} is held by {hold.by}" + (f" ({hold.reason})" if hold.reason else ""),
            hold.at,
            f"{hold.by}'s",
            "it starts new steps once it is resumed",
            actions=(resume_action(order, hold),),
        )
        for hold in order.held
        if hold.scope == "order" or not shown_by_step
    ]


def _held_part(order: OrderView, hold: HoldView) -> str:
    """`Order HS-1`, `Line 2 of order HS-1`."""
    part = "" if hold.scope == "order" else f"{hold.scope} of "
    text = f"{part}order {order.order_id}"
    return text[:1].upper() + text[1:]


def _step_blockers(order: OrderView, steps: Sequence[StepView], step: StepView | None) -> list[Blocker]:
    by_id = {each.id: each for each in steps}
    successors = _open_successors(steps)
    candidates = _open_predecessors(step, by_id) if step is not None else [each for each in steps if is_open(each)]
    blocking = [each for each in candidates if _is_blocked_itself(each)]
    blocking.sort(key=lambda each: each.number)
    blockers = [
        _step_blocker(order, each, sum(1 for _ in walk([each.id], successors.__getitem__)) - 1) for each in blocking
    ]
    fallout = {each.id for each in blocking if effective_state(each) is StepState.FATALLY_FAILED}
    return sorted(blockers, key=lambda blocker: (blocker.step not in fallout, -blocker.blocked_step_count))


def _is_blocked_itself(step: StepView) -> bool:
    """Whether the step waits for something other than the steps before it."""
    return effective_state(step) is not StepState.PENDING or any(not other.done for other in step.other_orders)


def _open_predecessors(step: StepView, by_id: Mapping[str, StepView]) -> list[StepView]:
    """`step` and every open step before it."""

    def open_before(step_id: str) -> list[str]:
        return [before for before in by_id[step_id].after if before in by_id and is_open(by_id[before])]

    return [by_id[step_id] for step_id in walk([step.id], open_before)]


def _open_successors(steps: Iterable[StepView]) -> Mapping[str, list[str]]:
    successors: dict[str, list[str]] = defaultdict(list)
    for step in steps:
        if is_open(step):
            for before in step.after:
                successors[before].append(step.id)
    return successors


def _step_blocker(order: OrderView, step: StepView, blocked_step_count: int) -> Blocker:
    text = blocker_text(order, step)
    return Blocker(
        step.id,
        step.number,
        text.waits_for,
        blocked_since(step),
        text.responsible,
        text.unblocked_by,
        blocked_step_count,
        actions=text.actions,
    )


def _interruption_blocker(order: OrderView, interruption: Interruption) -> Blocker:
    """The only blocker of an interrupted order. Nothing in it continues, whatever its steps waited for."""
    return Blocker(
        None,
        None,
        f"Order {order.order_id} {interruption.description}",
        interruption.at,
        "a person's",
        "it continues where it stopped once it is recovered",
        actions=(recover_alternative(order.order_id),),
    )


def _no_worker_blocker(order: OrderView) -> Blocker:
    if order.state is OrderState.ACKNOWLEDGED:
        waits_for = f"Order {order.order_id} waits for a worker to start it"
    else:
        waits_for = f"Order {order.order_id} waits for a worker; what its steps wait for is unknown until one answers"
    start = (Alternative(action="start_worker"),)
    return Blocker(None, None, waits_for, order.started_at, "the operator's", "start a worker", actions=start)


def lateness_sentence(order: OrderView, steps: Sequence[StepView]) -> str | None:
    """Says that the order is late or will be, and which step causes this. None if it is on track or has ended."""
    if order.state in ENDED_ORDER_STATES or order.jeopardy is Jeopardy.ON_TRACK or order.forecast is None:
        return None
    labels = {step.id: step_label(step) for step in steps}
    because = f", because of {labels.get(order.held_up_by, f'step {order.held_up_by}')}" if order.held_up_by else ""
    requested, forecast = order.requested_completion, format_time(order.forecast)
    if requested is not None and (order.jeopardy is Jeopardy.LATE or order.forecast > requested):
        will = "is late" if order.jeopardy is Jeopardy.LATE else "will be late"
        return (
            f"Order {order.order_id} {will}: {format_time(requested)} was requested, and it is expected to end at "
            f"{forecast}{because}."
        )
    start = f"Order {order.order_id} is {order.jeopardy.value.replace('_', ' ')}"
    late_lines = [line.id for line in order.order_lines if line.jeopardy is not Jeopardy.ON_TRACK]
    if late_lines:
        return f"{start}: line {', '.join(late_lines[:MAX_NAMED])} will not be complete as requested{because}."
    overdue = [step for step in steps if step.jeopardy is not Jeopardy.ON_TRACK and step.state not in SETTLED]
    named = ", ".join(map(step_label, overdue[:MAX_NAMED]))
    return f"{start}: {named} {'are' if len(overdue) > 1 else 'is'} at risk or late by its sla."


def ended_sentence(order: OrderView, step: StepView | None = None) -> str | None:
    """A sentence about a step or an order that has ended. None if it has not ended."""
    if step is not None and not is_open(step):
        at = f" at {format_time(step.ended_at)}" if step.ended_at else ""
        label = step_label(step)
        return f"{label[:1].upper()}{label[1:]} is {step.state}{at}; it waits for nothing."
    if order.state in ENDED_ORDER_STATES and order.interrupted is None:
        at = f" at {format_time(order.ended_at)}" if order.ended_at else ""
        if order.state is OrderState.REJECTED:
            return f"Order {order.order_id} was rejected when it was submitted{at}; it waits for nothing."
        return f"Order {order.order_id} ended {order.state}{at}; it waits for nothing."
    return None
