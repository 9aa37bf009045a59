"""The states of lines as their steps move, for those who are told of them: no line is gone through twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from compiler.plan.plan import Plan
from workflows.contract.states import OrderState
from workflows.core.state.state_transitions import Share, line_state, share_of
from workflows.core.state.step_run import StepRun


def _share(step: StepRun) -> Share:
    return share_of(step.state, step.withdrawal, undoing=step.undoing)


class LineWatch:
    """Counts, for each line, its steps by what they mean for it; an order line's are also those of all lines below."""

    def __init__(self, plan: Plan, steps: list[StepRun], before: LineWatch | None = None) -> None:
        """`before`: of the plan that this one has replaced; how its lines stood then is what they change from."""
        self.plan = plan
        self._everyone = [*plan.order_lines, *plan.lines]
        self._above = _lines_above(plan)
        self._shares = [_share(step) for step in steps]
        self._counts: list[Counter[Share]] = [Counter() for _ in self._everyone]
        for position, share in enumerate(self._shares):
            for line in self._touched(position):
                self._counts[line][share] += 1
        known = before.known() if before is not None else {}
        self._known = [known.get(line.id, self._state(place)) for place, line in enumerate(self._everyone)]
        self._changed: dict[int, None] = dict.fromkeys(range(len(self._everyone))) if known else {}

    def known(self) -> dict[str, OrderState]:
        """How each line stood when last asked, by its id."""
        return {line.id: state for line, state in zip(self._everyone, self._known, strict=True)}

    def moved(self, step: StepRun) -> None:
        before, after = self._shares[step.position], _share(step)
        if after is before:
            return
        self._shares[step.position] = after
        for line in self._touched(step.position):
            counts = self._counts[line]
            counts[before] -= 1
            counts[after] += 1
            self._changed[line] = None

    def changes(self) -> Iterator[tuple[str, str, OrderState, OrderState]]:
        """(id, product, state before, state) of each line whose state is another one than when last asked."""
        changed, self._changed = sorted(self._changed), {}
        for line in changed:
            before, after = self._known[line], self._state(line)
            if after is not before:
                self._known[line] = after
                yield self._everyone[line].id, self._everyone[line].product, before, after

    def _state(self, line: int) -> OrderState:
        return line_state([share for share, count in self._counts[line].items() if count > 0])

    def _touched(self, step: int) -> Iterator[int]:
        """The lines that the step counts for, each as often as it reaches them."""
        planned = self.plan.steps[step]
        count = len(self.plan.order_lines)
        serves_order_lines = self.plan.definitions[planned.definition].serves_order_lines
        for line in planned.lines:
            place = line if serves_order_lines else count + line if line >= 0 else ~line
            yield place
            yield from self._above[place]


def _lines_above(plan: Plan) -> list[list[int]]:
    """The order lines that each line stands below. Lines come after those that they stand below."""
    everyone = [*plan.order_lines, *plan.lines]
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
