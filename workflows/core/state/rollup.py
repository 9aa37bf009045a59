"""The states of lines and of the order, rolled up from those of the steps."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from compiler.plan.plan import Plan
from workflows.contract.states import NOT_BEGUN, OrderState
from workflows.core.state.line_tree import bottom_up, lines_served
from workflows.core.state.order_run import OrderRun
from workflows.core.state.state_transitions import (
    OPEN_ORDER_STATES,
    OrderFlag,
    StepContribution,
    line_state,
    order_state,
    running_state,
    step_contribution,
)


@dataclass(frozen=True, slots=True)
class LineStates:
    order_lines: list[OrderState]
    lines: list[OrderState]


def line_states(run: OrderRun) -> LineStates:
    """A line's steps are those that serve it; an order line's also those of all lines below it."""
    found = contributions_by_line(run)
    count = len(run.plan.order_lines)
    states = [_open_line_state(run, line, shares) for line, shares in enumerate(found)]
    for line in _removed_positions(run):
        if states[line] not in OPEN_ORDER_STATES:
            states[line] = OrderState.CANCELLED
    return LineStates(states[:count], states[count:])


def _open_line_state(run: OrderRun, line: int, contributions: set[StepContribution]) -> OrderState:
    state = line_state(contributions)
    if state not in OPEN_ORDER_STATES:
        return state
    conditions = {OrderFlag.STARTED} if state is OrderState.IN_PROGRESS else set()
    if run.compensation.order_cancelled:
        conditions.add(OrderFlag.CANCELLING)
    if run.holds.is_order_held or line in run.holds.held_lines:
        conditions.add(OrderFlag.HELD)
    return running_state(conditions)


def contributions_by_line(run: OrderRun) -> list[set[StepContribution]]:
    """Of the steps that serve each line, order lines first; of an order line also of those for lines below it."""
    plan = run.plan
    found: list[set[StepContribution]] = [set() for _ in range(len(plan.order_lines) + len(plan.fulfilment_lines))]
    for step in run.steps:
        share = step_contribution(step.state, step.undo_reason, undoing=step.undoing)
        for line in lines_served(plan, step.position):
            found[line].add(share)
    below = [set(shares) for shares in found]
    for line, sources in bottom_up(plan):
        for source in sources:
            below[source] |= below[line]
    count = len(plan.order_lines)
    return [*below[:count], *found[count:]]


def current_order_state(run: OrderRun) -> OrderState:
    """Of the order. While it runs, its steps tell without going through the lines."""
    if not run.ended:
        return running_state(_order_flags(run))
    lines, removed = contributions_by_line(run)[: len(run.plan.order_lines)], _removed_positions(run)
    # a line for which there was nothing to do does not make the order one that was done in part
    return order_state(
        [
            line_state(shares)
            for at, shares in enumerate(lines)
            if shares - {StepContribution.NOT_NEEDED} and at not in removed
        ]
    )


def _removed_positions(run: OrderRun) -> frozenset[int]:
    """Order lines that an amendment has taken out; they are no part of the order any more."""
    removed = run.amendments.removed_lines
    if not removed:
        return frozenset()
    return frozenset(at for at, line in enumerate(run.plan.order_lines) if line.id in removed)


def _order_flags(run: OrderRun) -> set[OrderFlag]:
    found: set[OrderFlag] = set()
    if any(count and state not in NOT_BEGUN for state, count in run.state_counts.items()):
        found.add(OrderFlag.STARTED)
    if run.compensation.order_cancelled:
        found.add(OrderFlag.CANCELLING)
    if run.holds.is_order_held:
        found.add(OrderFlag.HELD)
    if run.compensation.stopping_count:
        found.add(OrderFlag.STOPPING)
    return found


def product_ids(plan: Plan, removed: Collection[str] = ()) -> list[str]:
    """The commercial products, top level first, each once; but for those of the order lines with these ids."""
    lines = [line for line in plan.order_lines if line.id not in removed]
    top = [line.product for line in lines if not line.sources]
    return list(dict.fromkeys([*top, *(line.product for line in lines)]))
