"""Steps that show what other steps, or the order, say: the instructions of a task are rendered when they are read."""

from __future__ import annotations

from compiler.plan.plan import PlannedDefinition
from workflows.core.state.order_run import OrderRun


class StepReaders:
    """Belongs to one plan. Steps are positions in it."""

    def __init__(self, run: OrderRun) -> None:
        self._instructed: set[int] = set()
        """Steps with instructions, for their work or for their undo."""
        self._by_source: dict[int, list[int]] = {}
        """Step → the steps with instructions that read its output."""
        instructed = [_has_instructions(planned) for planned in run.plan.definitions]
        for position, planned in enumerate(run.plan.steps):
            if instructed[planned.definition_position]:
                self._add(position, planned.reads)
        for position, pinned in run.amendments.pinned_steps.items():
            if _has_instructions(pinned.definition):
                self._add(position, pinned.step.reads)

    def _add(self, position: int, reads: tuple[tuple[int, ...], ...]) -> None:
        self._instructed.add(position)
        for source in {at for read in reads for at in read}:
            self._by_source.setdefault(source, []).append(position)

    def with_readers(self, changed: set[int], *, order_changed: bool) -> set[int]:
        """The changed steps, and those that may show something else because of them, or of the order's
        characteristics."""
        if order_changed:
            return changed | self._instructed
        if not self._by_source:
            return changed
        return changed.union(*(self._by_source.get(position, ()) for position in changed))


def _has_instructions(planned: PlannedDefinition) -> bool:
    undo = planned.definition.undo
    return planned.definition.manual is not None or (undo is not None and undo.manual is not None)
