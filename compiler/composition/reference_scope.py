"""Where a predecessor is looked for: the places of docs/language.md, "Which instances are meant", rules 1 to 5."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from compiler.catalogue.catalogue import Step
from compiler.catalogue.catalogue_index import CatalogueIndex
from compiler.composition.step_instances import StepInstanceBuilder
from compiler.decomposition.line_graph import LineGraph, LineNode, ValueIdentity
from compiler.language.steps import LineScope as Across
from compiler.typecheck.expression_sites import PER_KEYWORDS

Bounds = tuple[LineNode, ...]
"""Order lines that everything stays within; empty: the whole order."""

ScopeKind = Literal["line", "decomposition", "everything", "bundle", "bundle_lines", "order_lines", "value", "order"]
KINDS_WITH_CHILDREN: frozenset[ScopeKind] = frozenset({"everything", "bundle", "value", "order"})
"""The kinds of places in which child order lines stand too."""

LinePredicate = Callable[[LineNode], bool]

PathFilter = frozenset[LineNode] | None
"""Of the ways up from a line only those through these lines; None: all."""


class ReferenceScope(NamedTuple):
    """A part of the order that is searched as a whole.

    line: one line alone · decomposition: a line with what it decomposes into by itself · everything: with child order
    lines and all under them too, judged with components · bundle: the same of a top-level line, judged by rules alone ·
    bundle_lines: the `per: bundle` lines of a top-level line, with what they decompose into · order_lines: the order's
    `per: order` lines likewise · value: the lines of one value · order: all lines.
    """

    kind: ScopeKind
    node: LineNode | None = None
    expression: str = ""
    value: ValueIdentity = ()


WHOLE_ORDER = ReferenceScope("order")
PER_ORDER_LINES = ReferenceScope("order_lines")


@dataclass(frozen=True, slots=True)
class ResolvedScopes:
    """The places that are meant; and the ways up on which there is none."""

    scopes: tuple[ReferenceScope, ...]
    has_dead_ends: bool = False
    """Whether there are ways without a place."""
    dead_ends: PathFilter = None
    """Those, where there are."""


LARGE_PARENT_COUNT = 8
"""So many lines above one are not gone through for each order line that it belongs to."""


def is_within(node: LineNode, bounds: Bounds) -> bool:
    return all(bound in node.ancestor_order_lines for bound in bounds)


def parents_within(node: LineNode, bounds: Bounds, path_filter: PathFilter) -> list[LineNode]:
    """The lines that it stands below, of these ways and within these bounds."""
    if bounds and len(node.parents) > LARGE_PARENT_COUNT:
        inside = min((bound.subtree for bound in bounds), key=len)
        return [
            one
            for one in inside
            if one in node.parent_set and (path_filter is None or one in path_filter) and is_within(one, bounds)
        ]
    return [one for one in node.parents if (path_filter is None or one in path_filter) and is_within(one, bounds)]


class ScopeResolver:
    """Finds the places of one order."""

    def __init__(self, graph: LineGraph, catalogue_index: CatalogueIndex, instances: StepInstanceBuilder) -> None:
        self._graph, self._catalogue_index, self._instances = graph, catalogue_index, instances
        self._lines_by_scope: dict[ReferenceScope, tuple[LineNode, ...]] = {}
        self._line_sets: dict[ReferenceScope, frozenset[LineNode]] = {}
        self._products_under: dict[LineNode, frozenset[str]] = {}
        self._can_hold_cache: dict[tuple[ReferenceScope, frozenset[str], Bounds], bool] = {}
        self._per_bundle_lines: dict[LineNode, list[LineNode]] = {}
        self._per_order_lines: list[LineNode] = []
        for node in graph.fulfilment_lines:
            if node.line.per == "bundle":
                for top in node.top_level_lines:
                    self._per_bundle_lines.setdefault(top, []).append(node)
            elif node.line.per == "order":
                self._per_order_lines.append(node)

    def resolve(
        self,
        waiting_step: Step,
        node: LineNode,
        predecessor: Step,
        across: Across | None,
        bounds: Bounds,
        path_filter: PathFilter,
    ) -> ResolvedScopes:
        """Where step `waiting`, serving `node`, looks for step `wanted`: the first rule that applies decides."""
        if across is not None:
            return self._scopes_holding(self._explicit_scopes(node, across), predecessor, bounds, path_filter)
        if waiting_step.per == "order" or predecessor.per == "order":
            return self._scopes_holding((WHOLE_ORDER,), predecessor, bounds, path_filter)
        if waiting_step.per.strip() == predecessor.per.strip() and waiting_step.per not in PER_KEYWORDS:
            value = self._instances.per_value(waiting_step.per, node, waiting_step)
            if value is not None:
                return self._scopes_holding(
                    (ReferenceScope("value", None, waiting_step.per, value),), predecessor, bounds, path_filter
                )
        return self._search_upwards(waiting_step, node, predecessor, bounds, path_filter)

    def _scopes_holding(
        self, scopes: tuple[ReferenceScope, ...], predecessor: Step, bounds: Bounds, path_filter: PathFilter
    ) -> ResolvedScopes:
        """Those of the places that can hold the step at all."""
        products = self._catalogue_index.products_by_workstream[predecessor.workstream]
        able = tuple(place for place in scopes if self._scope_can_hold(place, products, bounds))
        return ResolvedScopes(able) if able else ResolvedScopes((), True, path_filter)

    def _explicit_scopes(self, node: LineNode, across: Across) -> tuple[ReferenceScope, ...]:
        if across == "order":
            return (WHOLE_ORDER,)
        if across == "bundle":
            return tuple(ReferenceScope("bundle", top) for top in node.top_level_lines)
        return tuple(ReferenceScope("decomposition", line) for line in node.source_order_lines)

    def _search_upwards(
        self, waiting_step: Step, node: LineNode, predecessor: Step, bounds: Bounds, path_filter: PathFilter
    ) -> ResolvedScopes:
        products = self._catalogue_index.products_by_workstream[predecessor.workstream]
        if node.product.id in products:
            return ResolvedScopes((ReferenceScope("line", node),))
        places: dict[ReferenceScope, None] = {}
        failed = self._walk_up(
            node, bounds, path_filter, lambda one: self._decomposition_can_hold(one, products), "decomposition", places
        )
        failed = {end for end in failed if not self._search_shared_lines(end, products, bounds, places)}
        if not failed:
            return ResolvedScopes(tuple(places))
        nowhere = self._paths_to(
            failed, node, bounds, path_filter, lambda one: self._decomposition_can_hold(one, products)
        )
        if not self._catalogue_index.can_share_order_line(waiting_step.workstream, predecessor.workstream):
            failed = self._walk_up(
                node, bounds, nowhere, lambda one: self._subtree_can_hold(one, products), "everything", places
            )
            if not failed:
                return ResolvedScopes(tuple(places))
            nowhere = self._paths_to(failed, node, bounds, nowhere, lambda one: self._subtree_can_hold(one, products))
        return ResolvedScopes(tuple(places), True, nowhere)

    def _walk_up(
        self,
        start: LineNode,
        bounds: Bounds,
        path_filter: PathFilter,
        can_hold: LinePredicate,
        kind: ScopeKind,
        scopes: dict[ReferenceScope, None],
    ) -> set[LineNode]:
        """Adds the first place on each way up that can hold what is wanted; the ends of the ways where none can."""
        ends = set()
        seen = {start}
        waiting = [start]
        while waiting:
            node = waiting.pop()
            if can_hold(node):
                scopes[ReferenceScope(kind, node)] = None
                continue
            above = parents_within(node, bounds, path_filter)
            if not above:
                ends.add(node)
            for one in above:
                if one not in seen:
                    seen.add(one)
                    waiting.append(one)
        return ends

    def _search_shared_lines(
        self, end: LineNode, products: frozenset[str], bounds: Bounds, scopes: dict[ReferenceScope, None]
    ) -> bool:
        """The `per: bundle` lines of the top-level line, then the order's `per: order` lines."""
        found = True
        for top in end.top_level_lines:
            for place in (ReferenceScope("bundle_lines", top), PER_ORDER_LINES):
                if self._scope_can_hold(place, products, bounds):
                    scopes[place] = None
                    break
            else:
                found = False
        return found

    def _scope_can_hold(self, scope: ReferenceScope, products: frozenset[str], bounds: Bounds) -> bool:
        key = (scope, products, bounds)
        found = self._can_hold_cache.get(key)
        if found is None:
            found = any(self._decomposition_can_hold(node, products) for node in self.lines_in(scope, bounds))
            self._can_hold_cache[key] = found
        return found

    def _paths_to(
        self, ends: set[LineNode], start: LineNode, bounds: Bounds, path_filter: PathFilter, can_hold: LinePredicate
    ) -> frozenset[LineNode]:
        """The lines of the ways from `start` to `ends` that pass no line which can hold what is wanted."""
        below: dict[LineNode, list[LineNode]] = {}
        waiting = [start]
        seen = {start}
        while waiting:
            node = waiting.pop()
            for one in parents_within(node, bounds, path_filter):
                if can_hold(one):
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

    def _decomposition_can_hold(self, node: LineNode, products: frozenset[str]) -> bool:
        """Whether the line, with what it decomposes into by itself, can hold a step for these products."""
        return not self._catalogue_index.reachable_by_rules(node.product.id).isdisjoint(products)

    def _subtree_can_hold(self, node: LineNode, products: frozenset[str]) -> bool:
        """The same with its components, child order lines and everything under them."""
        found = self._products_under.get(node)
        if found is None:
            kinds = {one.product.id for one in node.subtree}
            found = frozenset().union(*(self._catalogue_index.reachable_products(kind) for kind in kinds))
            self._products_under[node] = found
        return not found.isdisjoint(products)

    def line_can_hold(self, node: LineNode, scope: ReferenceScope, predecessor: Step) -> bool:
        """Whether the line by itself can hold the step, judged at a place."""
        products = self._catalogue_index.products_by_workstream[predecessor.workstream]
        if scope.kind == "line":
            return node.product.id in products
        if scope.kind == "everything":
            return not self._catalogue_index.reachable_products(node.product.id).isdisjoint(products)
        return self._decomposition_can_hold(node, products)

    def lines_in(self, scope: ReferenceScope, bounds: Bounds) -> Sequence[LineNode]:
        """The lines that stand there, within the bounds."""
        found = self._lines_by_scope.get(scope)
        if found is None:
            found = self._lines_by_scope[scope] = tuple(self._collect_lines(scope))
        if not bounds:
            return found
        inside = min((bound.subtree for bound in bounds), key=len)
        if len(inside) >= len(found):
            return [node for node in found if is_within(node, bounds)]
        members = self._line_sets.get(scope)
        if members is None:
            members = self._line_sets[scope] = frozenset(found)
        return [node for node in inside if node in members and is_within(node, bounds)]

    def _collect_lines(self, scope: ReferenceScope) -> Iterable[LineNode]:
        node = scope.node
        if scope.kind == "order":
            return self._graph
        if scope.kind == "value":
            return self._instances.lines_with_value(scope.expression, scope.value)
        if scope.kind == "order_lines":
            return _with_decompositions(self._per_order_lines)
        if node is None:
            return ()
        if scope.kind == "line":
            return (node,)
        if scope.kind == "bundle_lines":
            return _with_decompositions(self._per_bundle_lines.get(node, ()))
        return node.decomposition if scope.kind == "decomposition" else node.subtree


def _with_decompositions(nodes: Iterable[LineNode]) -> Iterable[LineNode]:
    return dict.fromkeys(one for node in nodes for one in node.decomposition)
