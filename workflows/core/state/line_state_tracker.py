"""The states of lines for `line.*` events. They are kept up to date as steps change, so that no change needs a walk
over a line's steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator

from compiler.plan.plan import Plan
from workflows.contract.states import OrderState
from workflows.core.lines.line_tree import line_parents, lines_served
from workflows.core.state.state_transitions import StepContribution, line_state, removed_line_state
from workflows.core.state.step_run import StepRun


class LineStateTracker:
    """Counts the contributions of each line's steps. Steps of lower lines also count for the order lines above."""

    def __init__(
        self,
        plan: Plan,
        steps: list[StepRun],
        removed_lines: Collection[int] = (),
        previous: LineStateTracker | None = None,
    ) -> None:
        """`removed_lines` are the lines that amendments have removed. `previous` is the tracker of the plan before this
        one. Changes are relative to its last states."""
        self.plan = plan
        self._removed_lines = removed_lines
        self._all_lines = [*plan.order_lines, *plan.fulfilment_lines]
        self._ancestors = _ancestor_order_lines(plan)
        self._contributions = [step.contribution for step in steps]
        self._counts: list[Counter[StepContribution]] = [Counter() for _ in self._all_lines]
        for position, contribution in enumerate(self._contributions):
            for line in self._affected_lines(position):
                self._counts[line][contribution] += 1
        known = previous.last_states() if previous is not None else {}
        self._last_states = [
            known.get(line.id, self._current_state(position)) for position, line in enumerate(self._all_lines)
        ]
        self._changed_lines: dict[int, None] = dict.fromkeys(range(len(self._all_lines))) if known else {}

    def last_states(self) -> dict[str, OrderState]:
        """Line id → state, as of the last `drain_changes`."""
        return {line.id: state for line, state in zip(self._all_lines, self._last_states, strict=True)}

    def on_step_changed(self, step: StepRun) -> None:
        before, after = self._contributions[step.position], step.contribution
        if after is before:
            return
        self._contributions[step.position] = after
        for line in self._affected_lines(step.position):
            counts = self._counts[line]
            counts[before] -= 1
            counts[after] += 1
            self._changed_lines[line] = None

    def drain_changes(self) -> Iterator[tuple[str, str, OrderState, OrderState]]:
        """(id, product, state before, state) of each line whose state has changed since the last call."""
        changed, self._changed_lines = sorted(self._changed_lines), {}
        for line in changed:
            before, after = self._last_states[line], self._current_state(line)
            if after is not before:
                self._last_states[line] = after
                yield self._all_lines[line].id, self._all_lines[line].product, before, after

    def _current_state(self, line: int) -> OrderState:
        state = line_state([contribution for contribution, count in self._counts[line].items() if count > 0])
        return removed_line_state(state) if line in self._removed_lines else state

    def _affected_lines(self, step: int) -> Iterator[int]:
        """The lines whose state depends on the step. A line may occur more than once."""
        for line in lines_served(self.plan, step):
            yield line
            yield from self._ancestors[line]


def _ancestor_order_lines(plan: Plan) -> list[list[int]]:
    """For each line, all order lines above it. In a plan, lines come after their parents."""
    ancestors: list[list[int]] = []
    for parents in line_parents(plan):
        found: dict[int, None] = {}
        for parent in parents:
            if parent < len(plan.order_lines):
                found[parent] = None
            found.update(dict.fromkeys(ancestors[parent] if parent < len(ancestors) else ()))
        ancestors.append(list(found))
    return ancestors
