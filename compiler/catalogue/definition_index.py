"""Answers questions about definitions that need several of them, for the checks and for the catalogue builder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, NamedTuple

from compiler.catalogue.definitions import DefinitionEntry, Definitions
from compiler.catalogue.let_index import LetIndex
from compiler.catalogue.step_facts import StepFacts, find_step_facts
from compiler.catalogue.step_references import StepReferences
from compiler.graph import walk
from compiler.language.attributes import Attribute
from compiler.language.documents import (
    ClassReference,
    CommercialProductDocument,
    ComponentDefinition,
    ProductClassDocument,
    ProductDocument,
    RuleDefinition,
    TechnicalProductDocument,
    WorkstreamDocument,
)
from compiler.language.steps import LineAction, StepDefinition, StepKey, StepReference
from compiler.typecheck.expression_sites import ExpressionSite
from compiler.typecheck.scopes import shared_and_combined_fields
from compiler.typecheck.types import DOUBLE, DYN, INT, Type, object_type


@dataclass(frozen=True, slots=True)
class StepGroup:
    """The steps of a workstream or of a product, with the document that they are in."""

    id: str
    entry: DefinitionEntry[Any]
    steps: Mapping[str, StepDefinition]
    products: tuple[str, ...]
    actions: frozenset[LineAction]
    per: str
    is_inline: bool
    facts: StepFacts = field(compare=False, repr=False)

    def line_actions(self, step: str) -> frozenset[LineAction]:
        given = self.steps[step].actions
        return self.actions if given is None else frozenset(given)

    def step_per(self, step: str) -> str:
        return self.steps[step].per or self.per

    def actions_of_steps(self) -> frozenset[LineAction]:
        """The line actions that any of the steps is planned for."""
        return self.entry.cached("actions of steps", None, self._find_actions_of_steps)

    def _find_actions_of_steps(self) -> frozenset[LineAction]:
        return frozenset(action for step in self.steps for action in self.line_actions(step))


def _step_facts(entry: DefinitionEntry[Any], per: str) -> StepFacts:
    return entry.cached("facts", None, lambda: find_step_facts(entry.model.steps, entry.document.data["steps"], per))


class WrittenRule(NamedTuple):
    """A rule of `decomposes_to`, with the product or class that it is written in."""

    entry: DefinitionEntry[ProductDocument] | DefinitionEntry[ProductClassDocument]
    position: int
    rule: RuleDefinition


class DefinitionIndex:
    """The index of all definitions. Each answer is computed once."""

    def __init__(self, definitions: Definitions) -> None:
        self.definitions = definitions
        self._effective_rules: dict[str, list[WrittenRule]] = {}

    def may_be_defined(self, name: str, namespace: Mapping[str, Any]) -> bool:
        """False only if certainly nothing with this id is defined."""
        return name in namespace or name in self.definitions.invalid_ids or self.definitions.incomplete

    def may_be_in_unread_file(self, name: str) -> bool:
        """Whether something with this id may be in a file or document that could not be read."""
        return self.may_be_defined(name, {})

    @cached_property
    def product_attributes(self) -> dict[str, Mapping[str, Attribute]]:
        """Product → its attributes, including those of its class."""
        classes = self.definitions.classes
        found: dict[str, Mapping[str, Attribute]] = {}
        for name, entry in self.definitions.products.items():
            inherited = classes.get(entry.model.product_class or "")
            own = entry.model.attributes
            found[name] = {**inherited.model.attributes, **own} if inherited else own
        return found

    def decimal_quantities(self, products: Iterable[str]) -> frozenset[bool]:
        """Whether quantities of these products are decimal: both values if they differ."""
        of_products = self.definitions.products
        return frozenset([of_products[product].model.quantity == "decimal" for product in products])

    def quantity_type(self, products: Iterable[str]) -> Type:
        """The type of `quantity` of a line of one of these products. DYN: they differ."""
        kinds = self.decimal_quantities(products)
        if len(kinds) > 1:
            return DYN
        return DOUBLE if True in kinds else INT

    @cached_property
    def lets(self) -> LetIndex:
        """The named values."""
        return LetIndex(self)

    @cached_property
    def products_by_class(self) -> dict[str, list[str]]:
        """Class → its products."""
        found: dict[str, list[str]] = {}
        for name, entry in sorted(self.definitions.products.items()):
            if entry.model.product_class:
                found.setdefault(entry.model.product_class, []).append(name)
        return found

    @cached_property
    def step_groups(self) -> dict[str, StepGroup]:
        """Workstreams and products with steps, by id."""
        found = {}
        for name, workstream in self.definitions.workstreams.items():
            found[name] = self._workstream_group(workstream)
        for name, product in self.definitions.products.items():
            if product.model.steps:
                facts = _step_facts(product, "line")
                found[name] = StepGroup(
                    name, product, product.model.steps, (name,), frozenset({LineAction.ADD}), "line", True, facts
                )
        return dict(sorted(found.items()))

    def _workstream_group(self, entry: DefinitionEntry[WorkstreamDocument]) -> StepGroup:
        document = entry.model
        products: set[str] = set()
        for target in document.for_:
            if isinstance(target, ClassReference):
                products.update(self.products_by_class.get(target.product_class, ()))
            elif target in self.definitions.products:
                products.add(target)
        return StepGroup(
            document.id,
            entry,
            document.steps,
            tuple(sorted(products)),
            frozenset(document.actions),
            document.per,
            False,
            _step_facts(entry, document.per),
        )

    @cached_property
    def steps_by_workstream(self) -> dict[str, frozenset[str]]:
        """Workstream → its steps."""
        return {name: frozenset(group.steps) for name, group in self.step_groups.items()}

    @cached_property
    def step_expressions(self) -> dict[StepKey, list[ExpressionSite]]:
        """Step → its expressions."""
        found: dict[StepKey, list[ExpressionSite]] = {}
        for group in self.step_groups.values():
            found.update(((group.id, step), sites) for step, sites in group.facts.expressions.items())
        return found

    def effective_rules(self, product: str) -> list[WrittenRule]:
        """The rules of its class first, then its own. An own rule to the same product and `as` takes a rule's place."""
        found = self._effective_rules.get(product)
        if found is None:
            found = self._effective_rules[product] = list(self._find_rules(self.definitions.products[product]))
        return found

    def _find_rules(self, entry: DefinitionEntry[ProductDocument]) -> Iterator[WrittenRule]:
        if not entry.model.product_class:
            yield from (WrittenRule(entry, *one) for one in enumerate(entry.model.decomposes_to))
            return
        own: dict[tuple[str, str | None], list[WrittenRule]] = {}
        for position, rule in enumerate(entry.model.decomposes_to):
            own.setdefault((rule.product, rule.as_), []).append(WrittenRule(entry, position, rule))
        inherited = self.definitions.classes.get(entry.model.product_class or "")
        replaced: set[tuple[str, str | None]] = set()
        for position, rule in enumerate(inherited.model.decomposes_to if inherited else ()):
            key = (rule.product, rule.as_)
            if inherited and key not in own:
                yield WrittenRule(inherited, position, rule)
            elif key not in replaced:
                replaced.add(key)
                yield from own[key]
        for position, rule in enumerate(entry.model.decomposes_to):
            if (rule.product, rule.as_) not in replaced:
                yield WrittenRule(entry, position, rule)

    @cached_property
    def rules_by_target(self) -> dict[str, list[tuple[str, RuleDefinition]]]:
        """Product → the products with rules that lead to it, each with the rule."""
        found: dict[str, list[tuple[str, RuleDefinition]]] = {}
        for name in self.definitions.products:
            for _, _, rule in self.effective_rules(name):
                found.setdefault(rule.product, []).append((name, rule))
        return found

    def reachable_products(self, product: str) -> set[str]:
        """The product, and all products that its rules and components lead to."""
        products = self.definitions.products
        return set(walk([product], lambda name: [one for one in self.product_targets(name) if one in products]))

    def has_work(self, product: str, action: LineAction) -> bool:
        """Whether the product, or what its rules and components bring, has a step for lines with this action."""
        return product in self._products_with_work[action]

    @cached_property
    def _products_with_work(self) -> dict[LineAction, set[str]]:
        """Action → the products with a step for it, and those that bring one of them."""
        found = {}
        for action in LineAction:
            served = [
                product
                for group in self.step_groups.values()
                if action in group.actions_of_steps()
                for product in group.products
            ]
            found[action] = set(walk(served, partial(self._sources_for, action)))
        return found

    def _sources_for(self, action: LineAction, product: str) -> list[str]:
        """The products whose rules or components bring the product for lines with this action."""
        rules = self.rules_by_target.get(product, ())
        brought = [source for source, rule in rules if rule.actions is None or action in rule.actions]
        return brought + self._bundles_by_component.get(product, [])

    @cached_property
    def _bundles_by_component(self) -> dict[str, list[str]]:
        """Product → the products that have it as a component."""
        found: dict[str, list[str]] = {}
        for name, entry in self.definitions.products.items():
            for component in product_components(entry.model):
                found.setdefault(component.product, []).append(name)
        return found

    def attribute_types(self, products: Iterable[str]) -> tuple[Type, Type]:
        """The attributes that all of these products have as an object; and those that any has, which may be missing."""
        return shared_and_combined_fields([self.attributes_type(product) for product in products])

    def attributes_type(self, product: str) -> Type:
        """The product's attributes as an object, including those of its class."""
        attributes = self.product_attributes[product]
        entry = self.definitions.products[product]
        return entry.cached("attributes", attributes, partial(object_type, attributes))

    def product_targets(self, product: str) -> list[str]:
        """The products that its rules and its components name, defined or not."""
        document = self.definitions.products[product].model
        targets = [rule.product for _, _, rule in self.effective_rules(product)]
        return targets + [component.product for component in product_components(document)]

    def is_commercial(self, product: str) -> bool:
        entry: DefinitionEntry[ProductDocument] | None = self.definitions.products.get(product)
        return entry is not None and isinstance(entry.model, CommercialProductDocument)

    def is_technical(self, product: str) -> bool:
        entry: DefinitionEntry[ProductDocument] | None = self.definitions.products.get(product)
        return entry is not None and isinstance(entry.model, TechnicalProductDocument)

    @cached_property
    def _references(self) -> StepReferences:
        return StepReferences({name: dict(sorted(group.steps.items())) for name, group in self.step_groups.items()})

    def resolve_reference(self, reference: str, workstream: str) -> tuple[StepKey, ...] | None:
        """The steps that a reference written in `workstream` means; None if there is no such step or workstream."""
        return self._references.resolve(reference, workstream)

    @cached_property
    def predecessors(self) -> dict[StepKey, list[StepKey]]:
        """The steps that each step waits for by its own `after`."""
        found: dict[StepKey, list[StepKey]] = {}
        for group in self.step_groups.values():
            if group.facts.names_other_steps:
                found |= self._find_predecessors(group)
            else:
                own = group.facts.predecessors
                found |= {(group.id, step): [(group.id, one) for one in before] for step, before in own.items()}
        return found

    def _find_predecessors(self, group: StepGroup) -> dict[StepKey, list[StepKey]]:
        return {
            (group.id, step): [
                found
                for reference in definition.after
                if isinstance(reference, StepReference)
                for found in self.resolve_reference(reference.step, group.id) or ()
            ]
            for step, definition in group.steps.items()
        }

    @cached_property
    def steps_with_unknown_refs(self) -> set[StepKey]:
        """Steps with an unknown reference in `after`."""
        return {
            (name, step)
            for name, group in self.step_groups.items()
            for step, definition in group.steps.items()
            if any(
                isinstance(one, StepReference) and self.resolve_reference(one.step, name) is None
                for one in definition.after
            )
        }

    @cached_property
    def skip_reasons(self) -> dict[str, str]:
        """`workstream.step` of steps that may have no output → the reason."""
        found = {}
        for name, group in self.step_groups.items():
            if not group.is_inline and group.entry.model.when is not None:
                for step in group.steps:
                    found[f"{name}.{step}"] = f"`{step}` may be missing (workstream `{name}` has a `when`)"
            for step in group.facts.skippable_steps:
                found[f"{name}.{step}"] = f"`{step}` may have been skipped (it has a `when`)"
        return found

    def unplanned_reasons(self, group: StepGroup, actions: frozenset[LineAction]) -> dict[str, str]:
        """`workstream.step` of steps that are not planned for all of these actions → the reason."""
        found: dict[str, str] = {}
        if actions == group.actions and all(step.actions is None for step in group.steps.values()):
            return found
        for step in group.steps:
            missing = actions - group.line_actions(step)
            if missing:
                listed = " and ".join(sorted(missing))
                found[f"{group.id}.{step}"] = f"`{step}` is not planned for {listed} lines, and this step is"
        return found


def product_components(product: ProductDocument) -> Sequence[ComponentDefinition]:
    return product.components if isinstance(product, CommercialProductDocument) else ()
