"""The rules of "Which instances are meant" a second time: way by way, word by word, and slowly.

What compiler/composition/predecessors.py finds with indexes and shortcuts must be what this finds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from compiler.catalogue.catalogue import Step
from compiler.catalogue.catalogue_index import CatalogueIndex
from compiler.composition.step_instances import StepInstanceBuilder
from compiler.decomposition.line_graph import LineGraph, LineNode, StepInstance

Way = tuple[LineNode, ...]
Bounds = frozenset[LineNode]
EVERYWHERE: Bounds = frozenset()


class LiteralReferences:
    def __init__(self, tree: LineGraph, reach: CatalogueIndex, instances: StepInstanceBuilder) -> None:
        self.tree, self.reach, self.instances = tree, reach, instances
        self.nodes = list(tree)
        self._stand_ins: dict[tuple[tuple[str, str], LineNode, Bounds], set[StepInstance]] = {}
        """Only so that it ends."""

    def of(self, instance: StepInstance) -> set[StepInstance]:
        return self._waited_for(instance.step, instance.nodes, EVERYWHERE)

    def _waited_for(self, step: Step, nodes: Iterable[LineNode], bounds: Bounds) -> set[StepInstance]:
        found: set[StepInstance] = set()
        for node in nodes:
            for wanted, across in self.reach.after_references(step):
                for way in self._ways(node, bounds):
                    found |= self._meant(step, way, wanted, across, bounds)
            for owner in node.ancestor_order_lines:
                for wanted, across in self.reach.offer_dependencies(owner.product).get((step.workstream, step.id), ()):
                    for way in self._ways(node, bounds | {owner}):
                        found |= self._meant(step, way, wanted, across, bounds | {owner})
        return found

    def _taken_over(self, waiting: Step, way: Way, absent: Step, bounds: Bounds) -> set[StepInstance]:
        found: set[StepInstance] = set()
        for wanted, across in self.reach.after_references(absent):
            found |= self._meant(waiting, way, wanted, across, bounds)
        for owner in way[0].ancestor_order_lines & set(way):
            for wanted, across in self.reach.offer_dependencies(owner.product).get((absent.workstream, absent.id), ()):
                inner = bounds | {owner}
                short = tuple(node for node in way if inner <= node.ancestor_order_lines)
                found |= self._meant(waiting, short, wanted, across, inner)
        return found

    def _ways(self, node: LineNode, bounds: Bounds) -> Iterator[Way]:
        above = [one for one in node.parents if bounds <= one.ancestor_order_lines]
        if not above:
            yield (node,)
        for one in above:
            for way in self._ways(one, bounds):
                yield (node, *way)

    def _meant(self, waiting: Step, way: Way, wanted: Step, across: str | None, bounds: Bounds) -> set[StepInstance]:
        node = way[0]
        expression = across is None and waiting.per not in ("line", "bundle", "order") and waiting.per == wanted.per
        value = self.instances.per_value(waiting.per, node, waiting) if expression else None
        if across == "order" or (across is None and "order" in (waiting.per, wanted.per)):
            places = [self.nodes]
        elif across == "bundle":
            places = [list(top.subtree) for top in node.top_level_lines]
        elif across == "line":
            places = [list(line.decomposition) for line in node.source_order_lines]
        elif value is not None:
            places = [self.instances.lines_with_value(waiting.per, value)]
        else:
            return self._climbed(waiting, way, wanted, bounds)
        inside = [[one for one in place if bounds <= one.ancestor_order_lines] for place in places]
        able = [place for place in inside if any(self._rules_can(one, wanted) for one in place)]
        if not able:
            return self._taken_over(waiting, way, wanted, bounds)
        found = set().union(*(self._at(place, wanted, bounds, self._rules_can) for place in able))
        return {one for one in found if value is None or one.step_key != _key(wanted) or one.per_value == value}

    def _climbed(self, waiting: Step, way: Way, wanted: Step, bounds: Bounds) -> set[StepInstance]:
        if self._itself_can(way[0], wanted):
            return self._at([way[0]], wanted, bounds, self._itself_can)
        for node in way:
            if self._rules_can(node, wanted):
                return self._at(node.decomposition, wanted, bounds, self._rules_can)
        found: set[StepInstance] = set()
        nowhere = False
        for top in way[-1].top_level_lines:
            for per, below in (("bundle", top), ("order", None)):
                place = [
                    one
                    for node in self.tree.fulfilment_lines
                    if node.line.per == per and (below is None or below in node.top_level_lines)
                    for one in node.decomposition
                    if bounds <= one.ancestor_order_lines
                ]
                if any(self._rules_can(one, wanted) for one in place):
                    found |= self._at(list(dict.fromkeys(place)), wanted, bounds, self._rules_can)
                    break
            else:
                nowhere = True
        if not nowhere:
            return found
        if not self._ever_together(waiting, wanted):
            for node in way:
                if any(self._contents_can(one, wanted) for one in node.subtree):
                    return found | self._at(node.subtree, wanted, bounds, self._contents_can)
        return found | self._taken_over(waiting, way, wanted, bounds)

    def _ever_together(self, one: Step, other: Step) -> bool:
        products = self.reach.products_by_workstream
        return any(
            self.reach.reachable_by_rules(name) & products[one.workstream]
            and self.reach.reachable_by_rules(name) & products[other.workstream]
            for name in self.reach.catalogue.products
        )

    def _at(self, place: Iterable[LineNode], wanted: Step, bounds: Bounds, can: object) -> set[StepInstance]:
        assert callable(can)
        nodes = [node for node in place if bounds <= node.ancestor_order_lines]
        found = {one for node in nodes for one in node.step_instances.get(_key(wanted), ())}
        able = [node for node in nodes if can(node, wanted)]
        for node in able:
            if any(node is not other and node in _all_above(other) for other in able):
                continue
            if _key(wanted) in node.step_instances:
                continue
            once = [
                one
                for one in self.instances.by_step.get(_key(wanted), ())
                if self._is_there_once(one, node) and any(bounds <= served.ancestor_order_lines for served in one.nodes)
            ]
            found |= set(once) if once else self._stand_in(wanted, node, bounds)
        return found

    def _stand_in(self, absent: Step, node: LineNode, bounds: Bounds) -> set[StepInstance]:
        key = (_key(absent), node, bounds)
        if key not in self._stand_ins:
            self._stand_ins[key] = self._waited_for(absent, [node], bounds)
        return self._stand_ins[key]

    def _is_there_once(self, instance: StepInstance, node: LineNode) -> bool:
        if instance.step.per == "order":
            return True
        if instance.step.per == "bundle":
            return instance.top_level_line in node.top_level_lines
        return any(
            served.shared_scope == "order"
            or (served.shared_scope == "bundle" and set(served.top_level_lines) & set(node.top_level_lines))
            for served in instance.nodes
        )

    def _itself_can(self, node: LineNode, wanted: Step) -> bool:
        return node.product.id in self.reach.products_by_workstream[wanted.workstream]

    def _rules_can(self, node: LineNode, wanted: Step) -> bool:
        return bool(
            self.reach.reachable_by_rules(node.product.id) & self.reach.products_by_workstream[wanted.workstream]
        )

    def _contents_can(self, node: LineNode, wanted: Step) -> bool:
        return bool(
            self.reach.reachable_products(node.product.id) & self.reach.products_by_workstream[wanted.workstream]
        )


def _key(step: Step) -> tuple[str, str]:
    return step.workstream, step.id


def _all_above(node: LineNode) -> set[LineNode]:
    return set(node.parents).union(*(_all_above(one) for one in node.parents))
