"""Where a predecessor is looked for: the places of docs/language.md, "Which instances are meant", rules 1 to 5."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from compiler.catalogue.catalogue import Step
from compiler.catalogue.catalogue_index import Reach
from compiler.composition.step_instances import StepInstances
from compiler.decomposition.line_graph import LineNode, LineTree, ValueIdentity
from compiler.language.steps import Scope as Across
from compiler.typecheck.expression_sites import SCOPE_WORDS

Bounds = tuple[LineNode, ...]
"""Order lines that everything stays within; empty: the whole order."""

PlaceKind = Literal["line", "decomposition", "everything", "bundle", "bundle_lines", "order_lines", "value", "order"]
WITH_CHILDREN: frozenset[PlaceKind] = frozenset({"everything", "bundle", "value", "order"})
"""The kinds of places in which child order lines stand too."""

CanHold = Callable[[LineNode], bool]

Ways = frozenset[LineNode] | None
"""Of the ways up from a line only those through these lines; None: all."""


class Place(NamedTuple):
    """A part of the order that is searched as a whole.

    line: one line alone · decomposition: a line with what it decomposes into by itself · everything: with child order
    lines and all under them too, judged with components · bundle: the same of a top-level line, judged by rules alone ·
    bundle_lines: the `per: bundle` lines of a top-level line, with what they decompose into · order_lines: the order's
    `per: order` lines likewise · value: the lines of one value · order: all lines.
    """

    kind: PlaceKind
    node: LineNode | None = None
    expression: str = ""
    value: ValueIdentity = ()


ALL = Place("order")
ONCE_AN_ORDER = Place("order_lines")


@dataclass(frozen=True, slots=True)
class Found:
    """The places that are meant; and the ways up on which there is none."""

    places: tuple[Place, ...]
    lost: bool = False
    """Whether there are ways without a place."""
    ways: Ways = None
    """Those, where there are."""


MANY = 8
"""So many lines above one are not gone through for each order line that it belongs to."""


def within(node: LineNode, bounds: Bounds) -> bool:
    return all(bound in node.owners for bound in bounds)


def above_within(node: LineNode, bounds: Bounds, ways: Ways) -> list[LineNode]:
    """The lines that it stands below, of these ways and within these bounds."""
    if bounds and len(node.above) > MANY:
        inside = min((bound.everything_under for bound in bounds), key=len)
        return [
            one for one in inside if one in node.all_above and (ways is None or one in ways) and within(one, bounds)
        ]
    return [one for one in node.above if (ways is None or one in ways) and within(one, bounds)]


class Climb:
    """Finds the places of one order."""

    def __init__(self, tree: LineTree, reach: Reach, instances: StepInstances) -> None:
        self._tree, self._reach, self._instances = tree, reach, instances
        self._lines: dict[Place, tuple[LineNode, ...]] = {}
        self._members: dict[Place, frozenset[LineNode]] = {}
        self._kinds_under: dict[LineNode, frozenset[str]] = {}
        self._ends: dict[tuple[Place, frozenset[str], Bounds], bool] = {}
        self._bundles: dict[LineNode, list[LineNode]] = {}
        self._once: list[LineNode] = []
        for node in tree.lines:
            if node.line.per == "bundle":
                for top in node.tops:
                    self._bundles.setdefault(top, []).append(node)
            elif node.line.per == "order":
                self._once.append(node)

    def places(
        self, waiting: Step, node: LineNode, wanted: Step, across: Across | None, bounds: Bounds, ways: Ways
    ) -> Found:
        """Where step `waiting`, serving `node`, looks for step `wanted`: the first rule that applies decides."""
        if across is not None:
            return self._holding(self._across(node, across), wanted, bounds, ways)
        if waiting.per == "order" or wanted.per == "order":
            return self._holding((ALL,), wanted, bounds, ways)
        if waiting.per.strip() == wanted.per.strip() and waiting.per not in SCOPE_WORDS:
            value = self._instances.value(waiting.per, node, waiting)
            if value is not None:
                return self._holding((Place("value", None, waiting.per, value),), wanted, bounds, ways)
        return self._climbed(waiting, node, wanted, bounds, ways)

    def _holding(self, places: tuple[Place, ...], wanted: Step, bounds: Bounds, ways: Ways) -> Found:
        """Those of the places that can hold the step at all."""
        products = self._reach.products_of[wanted.workstream]
        able = tuple(place for place in places if self._any_holds(place, products, bounds))
        return Found(able) if able else Found((), True, ways)

    def _across(self, node: LineNode, across: Across) -> tuple[Place, ...]:
        if across == "order":
            return (ALL,)
        if across == "bundle":
            return tuple(Place("bundle", top) for top in node.tops)
        return tuple(Place("decomposition", line) for line in node.order_lines)

    def _climbed(self, waiting: Step, node: LineNode, wanted: Step, bounds: Bounds, ways: Ways) -> Found:
        products = self._reach.products_of[wanted.workstream]
        if node.product.id in products:
            return Found((Place("line", node),))
        places: dict[Place, None] = {}
        failed = self._up(node, bounds, ways, lambda one: self._decomposes(one, products), "decomposition", places)
        failed = {end for end in failed if not self._at_the_end(end, products, bounds, places)}
        if not failed:
            return Found(tuple(places))
        nowhere = self._ways_to(failed, node, bounds, ways, lambda one: self._decomposes(one, products))
        if not self._reach.ever_together(waiting.workstream, wanted.workstream):
            failed = self._up(node, bounds, nowhere, lambda one: self._holds(one, products), "everything", places)
            if not failed:
                return Found(tuple(places))
            nowhere = self._ways_to(failed, node, bounds, nowhere, lambda one: self._holds(one, products))
        return Found(tuple(places), True, nowhere)

    def _up(
        self, start: LineNode, bounds: Bounds, ways: Ways, can: CanHold, kind: PlaceKind, places: dict[Place, None]
    ) -> set[LineNode]:
        """Adds the first place on each way up that can hold what is wanted; the ends of the ways where none can."""
        ends = set()
        seen = {start}
        waiting = [start]
        while waiting:
            node = waiting.pop()
            if can(node):
                places[Place(kind, node)] = None
                continue
            above = above_within(node, bounds, ways)
            if not above:
                ends.add(node)
            for one in above:
                if one not in seen:
                    seen.add(one)
                    waiting.append(one)
        return ends

    def _at_the_end(self, end: LineNode, products: frozenset[str], bounds: Bounds, places: dict[Place, None]) -> bool:
        """The `per: bundle` lines of the top-level line, then the order's `per: order` lines."""
        found = True
        for top in end.tops:
            for place in (Place("bundle_lines", top), ONCE_AN_ORDER):
                if self._any_holds(place, products, bounds):
                    places[place] = None
                    break
            else:
                found = False
        return found

    def _any_holds(self, place: Place, products: frozenset[str], bounds: Bounds) -> bool:
        key = (place, products, bounds)
        found = self._ends.get(key)
        if found is None:
            found = any(self._decomposes(node, products) for node in self.lines(place, bounds))
            self._ends[key] = found
        return found

    def _ways_to(
        self, ends: set[LineNode], start: LineNode, bounds: Bounds, ways: Ways, can: CanHold
    ) -> frozenset[LineNode]:
        """The lines of the ways from `start` to `ends` that pass no line which can hold what is wanted."""
        below: dict[LineNode, list[LineNode]] = {}
        waiting = [start]
        seen = {start}
        while waiting:
            node = waiting.pop()
            for one in above_within(node, bounds, ways):
                if can(one):
                    continue
                below.setdefault(one, []).append(node)
                if one not in seen:
                    seen.add(one)
                    waiting.append(one)
        found = set(ends)
        back = list(ends)
        while back:
            for node in below.get(back.pop(), ()):
                if node not in found:
                    found.add(node)
                    back.append(node)
        return frozenset(found)

    def _decomposes(self, node: LineNode, products: frozenset[str]) -> bool:
        """Whether the line, with what it decomposes into by itself, can hold a step for these products."""
        return not self._reach.makes(node.product.id).isdisjoint(products)

    def _holds(self, node: LineNode, products: frozenset[str]) -> bool:
        """The same with its components, child order lines and everything under them."""
        found = self._kinds_under.get(node)
        if found is None:
            kinds = {one.product.id for one in node.everything_under}
            found = frozenset().union(*(self._reach.contains(kind) for kind in kinds))
            self._kinds_under[node] = found
        return not found.isdisjoint(products)

    def can_hold(self, node: LineNode, place: Place, wanted: Step) -> bool:
        """Whether the line by itself can hold the step, judged at a place."""
        products = self._reach.products_of[wanted.workstream]
        if place.kind == "line":
            return node.product.id in products
        if place.kind == "everything":
            return not self._reach.contains(node.product.id).isdisjoint(products)
        return self._decomposes(node, products)

    def lines(self, place: Place, bounds: Bounds) -> Sequence[LineNode]:
        """The lines that stand there, within the bounds."""
        found = self._lines.get(place)
        if found is None:
            found = self._lines[place] = tuple(self._standing(place))
        if not bounds:
            return found
        inside = min((bound.everything_under for bound in bounds), key=len)
        if len(inside) >= len(found):
            return [node for node in found if within(node, bounds)]
        members = self._members.get(place)
        if members is None:
            members = self._members[place] = frozenset(found)
        return [node for node in inside if node in members and within(node, bounds)]

    def _standing(self, place: Place) -> Iterable[LineNode]:
        node = place.node
        if place.kind == "order":
            return self._tree
        if place.kind == "value":
            return self._instances.lines_of_value(place.expression, place.value)
        if place.kind == "order_lines":
            return _all_of(self._once)
        if node is None:
            return ()
        if place.kind == "line":
            return (node,)
        if place.kind == "bundle_lines":
            return _all_of(self._bundles.get(node, ()))
        return node.decomposition if place.kind == "decomposition" else node.everything_under


def _all_of(nodes: Iterable[LineNode]) -> Iterable[LineNode]:
    return dict.fromkeys(one for node in nodes for one in node.decomposition)
