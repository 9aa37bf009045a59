"""Which steps wait for a person, and in which queues, so that nobody has to walk over all steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

Queues = tuple[str, ...]


@dataclass(slots=True)
class OpenWork:
    """Steps are positions in the plan. queries/work_queues.py says in which queues a step waits."""

    changed: dict[int, None] = field(default_factory=dict)
    """Steps whose queues must be determined again."""
    queues_by_step: dict[int, Queues] = field(default_factory=dict)
    """The queues of each step that waits for a person."""
    step_counts: Counter[str] = field(default_factory=Counter)
    """Queue → how many steps wait in it."""

    def mark(self, position: int) -> None:
        self.changed[position] = None

    def set_queues(self, position: int, queues: Queues) -> None:
        """Empty: the step does not wait for a person."""
        before = self.queues_by_step.pop(position, ())
        if queues:
            self.queues_by_step[position] = queues
        if before != queues:
            self._count(before, -1)
            self._count(queues, 1)

    def _count(self, queues: Iterable[str], difference: int) -> None:
        for queue in queues:
            self.step_counts[queue] += difference
            if not self.step_counts[queue]:
                del self.step_counts[queue]
