"""Where a step looks for a predecessor: the scopes of docs/language.md, "Which instances are meant", rules 1 to 5."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, NamedTuple

from compiler.catalogue.catalogue import Step
from compiler.composition.absent_lines import AbsentLine, AbsentLines
from compiler.composition.step_instances import StepInstanceBuilder
from compiler.decomposition.compile_context import CompileContext
from compiler.decomposition.line_graph import LineNode, ValueIdentity
from compiler.graph import depth_first_order, walk
from compiler.language.steps import LineScope as Across
from compiler.language.steps import StepKey
from compiler.typecheck.expression_sites import PER_KEYWORDS

Bounds = tuple[LineNode, ...]
"""Order lines. The search stays below all of them. If empty, it covers the whole order."""

ScopeKind = Literal["line", "decomposition", "everything", "bundle", "bundle_lines", "order_lines", "value", "order"]
KINDS_WITH_CHILDREN: frozenset[ScopeKind] = frozenset({"everything", "bundle", "value", "order"})
"""The kinds of scopes that contain child order lines."""

LinePredicate = Callable[[LineNode], bool]

PathFilter = frozenset[LineNode] | None
"""Parents that a search may use; None means all."""

LARGE_PARENT_COUNT = 8
"""If a line has more parents than this, the search goes through the bounds instead of through the parents."""


class ReferenceScope(NamedTuple):
    """A part of the order that is searched as a whole.

    line: one line alone
    decomposition: a line and all fulfilment lines below it
    everything: the same with child order lines and their subtrees; components count for what lines can hold
    bundle: the subtree of a top-level line; only rules count for what lines can hold
    bundle_lines: the `per: bundle` lines of a top-level line, and all fulfilment lines below them
    order_lines: the `per: order` lines, and all fulfilment lines below them
    value: the lines with one value of a `per` expression; only instances with this value are meant
    order: all lines

    With a value, the other kinds mean the instances with this value and those without any.
    """

    kind: ScopeKind
    node: LineNode | None = None
    expression: str = ""
    value: ValueIdentity = ()


WHOLE_ORDER = ReferenceScope("order")
PER_ORDER_LINES = ReferenceScope("order_lines")


@dataclass(frozen=True, slots=True)
class ResolvedScopes:
    """The scopes that a reference means."""

    scopes: tuple[ReferenceScope, ...]
    has_dead_ends: bool = False
    """Whether some paths up from the line have no scope."""
    dead_ends: PathFilter = None
    """The lines on those paths."""
    by_value: ReferenceScope | None = None
    """Where rule 3 applies, if the predecessor has a value, too; the scopes are those of rule 4."""

    def with_value(self, value: ValueIdentity) -> ResolvedScopes:
        """The same scopes, without the instances of another value."""
        return replace(self, scopes=tuple(scope._replace(value=value) for scope in self.scopes))


def is_within(node: LineNode, bounds: Bounds) -> bool:
    return all(bound in node.ancestor_order_lines for bound in bounds)


def parents_within(node: LineNode, start: LineNode, bounds: Bounds, path_filter: PathFilter) -> list[LineNode]:
    """The line's parents that pass the filter, are within the bounds, and belong to the bundles of `start`."""
    parents: Iterable[LineNode] = node.parents
    if bounds and len(node.parents) > LARGE_PARENT_COUNT and not isinstance(node, AbsentLine):
        parents = (line for line in _smallest_subtree(bounds) if line in node.parent_set)
    if not bounds and path_filter is None and len(node.parents) == 1 and not node.parents[0].parents:
        return [*parents]  # the usual case: no line is shared
    own = start.ancestor_order_lines
    return [
        one
        for one in parents
        if (path_filter is None or one in path_filter)
        and is_within(one, bounds)
        and (one in own or not one.is_order_line or isinstance(one, AbsentLine))
    ]


def _smallest_subtree(bounds: Bounds) -> tuple[LineNode, ...]:
    return min((bound.subtree for bound in bounds), key=len)


def lowest_lines(nodes: Sequence[LineNode], *, with_children: bool) -> list[LineNode]:
    """The lines that have none of the others below them."""
    if len(nodes) < 2:
        return list(nodes)
    among = set(nodes)

    def lines_below(node: LineNode) -> list[LineNode]:
        return [*node.fulfilment_lines, *node.children] if with_children else node.fulfilment_lines

    upper: set[LineNode] = set()
    for node in reversed(depth_first_order(nodes, lines_below)):
        if any(below in among or below in upper for below in lines_below(node)):
            upper.add(node)
    return [node for node in nodes if node not in upper]


