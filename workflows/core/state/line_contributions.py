"""What the steps of each line contribute to its state. Kept up to date as steps change, so that no change needs a walk
over a line's steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from workflows.core.lines.line_tree import PlanLineTree
from workflows.core.state.state_transitions import StepContribution
from workflows.core.state.step_run import StepRun


class LineContributions:
    """Counts the contributions of each line's steps. Steps of lower lines also count for the order lines above.

    Lines are numbered: order lines first, then fulfilment lines.
    """

    def __init__(self, tree: PlanLineTree, steps: list[StepRun]) -> None:
        self._lines_by_step = tree.lines_by_step
        self._ancestors = _ancestor_order_lines(tree)
        self._by_step = [step.contribution for step in steps]
        self._counts: list[Counter[StepContribution]] = [Counter() for _ in self._ancestors]
        for position, contribution in enumerate(self._by_step):
            for line in self._affected_lines(position):
                self._counts[line][contribution] += 1
        self._changed: dict[int, None] = {}

    def on_step_changed(self, step: StepRun) -> None:
        before, after = self._by_step[step.position], step.contribution
        if after is before:
            return
        self._by_step[step.position] = after
        for line in self._affected_lines(step.position):
            counts = self._counts[line]
            counts[before] -= 1
            counts[after] += 1
            if not counts[before] or counts[after] == 1:
                self._changed[line] = None

    def of_line(self, line: int) -> list[StepContribution]:
        return [contribution for contribution, count in self._counts[line].items() if count > 0]

    def drain_changed(self) -> list[int]:
        """The lines whose contributions may have changed since the last call, ascending. Their numbers do not count."""
        changed, self._changed = sorted(self._changed), {}
        return changed

    def _affected_lines(self, step: int) -> Iterator[int]:
        """The lines whose state depends on the step. A line may occur more than once."""
        for line in self._lines_by_step[step]:
            yield line
            yield from self._ancestors[line]


def _ancestor_order_lines(tree: PlanLineTree) -> list[list[int]]:
    """For each line, all order lines above it. In a plan, lines come after their parents."""
    ancestors: list[list[int]] = []
    for parents in tree.parents:
        found: dict[int, None] = {}
        for parent in parents:
            if tree.is_order_line(parent):
                found[parent] = None
            found.update(dict.fromkeys(ancestors[parent] if parent < len(ancestors) else ()))
        ancestors.append(list(found))
    return ancestors
