"""The states of lines and of the order, rolled up from those of the steps (the rules stand in workflows/states.py)."""

from __future__ import annotations

from dataclasses import dataclass

from compiler.plan import Plan
from workflows.line_tree import from_the_bottom, lines_served
from workflows.progress import OrderRun
from workflows.states import (
    NOT_BEGUN,
    NOT_ENDED,
    Condition,
    OrderState,
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
    states = [_state_of_line(run, shares) for shares in found]
    return LineStates(states[:count], states[count:])


def _state_of_line(run: OrderRun, shares: set[Share]) -> OrderState:
    state = line_state(shares)
    if state not in NOT_ENDED:
        return state
    conditions = {Condition.BEGUN} if state is OrderState.IN_PROGRESS else set()
    if run.withdrawals.cancelled:
        conditions.add(Condition.CANCELLING)
    return running_state(conditions)


def shares_by_line(run: OrderRun) -> list[set[Share]]:
    """Of the steps that serve each line or a line below it, order lines first."""
    plan = run.plan
    found: list[set[Share]] = [set() for _ in range(len(plan.order_lines) + len(plan.lines))]
    for step in run.steps:
        share = share_of(step.state, step.withdrawal, undoing=step.undoing)
        for line in lines_served(plan, step.position):
            found[line].add(share)
    for line, sources in from_the_bottom(plan):
        for source in sources:
            found[source] |= found[line]
    return found


def state_of(run: OrderRun) -> OrderState:
    """Of the order. While it runs, its steps tell without going through the lines."""
    if not run.ended:
        return running_state(_conditions(run))
    lines = shares_by_line(run)[: len(run.plan.order_lines)]
    # a line for which there was nothing to do does not make the order one that was done in part
    return order_state([line_state(shares) for shares in lines if shares - {Share.NOTHING}])


def _conditions(run: OrderRun) -> set[Condition]:
    found: set[Condition] = set()
    if any(count and state not in NOT_BEGUN for state, count in run.counts.items()):
        found.add(Condition.BEGUN)
    if run.withdrawals.cancelled:
        found.add(Condition.CANCELLING)
    if run.withdrawals.stopping:
        found.add(Condition.STOPPING)
    return found


def products(plan: Plan) -> list[str]:
    """The commercial products, top level first, each once."""
    top = [line.product for line in plan.order_lines if not line.sources]
    return list(dict.fromkeys([*top, *(line.product for line in plan.order_lines)]))
