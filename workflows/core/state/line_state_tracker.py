"""The states of lines for `line.*` events."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from workflows.contract.states import OrderState
from workflows.core.lines.line_tree import PlanLineTree
from workflows.core.state.line_contributions import LineContributions
from workflows.core.state.state_transitions import line_state, removed_line_state
from workflows.core.state.step_run import StepRun


class LineStateTracker:
    """Which lines have changed their state since events were last emitted."""

    def __init__(
        self,
        tree: PlanLineTree,
        steps: list[StepRun],
        removed_lines: Collection[int] = (),
        previous: LineStateTracker | None = None,
    ) -> None:
        """`removed_lines` are the lines that amendments have removed. `previous` is the tracker of the plan before this
        one. Changes are relative to its last states."""
        self.plan = plan = tree.plan
        self._removed_lines = removed_lines
        self._all_lines = [*plan.order_lines, *plan.fulfilment_lines]
        self._contributions = LineContributions(tree, steps)
        known = previous.last_states() if previous is not None else {}
        self._last_states = [
            known.get(line.id, self._current_state(position)) for position, line in enumerate(self._all_lines)
        ]
        self._all_changed = bool(known)

    def last_states(self) -> dict[str, OrderState]:
        """Line id → state, as of the last `drain_changes`."""
        return {line.id: state for line, state in zip(self._all_lines, self._last_states, strict=True)}

    def on_step_changed(self, step: StepRun) -> None:
        self._contributions.on_step_changed(step)

    def drain_changes(self) -> Iterator[tuple[str, str, OrderState, OrderState]]:
        """(id, product, state before, state) of each line whose state has changed since the last call."""
        changed: Collection[int] = self._contributions.drain_changed()
        if self._all_changed:
            self._all_changed, changed = False, range(len(self._all_lines))
        for line in changed:
            before, after = self._last_states[line], self._current_state(line)
            if after is not before:
                self._last_states[line] = after
                yield self._all_lines[line].id, self._all_lines[line].product, before, after

    def _current_state(self, line: int) -> OrderState:
        state = line_state(self._contributions.of_line(line))
        return removed_line_state(state) if line in self._removed_lines else state
