"""Groups of lanes: those that serve the same order line stand together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from compiler.plan.plan import Plan

Path = tuple[str, ...]
"""Ids of order lines, from the top level down."""


class LineOwners:
    """The order lines to which lines and steps of a plan belong."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._order_lines: dict[str, Path] = {}
        self._fulfilment_lines: dict[str, Path] = {}
        for line in plan.order_lines:
            self._order_lines[line.id] = (*(self._order_lines[line.sources[0]] if line.sources else ()), line.id)
        for line in plan.fulfilment_lines:
            paths = [self._fulfilment_lines.get(source) or self._order_lines[source] for source in line.sources]
            self._fulfilment_lines[line.id] = common_path(paths)

    def owner(self, position: int) -> Path:
        """The lowest order line that all lines of the step belong to; empty if that is only the order."""
        lines = self.plan.step_lines(self.plan.steps[position])
        owned = [(self._order_lines if line.per is None else self._fulfilment_lines)[line.id] for line in lines]
        return common_path(owned)


def common_path(paths: Sequence[Path]) -> Path:
    """What all paths begin with."""
    if not paths:
        return ()
    shortest, longest = min(paths), max(paths)
    length = next((at for at, part in enumerate(shortest) if longest[at : at + 1] != (part,)), len(shortest))
    return shortest[:length]


def number_groups(owners: Iterable[Path]) -> list[int]:
    """A number for each different owner, in the order in which they first come."""
    numbers: dict[Path, int] = {}
    return [numbers.setdefault(owner, len(numbers)) for owner in owners]
