"""The states of lines and of the order, rolled up from those of the steps."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from compiler.plan.plan import Plan
from workflows.contract.states import NOT_BEGUN, OrderState
from workflows.core.state.line_tree import from_the_bottom, lines_served
from workflows.core.state.order_run import OrderRun
from workflows.core.state.state_transitions import (
    NOT_ENDED,
    Condition,
    Share,
    line_state,
    order_state,
    running_state,
    share_of,
)


@dataclass(frozen=True, slots=True)
class LineStates:
    order_lines: list[OrderState]
    lines: list[OrderState]


def line_states(run: OrderRun) -> LineStates:
    """A line's steps are those that serve it; an order line's also those of all lines below it."""
    found = shares_by_line(run)
    count = len(run.plan.order_lines)
    states = [_state_of_line(run, line, shares) for line, shares in enumerate(found)]
    for line in _removed(run):
        if states[line] not in NOT_ENDED:
            states[line] = OrderState.CANCELLED
    return LineStates(states[:count], states[count:])


def _state_of_line(run: OrderRun, line: int, shares: set[Share]) -> OrderState:
    state = line_state(shares)
    if state not in NOT_ENDED:
        return state
    conditions = {Condition.BEGUN} if state is OrderState.IN_PROGRESS else set()
    if run.withdrawals.cancelled:
        conditions.add(Condition.CANCELLING)
    if run.holds.order or line in run.holds.lines:
        conditions.add(Condition.HELD)
    return running_state(conditions)


def shares_by_line(run: OrderRun) -> list[set[Share]]:
    """Of the steps that serve each line, order lines first; of an order line also of those for lines below it."""
    plan = run.plan
    found: list[set[Share]] = [set() for _ in range(len(plan.order_lines) + len(plan.lines))]
    for step in run.steps:
        share = share_of(step.state, step.withdrawal, undoing=step.undoing)
        for line in lines_served(plan, step.position):
            found[line].add(share)
    below = [set(shares) for shares in found]
    for line, sources in from_the_bottom(plan):
        for source in sources:
            below[source] |= below[line]
    count = len(plan.order_lines)
    return [*below[:count], *found[count:]]


def state_of(run: OrderRun) -> OrderState:
    """Of the order. While it runs, its steps tell without going through the lines."""
    if not run.ended:
        return running_state(_conditions(run))
    lines, removed = shares_by_line(run)[: len(run.plan.order_lines)], _removed(run)
    # a line for which there was nothing to do does not make the order one that was done in part
    return order_state(
        [line_state(shares) for at, shares in enumerate(lines) if shares - {Share.NOTHING} and at not in removed]
    )


def _removed(run: OrderRun) -> frozenset[int]:
    """Order lines that an amendment has taken out; they are no part of the order any more."""
    removed = run.revisions.removed_lines
    if not removed:
        return frozenset()
    return frozenset(at for at, line in enumerate(run.plan.order_lines) if line.id in removed)


def _conditions(run: OrderRun) -> set[Condition]:
    found: set[Condition] = set()
    if any(count and state not in NOT_BEGUN for state, count in run.counts.items()):
        found.add(Condition.BEGUN)
    if run.withdrawals.cancelled:
        found.add(Condition.CANCELLING)
    if run.holds.order:
        found.add(Condition.HELD)
    if run.withdrawals.stopping:
        found.add(Condition.STOPPING)
    return found


def products(plan: Plan, removed: Collection[str] = ()) -> list[str]:
    """The commercial products, top level first, each once; but for those of the order lines with these ids."""
    lines = [line for line in plan.order_lines if line.id not in removed]
    top = [line.product for line in lines if not line.sources]
    return list(dict.fromkeys([*top, *(line.product for line in lines)]))