class ScopeResolver:
    """Finds the scopes of references in one order."""

    def __init__(self, context: CompileContext, instances: StepInstanceBuilder) -> None:
        self._graph, self._index, self._instances = context.graph, context.index, instances
        self._have_values: dict[StepKey, bool] = {}
        self._absent_lines = AbsentLines(context.graph, context.index)
        self._lines_by_scope: dict[ReferenceScope, tuple[LineNode, ...]] = {}
        self._line_sets: dict[ReferenceScope, frozenset[LineNode]] = {}
        self._products_under: dict[LineNode, frozenset[str]] = {}
        self._can_hold_cache: dict[tuple[ReferenceScope, frozenset[str], Bounds], bool] = {}
        self._per_bundle_lines: dict[LineNode, list[LineNode]] = {}
        self._per_order_lines: list[LineNode] = []
        for node in self._graph.fulfilment_lines:
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
        """Where `waiting_step`, which serves `node`, looks for `predecessor`. The first rule that applies decides."""
        scopes: tuple[ReferenceScope, ...] = ()
        if across is not None:
            scopes = self._explicit_scopes(node, across)
        elif waiting_step.per == "order" or predecessor.per == "order":
            scopes = (WHOLE_ORDER,)
        products = self._index.products_by_workstream[predecessor.workstream]
        if not scopes:
            by_value = self._value_scope(waiting_step, node, predecessor)
            if by_value and self._all_have_a_value(predecessor) and self._scope_can_hold(by_value, products, bounds):
                return ResolvedScopes((by_value,))
            upwards = self._search_upwards(waiting_step, node, predecessor, bounds, path_filter)
            return replace(upwards, by_value=by_value) if by_value else upwards
        able = tuple(scope for scope in scopes if self._scope_can_hold(scope, products, bounds))
        return ResolvedScopes(able) if able else ResolvedScopes((), True, path_filter)

    def _all_have_a_value(self, step: Step) -> bool:
        key = (step.workstream, step.id)
        if key not in self._have_values:
            instances = self._instances.by_step.get(key, ())
            self._have_values[key] = all(instance.per_value is not None for instance in instances)
        return self._have_values[key]

    def _value_scope(self, waiting_step: Step, node: LineNode, predecessor: Step) -> ReferenceScope | None:
        per = waiting_step.per
        if per in PER_KEYWORDS or per.strip() != predecessor.per.strip():
            return None
        if isinstance(node, AbsentLine):
            value = self._instances.per_value(per, node.existing)
        else:
            value = self._instances.per_value(per, node, waiting_step)
        return None if value is None else ReferenceScope("value", None, per, value)

    def _explicit_scopes(self, node: LineNode, across: Across) -> tuple[ReferenceScope, ...]:
        if across == "order":
            return (WHOLE_ORDER,)
        if across == "bundle":
            return tuple(ReferenceScope("bundle", top) for top in node.top_level_lines)
        return tuple(ReferenceScope("decomposition", line) for line in node.source_order_lines)

    def _search_upwards(
        self, waiting_step: Step, node: LineNode, predecessor: Step, bounds: Bounds, path_filter: PathFilter
    ) -> ResolvedScopes:
        """Rules 4 and 5: on each path up, the first line that can hold the predecessor."""
        products = self._index.products_by_workstream[predecessor.workstream]
        if node.product.id in products:
            return ResolvedScopes((ReferenceScope("line", node),))
        scopes: dict[ReferenceScope, None] = {}

        def decomposition_can_hold(line: LineNode) -> bool:
            return self._decomposition_can_hold(line, products)

        def subtree_can_hold(line: LineNode) -> bool:
            return self._subtree_can_hold(line, products)

        ends = self._walk_up(node, bounds, path_filter, decomposition_can_hold, "decomposition", scopes)
        ends = {end for end in ends if not self._search_shared_lines(end, products, bounds, scopes)}
        if not ends:
            return ResolvedScopes(tuple(scopes))
        dead_ends = self._paths_to(ends, node, bounds, path_filter, decomposition_can_hold)
        if not self._can_share_order_line(waiting_step.workstream, predecessor.workstream):
            ends = self._walk_up(node, bounds, dead_ends, subtree_can_hold, "everything", scopes)
            if not ends:
                return ResolvedScopes(tuple(scopes))
            dead_ends = self._paths_to(ends, node, bounds, dead_ends, subtree_can_hold)
        return ResolvedScopes(tuple(scopes), True, dead_ends)

    def _can_share_order_line(self, one: str, other: str) -> bool:
        """Whether an offer of this order, or one that can be a component in it, brings steps of both workstreams."""
        both = self._index.entry_products(one) & self._index.entry_products(other)
        return not both.isdisjoint(self._offers)

    @cached_property
    def _offers(self) -> frozenset[str]:
        """The offers of this order, and all that can be components in it."""
        reached = (self._index.reachable_products(name) for name in {one.product.id for one in self._graph.order_lines})
        products = self._index.catalogue.products
        return frozenset(name for names in reached for name in names if products[name].is_commercial)

    def _walk_up(
        self,
        start: LineNode,
        bounds: Bounds,
        path_filter: PathFilter,
        can_hold: LinePredicate,
        kind: ScopeKind,
        scopes: dict[ReferenceScope, None],
    ) -> set[LineNode]:
        """Adds the first line that can hold the step on each path up. Returns the ends of the paths without one."""

        def parents(node: LineNode) -> list[LineNode]:
            return [] if can_hold(node) else parents_within(node, start, bounds, path_filter)

        ends = set()
        for node in walk([start], parents):
            if can_hold(node):
                scopes[ReferenceScope(kind, node)] = None
            elif not parents(node):
                ends.add(node)
        return ends

    def _search_shared_lines(
        self, end: LineNode, products: frozenset[str], bounds: Bounds, scopes: dict[ReferenceScope, None]
    ) -> bool:
        """Adds the `per: bundle` lines of each top-level line, else `per: order` lines. Returns whether all had one."""
        found_all = True
        for top in end.top_level_lines:
            for scope in (ReferenceScope("bundle_lines", top), PER_ORDER_LINES):
                if self._scope_can_hold(scope, products, bounds):
                    scopes[scope] = None
                    break
            else:
                found_all = False
        return found_all

    def _paths_to(
        self, ends: set[LineNode], start: LineNode, bounds: Bounds, path_filter: PathFilter, can_hold: LinePredicate
    ) -> frozenset[LineNode]:
        """The lines of the paths from `start` up to `ends`, without paths over lines that can hold the step."""
        below: dict[LineNode, list[LineNode]] = {}

        def parents(node: LineNode) -> list[LineNode]:
            return [one for one in parents_within(node, start, bounds, path_filter) if not can_hold(one)]

        for node in walk([start], parents):
            for parent in parents(node):
                below.setdefault(parent, []).append(node)
        return frozenset(walk(ends, lambda node: below.get(node, ())))

    def can_hold(self, scope: ReferenceScope, predecessor: Step, bounds: Bounds) -> bool:
        """Whether rules lead from any line of the scope to the predecessor."""
        return self._scope_can_hold(scope, self._index.products_by_workstream[predecessor.workstream], bounds)

    def _scope_can_hold(self, scope: ReferenceScope, products: frozenset[str], bounds: Bounds) -> bool:
        key = (scope, products, bounds)
        if key not in self._can_hold_cache:
            lines = self.lines_in(scope, bounds)
            self._can_hold_cache[key] = any(self._decomposition_can_hold(line, products) for line in lines)
        return self._can_hold_cache[key]

    def _decomposition_can_hold(self, node: LineNode, products: frozenset[str]) -> bool:
        """Whether the rules of the line's product can lead to one of these products."""
        return not self._index.reachable_by_rules(node.product.id).isdisjoint(products)

    def _subtree_can_hold(self, node: LineNode, products: frozenset[str]) -> bool:
        """Like the method above, but includes its components, child order lines and everything below them."""
        reachable = self._products_under.get(node)
        if reachable is None:
            kinds = {one.product.id for one in node.subtree}
            reachable = frozenset().union(*(self._index.reachable_products(kind) for kind in kinds))
            self._products_under[node] = reachable
        return not reachable.isdisjoint(products)

    def line_can_hold(self, node: LineNode, scope: ReferenceScope, predecessor: Step) -> bool:
        """Whether the line, as a part of this scope, can hold the predecessor."""
        products = self._index.products_by_workstream[predecessor.workstream]
        if scope.kind == "line":
            return node.product.id in products
        if scope.kind == "everything":
            return not self._index.reachable_products(node.product.id).isdisjoint(products)
        return self._decomposition_can_hold(node, products)

    def places_of(self, line: LineNode, scope: ReferenceScope, predecessor: Step) -> list[LineNode]:
        """Where the step, which the line lacks as a part of this scope, would stand: there, or on absent lines."""
        products = self._index.products_by_workstream[predecessor.workstream]
        if scope.kind == "line" or (line.product.id in products and not isinstance(line, AbsentLine)):
            return [line]
        return [*self._absent_lines.below(line, products, scope.kind == "everything")]

    def lines_in(self, scope: ReferenceScope, bounds: Bounds) -> Sequence[LineNode]:
        """The lines of the scope that are within the bounds."""
        if scope.kind != "value":
            scope = ReferenceScope(scope.kind, scope.node)
        lines = self._lines_by_scope.get(scope)
        if lines is None:
            lines = self._lines_by_scope[scope] = tuple(self._collect_lines(scope))
        if not bounds:
            return lines
        inside = _smallest_subtree(bounds)
        if len(inside) >= len(lines):
            return [node for node in lines if is_within(node, bounds)]
        members = self._line_sets.get(scope)
        if members is None:
            members = self._line_sets[scope] = frozenset(lines)
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
