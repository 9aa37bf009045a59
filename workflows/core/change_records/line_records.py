"""The lines of an order, and which of them have changed their state."""

from __future__ import annotations

from pydantic_core import to_jsonable_python

from compiler.plan.plan import PlannedLine
from workflows.contract.order_views import LineView
from workflows.contract.states import OrderState
from workflows.core.state import rollup
from workflows.core.state.line_contributions import LineContributions
from workflows.core.state.order_run import OrderRun
from workflows.core.state.state_transitions import removed_line_state


def line_records(run: OrderRun, states: list[OrderState]) -> list[LineView]:
    """All order lines, then all fulfilment lines."""
    lines = (*run.plan.order_lines, *run.plan.fulfilment_lines)
    return [_line_record(line, state) for line, state in zip(lines, states, strict=True)]


def _line_record(line: PlannedLine, state: OrderState) -> LineView:
    """Its values are JSON. It has no forecast."""
    return LineView(
        id=line.id,
        product=line.product,
        name=line.name,
        quantity=line.quantity,
        action=line.action.value,
        attributes=to_jsonable_python(line.attributes),
        state=state,
        sources=list(line.sources),
        per=line.per,
        requested_completion=line.requested_completion,
        named_values=to_jsonable_python(line.named_values) if line.let or line.workstream_lets else {},
        external_ids=line.external_ids,
    )


class LineStates:
    """The states of the lines of one plan. No change of a step needs a walk over all steps; holds, and a cancellation
    of the order, concern all lines."""

    def __init__(self, run: OrderRun) -> None:
        self._run = run
        self._ids = [line.id for line in (*run.plan.order_lines, *run.plan.fulfilment_lines)]
        self._removed = rollup.removed_lines(run)
        self._contributions = LineContributions(run.line_tree, run.steps)
        self._flags = self._line_flags()
        self.states = [self._state(line) for line in range(len(self._ids))]
        """Order lines first, as of the last `drain_changes`."""

    def drain_changes(self, changed_steps: set[int]) -> dict[str, OrderState]:
        """Line id → state, of each line whose state has changed since the last call."""
        for position in changed_steps:
            self._contributions.on_step_changed(self._run.steps[position])
        changed = self._contributions.drain_changed()
        if (flags := self._line_flags()) != self._flags:
            self._flags, changed = flags, list(range(len(self._ids)))
        found: dict[str, OrderState] = {}
        for line in changed:
            state = self._state(line)
            if state is not self.states[line]:
                self.states[line] = found[self._ids[line]] = state
        return found

    def _line_flags(self) -> tuple[object, ...]:
        """What the states of lines depend on, besides the steps."""
        holds = self._run.holds
        return self._run.compensation.order_cancelled, holds.is_order_held, tuple(holds.held_lines)

    def _state(self, line: int) -> OrderState:
        state = rollup.shown_line_state(self._run, line, self._contributions.of_line(line))
        return removed_line_state(state) if line in self._removed else state
