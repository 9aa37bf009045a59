"""Everything that an offer can become: rules with their conditions, products, workstreams, steps, dependencies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from compiler.catalogue.catalogue import Catalogue, Product, Rule, Step, Workstream
from compiler.catalogue.catalogue_index import CatalogueIndex, get_catalogue_index
from compiler.graph import depth_first_order
from compiler.language.steps import LineAction, StepKey


@dataclass(frozen=True, slots=True)
class OfferRule:
    """A rule or a component of a product."""

    kind: Literal["component", "rule"]
    rule: Rule


@dataclass(frozen=True, slots=True)
class OfferProduct:
    """A product that the offer can become, or the offer itself."""

    product: Product
    rules: tuple[OfferRule, ...]
    """In the order in which they apply, components first."""
    workstreams: tuple[str, ...]
    """The ids of the workstreams that the product brings into a plan."""


@dataclass(frozen=True, slots=True)
class OfferStep:
    step: Step
    after: tuple[int, ...]
    """The positions in `OfferStructure.steps` of the steps that it waits for, ascending. A dependency that would close
    a cycle of definitions is left out; orders may still have it between different lines."""


@dataclass(frozen=True, slots=True)
class OfferStructure:
    offer: Product
    products: tuple[OfferProduct, ...]
    """The offer first; each after the products whose rules lead to it."""
    workstreams: tuple[Workstream, ...]
    steps: tuple[OfferStep, ...]
    """Workstream by workstream."""


def explain_offer(product: Product, catalogue: Catalogue, action: LineAction | None = None) -> OfferStructure:
    """What the product can become. With `action`, only what order lines with this action can become."""
    index = get_catalogue_index(catalogue)
    products = [_offer_product(one, index, action) for one in _reachable(product, catalogue, action)]
    workstreams = [
        catalogue.workstreams[id_] for id_ in dict.fromkeys(id_ for one in products for id_ in one.workstreams)
    ]
    steps = [step for one in workstreams for step in one.steps.values() if action is None or action in step.actions]
    with_steps = {step.workstream for step in steps}
    return OfferStructure(
        product,
        tuple(products),
        tuple(one for one in workstreams if one.id in with_steps),
        tuple(_with_predecessors(steps, products, index)),
    )


def _reachable(product: Product, catalogue: Catalogue, action: LineAction | None) -> list[Product]:
    """The product and all that its rules and components may lead to, each after those that lead to it."""

    def targets(id_: str) -> list[str]:
        return list(dict.fromkeys(one.rule.product for one in _rules(catalogue.products[id_], action)))[::-1]

    return [catalogue.products[id_] for id_ in depth_first_order([product.id], targets)]


def _rules(product: Product, action: LineAction | None) -> list[OfferRule]:
    rules = [OfferRule("component", rule) for rule in product.components]
    rules += [OfferRule("rule", rule) for rule in sorted(product.decomposes_to, key=lambda rule: rule.precedence)]
    return [one for one in rules if action is None or one.rule.actions is None or action in one.rule.actions]


def _offer_product(product: Product, index: CatalogueIndex, action: LineAction | None) -> OfferProduct:
    workstreams = tuple(one.id for one in index.workstreams_by_product.get(product.id, ()))
    return OfferProduct(product, tuple(_rules(product, action)), workstreams)


def _with_predecessors(
    steps: list[Step], products: Iterable[OfferProduct], index: CatalogueIndex
) -> Iterable[OfferStep]:
    positions: dict[StepKey, int] = {(step.workstream, step.id): at for at, step in enumerate(steps)}
    after: list[set[int]] = [set() for _ in steps]
    for at, step in enumerate(steps):
        references = [*index.after_references(step)]
        for one in products:
            references += index.offer_dependencies(one.product).get((step.workstream, step.id), ())
        keys = {(predecessor.workstream, predecessor.id) for predecessor, _ in references}
        after[at] = {positions[key] for key in keys if key in positions} - {at}
    return [OfferStep(step, tuple(sorted(each))) for step, each in zip(steps, _without_cycles(after), strict=True)]


def _without_cycles(after: list[set[int]]) -> list[set[int]]:
    """The predecessors without those that close a cycle."""
    kept: list[set[int]] = [set() for _ in after]
    state = [0] * len(after)
    """0: not visited; 1: on the path; 2: done."""
    for start in range(len(after)):
        path = [(start, iter(sorted(after[start])))] if not state[start] else []
        if path:
            state[start] = 1
        while path:
            at, open_predecessors = path[-1]
            for before in open_predecessors:
                if state[before] != 1:
                    kept[at].add(before)
                if state[before] == 0:
                    state[before] = 1
                    path.append((before, iter(sorted(after[before]))))
                    break
            else:
                state[at] = 2
                path.pop()
    return kept


def offer_to_json(structure: OfferStructure, version: str) -> dict[str, Any]:
    """The structure as plain data for json.dumps."""
    return {
        "offer": structure.offer.id,
        "catalogue_version": version,
        "products": [_product_to_json(one) for one in structure.products],
        "workstreams": [
            {"id": one.id, "name": one.name, "for": list(one.for_products), "when": one.when, "location": _place(one)}
            for one in structure.workstreams
        ],
        "steps": [
            {
                "id": one.step.reference,
                "workstream": one.step.workstream,
                "name": one.step.name,
                "kind": one.step.definition.kind.value,
                "actions": sorted(one.step.actions),
                "per": one.step.per,
                "when": one.step.definition.when,
                "after": [structure.steps[at].step.reference for at in one.after],
                "location": _place(one.step),
            }
            for one in structure.steps
        ],
    }


def _product_to_json(one: OfferProduct) -> dict[str, Any]:
    product = one.product
    return {
        "id": product.id,
        "name": product.name,
        "code": product.code,
        "class": product.product_class,
        "commercial": product.is_commercial,
        "per": product.per,
        "attributes": {
            name: attribute.model_dump(mode="json", exclude_defaults=True)
            for name, attribute in sorted(product.attributes.items())
        },
        "let": {named.name: named.expression for named in product.let},
        "rules": [_rule_to_json(rule) for rule in one.rules],
        "workstreams": list(one.workstreams),
        "location": _place(product),
    }


def _rule_to_json(one: OfferRule) -> dict[str, Any]:
    rule = one.rule
    return {
        "kind": one.kind,
        "product": rule.product,
        "as": rule.as_,
        "when": rule.when,
        "quantity": rule.quantity,
        "for_each": rule.for_each,
        "actions": None if rule.actions is None else sorted(rule.actions),
        "location": _place(rule),
    }


def _place(one: Product | Rule | Step | Workstream) -> str | None:
    return str(one.location) if one.location.line else None
