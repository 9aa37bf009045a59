"""Groups of lanes: those that serve the same order line stand together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

Path = tuple[str, ...]
"""Ids of order lines, from the top level down."""


class OwnedLine(Protocol):
    """A line of a plan, or as clients see it."""

    @property
    def id(self) -> str: ...

    @property
    def sources(self) -> Sequence[str]: ...

    @property
    def per(self) -> str | None: ...


class LineOwners:
    """The order lines to which lines belong. Each order line comes after the one that contains it."""

    def __init__(self, order_lines: Iterable[OwnedLine], fulfilment_lines: Iterable[OwnedLine]) -> None:
        self._order_lines: dict[str, Path] = {}
        self._fulfilment_lines: dict[str, Path] = {}
        for line in order_lines:
            self._order_lines[line.id] = (*(self._order_lines[line.sources[0]] if line.sources else ()), line.id)
        for line in fulfilment_lines:
            paths = [self._fulfilment_lines.get(source) or self._order_lines[source] for source in line.sources]
            self._fulfilment_lines[line.id] = common_path(paths)

    def owner(self, lines: Iterable[OwnedLine]) -> Path:
        """The lowest order line that all these lines belong to; empty if that is only the order."""
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
