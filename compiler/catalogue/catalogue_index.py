"""Answers questions about a catalogue that need several definitions. Each answer is computed once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from compiler.catalogue.catalogue import Catalogue, Product, Rule, Step, Workstream
from compiler.catalogue.step_references import StepReferences
from compiler.graph import depth_first_order, walk
from compiler.language.attributes import Attribute, validate_value
from compiler.language.steps import LineScope as Across
from compiler.language.steps import StepKey, StepReference

_CACHE_SIZE = 4
_cache: dict[int, CatalogueIndex] = {}


def get_catalogue_index(catalogue: Catalogue) -> CatalogueIndex:
    """The index of a catalogue; kept for the last few catalogues."""
    found = _cache.get(id(catalogue))
    if found is None or found.catalogue is not catalogue:
        for oldest in list(_cache)[: max(0, len(_cache) - _CACHE_SIZE + 1)]:
            _cache.pop(oldest, None)
        found = _cache[id(catalogue)] = CatalogueIndex(catalogue)
    return found


@dataclass(frozen=True, slots=True)
class RankedRule:
    """A rule with its position among the rules of its product, sorted by `precedence`, then as written."""

    rule: Rule
    position: int


class CatalogueIndex:
    """The index of one catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self._rule_closures: dict[str, frozenset[str]] = {}
        self._full_closures: dict[str, frozenset[str]] = {}
        self._ordered_rules: dict[str, tuple[RankedRule, ...]] = {}
        self._defaults: dict[str, dict[str, Any]] = {}
        self._entry_products_cache: dict[str, frozenset[str]] = {}
        self._dependencies: dict[str, dict[StepKey, tuple[tuple[Step, Across | None], ...]]] = {}
        self._references: dict[StepKey, tuple[tuple[Step, Across | None], ...]] = {}
        self._step_references = StepReferences(
            {
                workstream.id: {name: step.definition for name, step in workstream.steps.items()}
                for workstream in catalogue.workstreams.values()
            }
        )

    def ordered_rules(self, product: Product) -> tuple[RankedRule, ...]:
        found = self._ordered_rules.get(product.id)
        if found is None:
            ordered = sorted(product.decomposes_to, key=lambda rule: rule.precedence)
            found = self._ordered_rules[product.id] = tuple(RankedRule(rule, at) for at, rule in enumerate(ordered))
        return found

    def attribute_defaults(self, product: Product) -> Mapping[str, Any]:
        """The default values of its attributes, converted to the attributes' types."""
        found = self._defaults.get(product.id)
        if found is None:
            found = self._defaults[product.id] = {
                name: validate_value(attribute, attribute.default)[0]
                for name, attribute in sorted(product.attributes.items())
                if attribute.default is not None
            }
        return found

    def reachable_by_rules(self, product: str) -> frozenset[str]:
        """The product and all products that its rules may lead to, if all conditions hold."""
        found = self._rule_closures.get(product)
        if found is None:
            found = self._rule_closures[product] = self._closure(product, components=False)
        return found

    def reachable_products(self, product: str) -> frozenset[str]:
        """Like `reachable_by_rules`, but including components."""
        found = self._full_closures.get(product)
        if found is None:
            found = self._full_closures[product] = self._closure(product, components=True)
        return found

    def _closure(self, start: str, *, components: bool) -> frozenset[str]:
        def successors(name: str) -> list[str]:
            product = self.catalogue.products[name]
            return [rule.product for rule in product.decomposes_to + (product.components if components else ())]

        return frozenset(walk([start], successors))

    def topological_order(self, products: Iterable[str]) -> list[str]:
        """The products and all that their rules may lead to; each after the products that may lead to it."""
        return depth_first_order(sorted(set(products)), self._rule_targets)

    def _rule_targets(self, product: str) -> list[str]:
        return sorted({rule.product for rule in self.catalogue.products[product].decomposes_to})

    @cached_property
    def workstreams_by_product(self) -> Mapping[str, tuple[Workstream, ...]]:
        """Product → its workstreams, in the catalogue's order."""
        found: dict[str, list[Workstream]] = {}
        for workstream in self.catalogue.workstreams.values():
            for product in workstream.for_products:
                found.setdefault(product, []).append(workstream)
        return {product: tuple(workstreams) for product, workstreams in found.items()}

    @cached_property
    def step_positions(self) -> Mapping[StepKey, int]:
        """The position of each step in the catalogue."""
        return {
            (workstream.id, step): rank
            for rank, (workstream, step) in enumerate(
                (workstream, step) for workstream in self.catalogue.workstreams.values() for step in workstream.steps
            )
        }

    @cached_property
    def products_by_workstream(self) -> Mapping[str, frozenset[str]]:
        """Workstream → the products that it is for."""
        return {name: frozenset(one.for_products) for name, one in self.catalogue.workstreams.items()}

    def _resolve_reference(self, reference: StepReference, workstream: str) -> list[Step]:
        """The steps that a reference written in `workstream` means: one, or the last ones of a workstream."""
        steps = self._step_references.resolve(reference.step, workstream) or ()
        return [self.catalogue.workstreams[owner].steps[name] for owner, name in steps]

    def after_references(self, step: Step) -> tuple[tuple[Step, Across | None], ...]:
        """The steps that a step names in `after`, each with its `across`. Steps of other orders are not included."""
        key = (step.workstream, step.id)
        found = self._references.get(key)
        if found is None:
            found = self._references[key] = tuple(
                (predecessor, reference.across)
                for reference in step.definition.after
                if isinstance(reference, StepReference)
                for predecessor in self._resolve_reference(reference, step.workstream)
            )
        return found

    def offer_dependencies(self, product: Product) -> Mapping[StepKey, tuple[tuple[Step, Across | None], ...]]:
        """The predecessors that an offer's `dependencies` add to each step."""
        found = self._dependencies.get(product.id)
        if found is None:
            edges: dict[StepKey, list[tuple[Step, Across | None]]] = {}
            for waiting, references in product.dependencies:
                for step in self._resolve_reference(waiting, product.id):
                    edges.setdefault((step.workstream, step.id), []).extend(
                        (predecessor, reference.across)
                        for reference in references
                        for predecessor in self._resolve_reference(reference, product.id)
                    )
            found = self._dependencies[product.id] = {key: tuple(steps) for key, steps in edges.items()}
        return found

    def entry_products(self, workstream: str) -> frozenset[str]:
        """The products whose lines, or lines below them, can bring the workstream into a plan."""
        found = self._entry_products_cache.get(workstream)
        if found is None:
            reached = walk(self.products_by_workstream[workstream], lambda one: self._rule_sources.get(one, ()))
            found = self._entry_products_cache[workstream] = frozenset(reached)
        return found

    def source_products(self, product: str, *, with_components: bool) -> tuple[str, ...]:
        """The products whose rules, or components, name the product."""
        sources = self._rule_sources.get(product, ())
        return (*sources, *self._component_sources.get(product, ())) if with_components else sources

    @cached_property
    def _rule_sources(self) -> Mapping[str, tuple[str, ...]]:
        return _invert({one.id: one.decomposes_to for one in self.catalogue.products.values()})

    @cached_property
    def _component_sources(self) -> Mapping[str, tuple[str, ...]]:
        return _invert({one.id: one.components for one in self.catalogue.products.values()})


def _invert(rules: Mapping[str, Iterable[Rule]]) -> dict[str, tuple[str, ...]]:
    """Product → the products whose rules name it."""
    found: dict[str, dict[str, None]] = {}
    for source, named in rules.items():
        for rule in named:
            found.setdefault(rule.product, {})[source] = None
    return {product: tuple(sources) for product, sources in found.items()}


_unconstrained_cache: dict[int, tuple[Attribute, Attribute]] = {}


def without_constraints(attribute: Attribute) -> Attribute:
    """The attribute with its type only: a previous value of a customer may be outside today's limits."""
    known = _unconstrained_cache.get(id(attribute))
    if known is not None and known[0] is attribute:
        return known[1]
    limits = ("enum", "minimum", "maximum", "min_length", "max_length", "pattern")
    properties = attribute.properties
    free = attribute.model_copy(
        update={
            **dict.fromkeys(limits),
            "items": without_constraints(attribute.items) if attribute.items else None,
            "properties": properties and {name: without_constraints(one) for name, one in properties.items()},
        }
    )
    if len(_unconstrained_cache) > 100_000:
        _unconstrained_cache.clear()
    _unconstrained_cache[id(attribute)] = (attribute, free)
    return free
