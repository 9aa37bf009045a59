"""The rules of docs/language.md, "Which instances are meant", a second time: literally, path by path, and slowly.

compiler/composition/predecessors.py, with its indexes and shortcuts, must find the same predecessors.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from compiler.catalogue.catalogue import Product, Rule, Step
from compiler.catalogue.catalogue_index import CatalogueIndex
from compiler.composition.step_instances import StepInstanceBuilder
from compiler.decomposition.line_graph import LineGraph, LineNode, StepInstance, ValueIdentity
from compiler.typecheck.expression_sites import PER_KEYWORDS
from tests.support.compiler.reference_lines import (
    EVERYWHERE,
    Absent,
    Bounds,
    Line,
    LinePath,
    Place,
    all_above,
    lines_inside,
    lowest_existing,
    name_of,
    own_top_level_lines,
    product_of,
    start_of,
    step_key,
)


class ReferenceResolver:
    def __init__(self, graph: LineGraph, index: CatalogueIndex, instances: StepInstanceBuilder) -> None:
        self.graph, self.index, self.instances = graph, index, instances
        self.nodes = list(graph)
        self._replacements: dict[tuple[tuple[str, str], object, Bounds], set[StepInstance]] = {}
        """Cached only for speed."""

    def predecessors_of(self, instance: StepInstance) -> set[StepInstance]:
        return set().union(
            *(self._predecessors(instance.step, instance.step, [(node,)], EVERYWHERE) for node in instance.nodes)
        )

    def _predecessors(
        self, waiting: Step, step: Step, starts: list[LinePath], bounds: Bounds, only: set[Line] | None = None
    ) -> set[StepInstance]:
        """What `waiting` waits for by the references of `step`, which would stand at the ends of `starts`.

        `starts` end at a line of the order, and go on along its parents; only over the lines of `only`, if given.
        """
        line = lowest_existing(starts[0])
        found: set[StepInstance] = set()
        for predecessor, across in self.index.after_references(step):
            found |= self._resolve(waiting, self._climb(starts, bounds, only), predecessor, across, bounds)
        for owner in line.ancestor_order_lines:
            if only is not None and owner not in only:
                continue
            for predecessor, across in self.index.offer_dependencies(owner.product).get(step_key(step), ()):
                inner = bounds | {owner}
                found |= self._resolve(waiting, self._climb(starts, inner, only), predecessor, across, inner)
        return found

    def _climb(self, starts: list[LinePath], bounds: Bounds, only: set[Line] | None) -> list[LinePath]:
        chosen = [start for start in starts if only is None or only.issuperset(start)]
        return [(*start[:-1], *path) for start in chosen for path in self._paths(lowest_existing(start), bounds, only)]

    def _paths(self, node: LineNode, bounds: Bounds, only: set[Line] | None) -> Iterator[LinePath]:
        """A `per: bundle` line belongs to its own top-level line, also where others share a line above it."""
        return self._paths_within(node, own_top_level_lines(node), bounds, only)

    def _paths_within(
        self, node: LineNode, tops: set[LineNode], bounds: Bounds, only: set[Line] | None
    ) -> Iterator[LinePath]:
        above = [
            one
            for one in node.parents
            if bounds <= one.ancestor_order_lines
            and (only is None or one in only)
            and not tops.isdisjoint(own_top_level_lines(one))
        ]
        if not above:
            yield (node,)
        for one in above:
            for path in self._paths_within(one, tops, bounds, only):
                yield (node, *path)

    def _resolve(
        self, waiting: Step, paths: list[LinePath], predecessor: Step, across: str | None, bounds: Bounds
    ) -> set[StepInstance]:
        line = lowest_existing(paths[0])
        places: list[Place]
        if across == "order" or (across is None and "order" in (waiting.per, predecessor.per)):
            places = [self._by_rules(self.nodes)]
        elif across == "bundle":
            places = [self._by_rules(top.subtree) for top in own_top_level_lines(line)]
        elif across == "line":
            places = self._order_line_places(paths)
        elif waiting.per.strip() == predecessor.per.strip() and waiting.per not in PER_KEYWORDS:
            value = self.instances.per_value(waiting.per, line)
            return self._resolve_by_value(waiting, paths, predecessor, value, bounds)
        else:
            return self._resolve_upwards(waiting, paths, predecessor, bounds, None)
        able = [place for place in places if self._is_able(place, predecessor, bounds)]
        if not able:
            return self._pass_on(waiting, paths, predecessor, bounds)
        return set().union(*(self._search(place, predecessor, bounds, None, exact=False) for place in able))

    def _order_line_places(self, paths: list[LinePath]) -> list[Place]:
        """The nearest order lines, with what they decompose into."""
        places = []
        for path in paths:
            nearest = next((one for one in path if isinstance(one, LineNode) or self._is_offer(one)), path[-1])
            if isinstance(nearest, LineNode):
                places += [self._by_rules(one.decomposition) for one in nearest.source_order_lines]
            else:
                places.append(self._by_rules([nearest]))
        return places

    def _resolve_by_value(
        self,
        waiting: Step,
        paths: list[LinePath],
        predecessor: Step,
        value: ValueIdentity | None,
        bounds: Bounds,
    ) -> set[StepInstance]:
        """Rule 3 where both steps have a value, rule 4 for those that have none."""
        if value is None:
            return self._resolve_upwards(waiting, paths, predecessor, bounds, None)
        with_value = self.instances.lines_with_value(waiting.per, value)
        place = Place(tuple(with_value), self._leads_to, "value")
        places, _ = self._places_upwards(waiting, paths, predecessor, bounds)
        near = set().union(*(self._present(one, predecessor, bounds) for one in places))
        without_value = {one for one in near if one.per_value is None}
        same = {one for one in self._present(self._by_rules(self.nodes), predecessor, bounds) if one.per_value == value}
        by_value = self._is_able(place, predecessor, bounds) and bool(same or not without_value)
        found: set[StepInstance] = set()
        if by_value:
            found |= self._search(place, predecessor, bounds, value, exact=True)
        if without_value and by_value:
            for one in places:
                found |= self._search(one, predecessor, bounds, value, exact=False)
        if not by_value:
            found |= self._resolve_upwards(waiting, paths, predecessor, bounds, value)
        return found

    def _resolve_upwards(
        self, waiting: Step, paths: list[LinePath], predecessor: Step, bounds: Bounds, value: ValueIdentity | None
    ) -> set[StepInstance]:
        places, dead_ends = self._places_upwards(waiting, paths, predecessor, bounds)
        found = set().union(*(self._search(place, predecessor, bounds, value, exact=False) for place in places))
        return found | (self._pass_on(waiting, dead_ends, predecessor, bounds) if dead_ends else set())

    def _places_upwards(
        self, waiting: Step, paths: list[LinePath], predecessor: Step, bounds: Bounds
    ) -> tuple[list[Place], list[LinePath]]:
        """Rules 4 and 5 on each path: the first place that can hold the step; and the paths that have none."""
        places: list[Place] = []
        dead_ends: list[LinePath] = []
        for path in paths:
            found = self._places_on(waiting, path, predecessor, bounds)
            places += found[0]
            if found[1]:
                dead_ends.append(path)
        return places, dead_ends

    def _places_on(self, waiting: Step, path: LinePath, predecessor: Step, bounds: Bounds) -> tuple[list[Place], bool]:
        if self._brings(product_of(path[0]), predecessor):
            return [Place((path[0],), self._brings, "line")], False
        for line in path:
            if self._leads_to(product_of(line), predecessor):
                return [self._by_rules(line.decomposition if isinstance(line, LineNode) else [line])], False
        places: list[Place] = []
        has_dead_end = False
        for top in own_top_level_lines(lowest_existing(path[-1:])):
            for per in ("bundle", "order"):
                lines = [
                    below
                    for node in self.graph.fulfilment_lines
                    if node.line.per == per and (per == "order" or top in own_top_level_lines(node))
                    for below in node.decomposition
                ]
                place = self._by_rules(list(dict.fromkeys(lines)))
                if self._is_able(place, predecessor, bounds):
                    places.append(place)
                    break
            else:
                has_dead_end = True
        if has_dead_end and not self._may_share_an_order_line(waiting, predecessor):
            for line in path:
                below = line.subtree if isinstance(line, LineNode) else (line,)
                place = Place(tuple(below), self._leads_to_with_components, "components")
                if any(self._leads_to_with_components(product_of(one), predecessor) for one in below):
                    return [*places, place], False
        return places, has_dead_end

    def _pass_on(self, waiting: Step, paths: list[LinePath], missing: Step, bounds: Bounds) -> set[StepInstance]:
        starts = list(dict.fromkeys(start_of(path) for path in paths))
        return self._predecessors(waiting, missing, starts, bounds, {line for path in paths for line in path})

    def _may_share_an_order_line(self, one: Step, other: Step) -> bool:
        """Whether an offer that this order has, or that could be a component in it, brings both."""
        offers = {
            name
            for node in self.graph.order_lines
            for name in self.index.reachable_products(node.product.id)
            if self.index.catalogue.products[name].is_commercial
        }
        return any(self._leads_to(name, one) and self._leads_to(name, other) for name in offers)

    # Searching a place

    def _is_able(self, place: Place, predecessor: Step, bounds: Bounds) -> bool:
        return any(place.can_hold(product_of(one), predecessor) for one in lines_inside(place.lines, bounds))

    def _present(self, place: Place, predecessor: Step, bounds: Bounds) -> set[StepInstance]:
        """The instances there, those included that stand once for the bundle or the order and could stand there."""
        found: set[StepInstance] = set()
        for line in lines_inside(place.lines, bounds):
            if isinstance(line, LineNode):
                found.update(line.step_instances.get(step_key(predecessor), ()))
        for line in self._lowest_lacking(place, predecessor, bounds):
            found |= self._shared_step(line, predecessor, bounds)
            for target in self._targets(line, predecessor, place):
                found |= self._on_once_lines(target, predecessor, bounds)
        return found

    def _search(
        self, place: Place, predecessor: Step, bounds: Bounds, value: ValueIdentity | None, *, exact: bool
    ) -> set[StepInstance]:
        def accepted(instances: Iterable[StepInstance]) -> list[StepInstance]:
            return [one for one in instances if value is None or one.per_value in (value, None)]

        found = set(accepted(self._present(place, predecessor, bounds)))
        for line in self._lowest(place, predecessor, bounds):
            if isinstance(line, LineNode) and accepted(line.step_instances.get(step_key(predecessor), ())):
                continue
            if accepted(self._shared_step(line, predecessor, bounds)):
                continue
            by_product: dict[str, list[Absent]] = {}
            for target in self._targets(line, predecessor, place):
                if isinstance(target, LineNode):
                    found |= self._replacement(predecessor, [(target,)], bounds)
                else:
                    by_product.setdefault(target.chain[-1], []).append(target)
            for targets in by_product.values():
                if not any(accepted(self._on_once_lines(target, predecessor, bounds)) for target in targets):
                    starts = [self._absent_path(target) for target in targets]
                    found |= self._replacement(predecessor, starts, bounds)
        return {
            one
            for one in found
            if not (exact and step_key(one.step) == step_key(predecessor) and one.per_value != value)
        }

    def _replacement(self, missing: Step, starts: list[LinePath], bounds: Bounds) -> set[StepInstance]:
        key = (step_key(missing), frozenset(starts), bounds)
        if key not in self._replacements:
            self._replacements[key] = self._predecessors(missing, missing, starts, bounds)
        return self._replacements[key]

    def _lowest(self, place: Place, predecessor: Step, bounds: Bounds) -> list[Line]:
        lowest = self._lowest_of(place.lines, place, predecessor, bounds)
        if place.kind != "value":
            return lowest
        found: list[Line] = []
        for line in lowest:
            assert isinstance(line, LineNode)
            has_it = step_key(predecessor) in line.step_instances
            found += [line] if has_it else self._lowest_of(line.decomposition, place, predecessor, bounds)
        return list(dict.fromkeys(found))

    def _lowest_of(self, lines: Iterable[Line], place: Place, predecessor: Step, bounds: Bounds) -> list[Line]:
        able = [one for one in lines_inside(lines, bounds) if place.can_hold(product_of(one), predecessor)]
        upper = {above for one in able if isinstance(one, LineNode) for above in all_above(one)}
        return [one for one in able if one not in upper]

    def _lowest_lacking(self, place: Place, predecessor: Step, bounds: Bounds) -> list[Line]:
        return [
            one
            for one in self._lowest(place, predecessor, bounds)
            if isinstance(one, Absent) or step_key(predecessor) not in one.step_instances
        ]

    def _targets(self, line: Line, step: Step, place: Place) -> list[Line]:
        """Where the step, which the line lacks, would stand: on the line itself, or on a line missing below it."""
        if isinstance(line, LineNode):
            if self._brings(line.product.id, step):
                return [line]
            by_components = place.kind == "components"
            chains = self._chains(line.product.id, by_components)
            return [Absent(line, chain, by_components) for chain in chains if self._brings(chain[-1], step)]
        product = product_of(line)
        products = {product}
        if place.kind == "components":
            products = set(self.index.reachable_products(product))
        elif place.kind != "line":
            products = set(self.index.reachable_by_rules(product))
        chains = self._chains(line.below.product.id, line.by_components)
        return [line._replace(chain=one) for one in chains if one[-1] in products and self._brings(one[-1], step)]

    def _chains(self, product: str, with_components: bool) -> list[tuple[str, ...]]:
        """The ways down from a product, to everything that it could decompose into."""
        found = []
        for rule in self._rules(product, with_components):
            found += [(rule.product, *rest) for rest in [(), *self._chains(rule.product, with_components)]]
        return list(dict.fromkeys(found))

    def _rules(self, product: str, with_components: bool) -> list[Rule]:
        one = self.index.catalogue.products[product]
        return [*one.decomposes_to, *(one.components if with_components else ())]

    def _absent_path(self, target: Absent) -> LinePath:
        ways = range(len(target.chain), 0, -1)
        return (*(target._replace(chain=target.chain[:length]) for length in ways), target.below)

    def _shared_step(self, line: Line, step: Step, bounds: Bounds) -> set[StepInstance]:
        """Instances of a step `per: order` or `per: bundle` that would serve the line too."""
        tops = own_top_level_lines(lowest_existing((line,)))
        return {
            one
            for one in self.instances.by_step.get(step_key(step), ())
            if (step.per == "order" or (step.per == "bundle" and one.top_level_line in tops))
            and lines_inside(one.nodes, bounds)
        }

    def _on_once_lines(self, target: Line, step: Step, bounds: Bounds) -> set[StepInstance]:
        if isinstance(target, LineNode):
            return set()
        lines, tops = lines_inside(self._once_lines(target), bounds), own_top_level_lines(target.below)
        instances = {one for line in lines for one in line.step_instances.get(step_key(step), ())}
        return {one for one in instances if one.top_level_line is None or one.top_level_line in tops}

    def _once_lines(self, target: Absent) -> list[LineNode]:
        """The lines of the order that the absent one would be, as they exist once for the bundle or the order."""
        line, chain, _ = target
        source = chain[-2] if len(chain) > 1 else line.product.id
        product = self.index.catalogue.products[chain[-1]]
        if product.per in ("order", "bundle"):
            names = {one.as_ for one in self._rules(source, True) if one.product == product.id}
            return [
                node
                for node in self.graph.fulfilment_lines
                if node.product is product
                and name_of(node) in names
                and (product.per == "order" or own_top_level_lines(node) <= own_top_level_lines(line))
            ]
        if product.per != "line" or len(chain) == 1:
            return []
        above = self._once_lines(target._replace(chain=chain[:-1]))
        below = [one for node in above for one in node.fulfilment_lines]
        return [one for one in below if one.product is product and one.shared_scope is not None]

    # What products can hold

    def _by_rules(self, lines: Iterable[Line]) -> Place:
        return Place(tuple(lines), self._leads_to)

    def _brings(self, product: str, step: Step) -> bool:
        return product in self.index.products_by_workstream[step.workstream]

    def _leads_to(self, product: str, step: Step) -> bool:
        return not self.index.reachable_by_rules(product).isdisjoint(self.index.products_by_workstream[step.workstream])

    def _leads_to_with_components(self, product: str, step: Step) -> bool:
        return not self.index.reachable_products(product).isdisjoint(self.index.products_by_workstream[step.workstream])

    def _is_offer(self, line: Absent) -> bool:
        product: Product = self.index.catalogue.products[line.chain[-1]]
        return product.is_commercial
