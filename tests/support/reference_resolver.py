"""The rules of docs/language.md, "Which instances are meant", a second time: literally, path by path, and slowly.

compiler/composition/predecessors.py, with its indexes and shortcuts, must find the same predecessors.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from compiler.catalogue.catalogue import Step
from compiler.catalogue.catalogue_index import CatalogueIndex
from compiler.composition.step_instances import StepInstanceBuilder
from compiler.decomposition.line_graph import LineGraph, LineNode, StepInstance

LinePath = tuple[LineNode, ...]
Bounds = frozenset[LineNode]
EVERYWHERE: Bounds = frozenset()


class ReferenceResolver:
    def __init__(self, graph: LineGraph, index: CatalogueIndex, instances: StepInstanceBuilder) -> None:
        self.graph, self.index, self.instances = graph, index, instances
        self.nodes = list(graph)
        self._replacements: dict[tuple[tuple[str, str], LineNode, Bounds], set[StepInstance]] = {}
        """Cached only for speed."""

    def predecessors_of(self, instance: StepInstance) -> set[StepInstance]:
        return self._predecessors(instance.step, instance.nodes, EVERYWHERE)

    def _predecessors(self, step: Step, nodes: Iterable[LineNode], bounds: Bounds) -> set[StepInstance]:
        found: set[StepInstance] = set()
        for node in nodes:
            for predecessor, across in self.index.after_references(step):
                for path in self._paths(node, bounds):
                    found |= self._resolve(step, path, predecessor, across, bounds)
            for owner in node.ancestor_order_lines:
                for predecessor, across in self.index.offer_dependencies(owner.product).get(
                    (step.workstream, step.id), ()
                ):
                    for path in self._paths(node, bounds | {owner}):
                        found |= self._resolve(step, path, predecessor, across, bounds | {owner})
        return found

    def _passed_on(self, waiting_step: Step, path: LinePath, missing: Step, bounds: Bounds) -> set[StepInstance]:
        found: set[StepInstance] = set()
        for predecessor, across in self.index.after_references(missing):
            found |= self._resolve(waiting_step, path, predecessor, across, bounds)
        for owner in path[0].ancestor_order_lines & set(path):
            for predecessor, across in self.index.offer_dependencies(owner.product).get(
                (missing.workstream, missing.id), ()
            ):
                inner = bounds | {owner}
                short = tuple(node for node in path if inner <= node.ancestor_order_lines)
                found |= self._resolve(waiting_step, short, predecessor, across, inner)
        return found

    def _paths(self, node: LineNode, bounds: Bounds) -> Iterator[LinePath]:
        above = [one for one in node.parents if bounds <= one.ancestor_order_lines]
        if not above:
            yield (node,)
        for one in above:
            for path in self._paths(one, bounds):
                yield (node, *path)

    def _resolve(
        self, waiting_step: Step, path: LinePath, predecessor: Step, across: str | None, bounds: Bounds
    ) -> set[StepInstance]:
        node = path[0]
        expression = (
            across is None
            and waiting_step.per not in ("line", "bundle", "order")
            and waiting_step.per == predecessor.per
        )
        value = self.instances.per_value(waiting_step.per, node, waiting_step) if expression else None
        if across == "order" or (across is None and "order" in (waiting_step.per, predecessor.per)):
            scopes = [self.nodes]
        elif across == "bundle":
            scopes = [list(top.subtree) for top in node.top_level_lines]
        elif across == "line":
            scopes = [list(line.decomposition) for line in node.source_order_lines]
        elif value is not None:
            scopes = [self.instances.lines_with_value(waiting_step.per, value)]
        else:
            return self._search_upwards(waiting_step, path, predecessor, bounds)
        inside = [[one for one in scope if bounds <= one.ancestor_order_lines] for scope in scopes]
        able = [scope for scope in inside if any(self._decomposition_can_hold(one, predecessor) for one in scope)]
        if not able:
            return self._passed_on(waiting_step, path, predecessor, bounds)
        found = set().union(*(self._search(scope, predecessor, bounds, self._decomposition_can_hold) for scope in able))
        return {one for one in found if value is None or one.step_key != _key(predecessor) or one.per_value == value}

    def _search_upwards(
        self, waiting_step: Step, path: LinePath, predecessor: Step, bounds: Bounds
    ) -> set[StepInstance]:
        if self._line_can_hold(path[0], predecessor):
            return self._search([path[0]], predecessor, bounds, self._line_can_hold)
        for node in path:
            if self._decomposition_can_hold(node, predecessor):
                return self._search(node.decomposition, predecessor, bounds, self._decomposition_can_hold)
        found: set[StepInstance] = set()
        has_dead_end = False
        for top in path[-1].top_level_lines:
            for per, below in (("bundle", top), ("order", None)):
                scope = [
                    one
                    for node in self.graph.fulfilment_lines
                    if node.line.per == per and (below is None or below in node.top_level_lines)
                    for one in node.decomposition
                    if bounds <= one.ancestor_order_lines
                ]
                if any(self._decomposition_can_hold(one, predecessor) for one in scope):
                    found |= self._search(list(dict.fromkeys(scope)), predecessor, bounds, self._decomposition_can_hold)
                    break
            else:
                has_dead_end = True
        if not has_dead_end:
            return found
        if not self._can_share_order_line(waiting_step, predecessor):
            for node in path:
                if any(self._subtree_can_hold(one, predecessor) for one in node.subtree):
                    return found | self._search(node.subtree, predecessor, bounds, self._subtree_can_hold)
        return found | self._passed_on(waiting_step, path, predecessor, bounds)

    def _can_share_order_line(self, one: Step, other: Step) -> bool:
        products = self.index.products_by_workstream
        return any(
            self.index.reachable_by_rules(name) & products[one.workstream]
            and self.index.reachable_by_rules(name) & products[other.workstream]
            for name in self.index.catalogue.products
        )

    def _search(
        self, scope: Iterable[LineNode], predecessor: Step, bounds: Bounds, can_hold: object
    ) -> set[StepInstance]:
        assert callable(can_hold)
        nodes = [node for node in scope if bounds <= node.ancestor_order_lines]
        found = {one for node in nodes for one in node.step_instances.get(_key(predecessor), ())}
        able = [node for node in nodes if can_hold(node, predecessor)]
        for node in able:
            if any(node is not other and node in _all_above(other) for other in able):
                continue
            if _key(predecessor) in node.step_instances:
                continue
            once = [
                one
                for one in self.instances.by_step.get(_key(predecessor), ())
                if self._is_shared_with(one, node)
                and any(bounds <= served.ancestor_order_lines for served in one.nodes)
            ]
            found |= set(once) if once else self._replacement(predecessor, node, bounds)
        return found

    def _replacement(self, missing: Step, node: LineNode, bounds: Bounds) -> set[StepInstance]:
        key = (_key(missing), node, bounds)
        if key not in self._replacements:
            self._replacements[key] = self._predecessors(missing, [node], bounds)
        return self._replacements[key]

    def _is_shared_with(self, instance: StepInstance, node: LineNode) -> bool:
        if instance.step.per == "order":
            return True
        if instance.step.per == "bundle":
            return instance.top_level_line in node.top_level_lines
        return any(
            served.shared_scope == "order"
            or (served.shared_scope == "bundle" and set(served.top_level_lines) & set(node.top_level_lines))
            for served in instance.nodes
        )

    def _line_can_hold(self, node: LineNode, predecessor: Step) -> bool:
        return node.product.id in self.index.products_by_workstream[predecessor.workstream]

    def _decomposition_can_hold(self, node: LineNode, predecessor: Step) -> bool:
        return bool(
            self.index.reachable_by_rules(node.product.id) & self.index.products_by_workstream[predecessor.workstream]
        )

    def _subtree_can_hold(self, node: LineNode, predecessor: Step) -> bool:
        return bool(
            self.index.reachable_products(node.product.id) & self.index.products_by_workstream[predecessor.workstream]
        )


def _key(step: Step) -> tuple[str, str]:
    return step.workstream, step.id


def _all_above(node: LineNode) -> set[LineNode]:
    return set(node.parents).union(*(_all_above(one) for one in node.parents))
