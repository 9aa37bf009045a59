"""The states of lines as their steps move, for those who are told of them: no line is gone through twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from compiler.plan.plan import Plan
from workflows.contract.states import OrderState
from workflows.core.state.state_transitions import StepContribution, line_state, step_contribution
from workflows.core.state.step_run import StepRun


def _contribution(step: StepRun) -> StepContribution:
    return step_contribution(step.state, step.undo_reason, undoing=step.undoing)


class LineStateTracker:
    """Counts, for each line, its steps by what they mean for it; an order line's are also those of all lines below."""

    def __init__(self, plan: Plan, steps: list[StepRun], previous: LineStateTracker | None = None) -> None:
        """`before`: of the plan that this one has replaced; how its lines stood then is what they change from."""
        self.plan = plan
        self._all_lines = [*plan.order_lines, *plan.fulfilment_lines]
        self._ancestors = _ancestor_lines(plan)
        self._contributions = [_contribution(step) for step in steps]
        self._counts: list[Counter[StepContribution]] = [Counter() for _ in self._all_lines]
        for position, share in enumerate(self._contributions):
            for line in self._affected_lines(position):
                self._counts[line][share] += 1
        known = previous.last_states() if previous is not None else {}
        self._last_states = [
            known.get(line.id, self._current_state(place)) for place, line in enumerate(self._all_lines)
        ]
        self._changed_lines: dict[int, None] = dict.fromkeys(range(len(self._all_lines))) if known else {}

    def last_states(self) -> dict[str, OrderState]:
        """How each line stood when last asked, by its id."""
        return {line.id: state for line, state in zip(self._all_lines, self._last_states, strict=True)}

    def on_step_changed(self, step: StepRun) -> None:
        before, after = self._contributions[step.position], _contribution(step)
        if after is before:
            return
        self._contributions[step.position] = after
        for line in self._affected_lines(step.position):
            counts = self._counts[line]
            counts[before] -= 1
            counts[after] += 1
            self._changed_lines[line] = None

    def drain_changes(self) -> Iterator[tuple[str, str, OrderState, OrderState]]:
        """(id, product, state before, state) of each line whose state is another one than when last asked."""
        changed, self._changed_lines = sorted(self._changed_lines), {}
        for line in changed:
            before, after = self._last_states[line], self._current_state(line)
            if after is not before:
                self._last_states[line] = after
                yield self._all_lines[line].id, self._all_lines[line].product, before, after

    def _current_state(self, line: int) -> OrderState:
        return line_state([share for share, count in self._counts[line].items() if count > 0])

    def _affected_lines(self, step: int) -> Iterator[int]:
        """The lines that the step counts for, each as often as it reaches them."""
        planned = self.plan.steps[step]
        count = len(self.plan.order_lines)
        serves_order_lines = self.plan.definitions[planned.definition_position].serves_order_lines
        for line in planned.line_positions:
            place = line if serves_order_lines else count + line if line >= 0 else ~line
            yield place
            yield from self._ancestors[place]


def _ancestor_lines(plan: Plan) -> list[list[int]]:
    """The order lines that each line stands below. Lines come after those that they stand below."""
    everyone = [*plan.order_lines, *plan.fulfilment_lines]
    places = {line.id: place for place, line in enumerate(everyone)}
    above: list[list[int]] = []
    for line in everyone:
        found: dict[int, None] = {}
        for place in [places[source] for source in line.sources if source in places]:
            if place < len(plan.order_lines):
                found[place] = None
            found.update(dict.fromkeys(above[place] if place < len(above) else ()))
        above.append(list(found))
    return above
