"""Lines of the order and lines that are missing in it, as reference_resolver.py goes over them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from compiler.catalogue.catalogue import Step
from compiler.decomposition.line_graph import LineNode


class Absent(NamedTuple):
    """A line that is not in the order: the last of `chain`, each of which the one before it would decompose into."""

    below: LineNode
    chain: tuple[str, ...]
    by_components: bool
    """Whether the chain may go over components."""


Line = LineNode | Absent
LinePath = tuple[Line, ...]
"""A line and the lines above it, one above the other."""
Bounds = frozenset[LineNode]
EVERYWHERE: Bounds = frozenset()
CanHold = Callable[[str, Step], bool]


class Place(NamedTuple):
    """Lines that are searched together, and which products there can hold a step."""

    lines: tuple[Line, ...]
    can_hold: CanHold
    kind: str = ""


def step_key(step: Step) -> tuple[str, str]:
    return step.workstream, step.id


def product_of(line: Line) -> str:
    return line.product.id if isinstance(line, LineNode) else line.chain[-1]


def lowest_existing(path: Iterable[Line]) -> LineNode:
    """The lowest line of the path that is in the order."""
    line = list(path)
    return next((one for one in line if isinstance(one, LineNode)), None) or line[-1].below  # type: ignore[union-attr]


def start_of(path: LinePath) -> LinePath:
    """The absent lines of the path, and the lowest one that is in the order."""
    return path[: path.index(lowest_existing(path)) + 1]


def lines_inside(lines: Iterable[Line], bounds: Bounds) -> list:  # type: ignore[type-arg]
    return [one for one in lines if bounds <= lowest_existing((one,)).ancestor_order_lines]


def own_top_level_lines(node: LineNode) -> set[LineNode]:
    """Those of the lines above; of a `per: bundle` line only its own."""
    if not node.parents:
        return {node}
    above = set().union(*(own_top_level_lines(one) for one in node.parents))
    return {one for one in above if node.line.per != "bundle" or ("line", one.line.id) in node.suffix.identity}


def name_of(node: LineNode) -> str | None:
    """The `as` of a line that exists once for the bundle or the order."""
    last = node.suffix.identity[-1:]
    return last[0][1] if last and last[0][0] == "as" else None


def all_above(node: LineNode) -> set[LineNode]:
    return set(node.parents).union(*(all_above(one) for one in node.parents))
