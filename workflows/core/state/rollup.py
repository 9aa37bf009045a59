"""The states of lines and of the order, computed from those of the steps."""

from __future__ import annotations

from collections.abc import Collection

from compiler.plan.plan import Plan
from workflows.contract.states import NOT_BEGUN, OrderState
from workflows.core.state.order_run import OrderRun
from workflows.core.state.state_transitions import (
    OPEN_ORDER_STATES,
    OrderFlag,
    StepContribution,
    line_state,
    order_state,
    removed_line_state,
    running_state,
)


def line_states(run: OrderRun) -> list[OrderState]:
    """The states of order lines, then of fulfilment lines. Steps of lower lines count for the order lines above."""
    states = [shown_line_state(run, line, found) for line, found in enumerate(contributions_by_line(run))]
    for line in removed_lines(run):
        states[line] = removed_line_state(states[line])
    return states


def removed_lines(run: OrderRun) -> frozenset[int]:
    """Lines that amendments removed, order lines first. Includes fulfilment lines that only retired steps serve."""
    plan, amendments, tree = run.plan, run.amendments, run.line_tree
    if not (amendments.removed_lines or amendments.retired):
        return frozenset()
    removed = set(_removed_order_lines(run))
    served: set[int] = set()
    retired: set[int] = set()
    for step in run.steps:
        (retired if step.position in amendments.retired else served).update(tree.lines_by_step[step.position])
    for line in range(len(plan.order_lines), len(tree.parents)):  # parents come before their children
        sources_removed = bool(tree.parents[line]) and removed.issuperset(tree.parents[line])
        if line not in served and (line in retired or sources_removed):
            removed.add(line)
    return frozenset(removed)


def completed_order_lines(run: OrderRun) -> list[str]:
    """Ids of lines, except the lines that amendments have removed."""
    states = line_states(run)
    return [line.id for line, state in zip(run.plan.order_lines, states, strict=False) if state is OrderState.COMPLETED]


def shown_line_state(run: OrderRun, line: int, contributions: Collection[StepContribution]) -> OrderState:
    """The line's state by its steps, by holds, and by a cancellation of the order; not by amendments."""
    state = line_state(contributions)
    is_cancelling = run.compensation.order_cancelled
    is_held = run.holds.is_order_held or line in run.holds.held_lines
    if state not in OPEN_ORDER_STATES or not (is_cancelling or is_held):
        return state
    flags = (
        (OrderFlag.STARTED, state is OrderState.IN_PROGRESS),
        (OrderFlag.CANCELLING, is_cancelling),
        (OrderFlag.HELD, is_held),
    )
    return running_state([flag for flag, is_set in flags if is_set])


def contributions_by_line(run: OrderRun) -> list[set[StepContribution]]:
    """The contributions of each line's steps, order lines first. An order line also gets those of the lines below."""
    tree = run.line_tree
    served: list[set[StepContribution]] = [set() for _ in tree.parents]
    for step, lines in zip(run.steps, tree.lines_by_step, strict=True):
        contribution = step.contribution
        for line in lines:
            served[line].add(contribution)
    total = [set(contributions) for contributions in served]
    for line in tree.bottom_up:
        for parent in tree.parents[line]:
            total[parent] |= total[line]
    count = len(run.plan.order_lines)
    return [*total[:count], *served[count:]]


def current_order_state(run: OrderRun) -> OrderState:
    """The order's state. While the order runs, this needs no walk over its steps."""
    if not run.ended:
        return running_state(_order_flags(run))
    removed = _removed_order_lines(run)
    # A line without work does not make an order partial.
    return order_state(
        [
            line_state(contributions)
            for line, contributions in enumerate(contributions_by_line(run)[: len(run.plan.order_lines)])
            if contributions - {StepContribution.NOT_NEEDED} and line not in removed
        ]
    )


def _removed_order_lines(run: OrderRun) -> frozenset[int]:
    removed = run.amendments.removed_lines
    if not removed:
        return frozenset()
    return frozenset(position for position, line in enumerate(run.plan.order_lines) if line.id in removed)


def _order_flags(run: OrderRun) -> list[OrderFlag]:
    flags: list[OrderFlag] = []
    if any(count and state not in NOT_BEGUN for state, count in run.counters.by_state.items()):
        flags.append(OrderFlag.STARTED)
    if run.compensation.order_cancelled:
        flags.append(OrderFlag.CANCELLING)
    if run.holds.is_order_held:
        flags.append(OrderFlag.HELD)
    if run.compensation.stopping_count:
        flags.append(OrderFlag.STOPPING)
    return flags


def product_ids(plan: Plan, removed: Collection[str] = ()) -> list[str]:
    """The ordered commercial products, each once, top-level ones first. Leaves out order lines with `removed` ids."""
    lines = [line for line in plan.order_lines if line.id not in removed]
    top = [line.product for line in lines if not line.sources]
    return list(dict.fromkeys([*top, *(line.product for line in lines)]))
