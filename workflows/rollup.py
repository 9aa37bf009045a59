"""The states of lines and of the order, rolled up from those of the steps (the rules stand in workflows/states.py)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from compiler.plan import Plan
from workflows.progress import OrderRun
from workflows.states import NOT_BEGUN, OrderState, StepState, line_state, order_state


@dataclass(frozen=True, slots=True)
class LineStates:
    order_lines: list[OrderState]
    lines: list[OrderState]


def line_states(run: OrderRun) -> LineStates:
    """A line's steps are those that serve it; an order line's also those of all lines below it."""
    plan = run.plan
    own = _states_by_line(run)
    below: list[set[StepState]] = [set(states) for states in own]
    for position, sources in _from_the_bottom(plan):
        for source in sources:
            below[source] |= below[position]
    count = len(plan.order_lines)
    return LineStates(
        [line_state(states) for states in below[:count]],
        [line_state(states) for states in own[count:]],
    )


def _from_the_bottom(plan: Plan) -> Iterator[tuple[int, list[int]]]:
    """Each line, after all those that stand below it, with the lines that it stands below; order lines come first."""
    everyone = [*plan.order_lines, *plan.lines]
    places = {line.id: position for position, line in enumerate(everyone)}
    sources = [[places[source] for source in line.sources if source in places] for line in everyone]
    open_below = [0] * len(everyone)
    for above in sources:
        for place in above:
            open_below[place] += 1
    free = [position for position, count in enumerate(open_below) if count == 0]
    while free:
        position = free.pop()
        yield position, sources[position]
        for place in sources[position]:
            open_below[place] -= 1
            if open_below[place] == 0:
                free.append(place)


def _states_by_line(run: OrderRun) -> list[set[StepState]]:
    """The states of the steps that serve each line, order lines first."""
    plan = run.plan
    count = len(plan.order_lines)
    found: list[set[StepState]] = [set() for _ in range(count + len(plan.lines))]
    for planned, step in zip(plan.steps, run.steps, strict=True):
        serves_order_lines = plan.definitions[planned.definition].serves_order_lines
        for line in planned.lines:
            found[line if serves_order_lines else count + line if line >= 0 else ~line].add(step.state)
    return found


def state_of(run: OrderRun) -> OrderState:
    """Of the order. While it runs, its steps tell without going through the lines."""
    if not run.ended:
        begun = any(count and state not in NOT_BEGUN for state, count in run.counts.items())
        return OrderState.IN_PROGRESS if begun else OrderState.ACKNOWLEDGED
    return order_state(line_states(run).order_lines)


def products(plan: Plan) -> list[str]:
    """The commercial products, top level first, each once."""
    top = [line.product for line in plan.order_lines if not line.sources]
    return list(dict.fromkeys([*top, *(line.product for line in plan.order_lines)]))
