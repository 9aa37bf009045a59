"""Answers questions about definitions that need several of them, for the checks and for the catalogue builder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from compiler.catalogue.definitions import DefinitionEntry, Definitions
from compiler.catalogue.let_index import LetIndex
from compiler.catalogue.step_references import StepReferences
from compiler.graph import walk
from compiler.language.attributes import Attribute
from compiler.language.documents import (
    ClassReference,
    CommercialProductDocument,
    ProductClassDocument,
    ProductDocument,
    RuleDefinition,
    TechnicalProductDocument,
    WorkstreamDocument,
)
from compiler.language.steps import LineAction, StepDefinition, StepKey, StepReference
from compiler.typecheck.expression_sites import STEP_SHAPE, ExpressionSite, find_expressions
from compiler.typecheck.types import DOUBLE, DYN, INT, Type


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

    def line_actions(self, step: str) -> frozenset[LineAction]:
        given = self.steps[step].actions
        return self.actions if given is None else frozenset(given)

    def step_per(self, step: str) -> str:
        return self.steps[step].per or self.per


class WrittenRule(NamedTuple):
    """A rule of `decomposes_to`, with the product or class that it is written in."""

    entry: DefinitionEntry[ProductDocument] | DefinitionEntry[ProductClassDocument]
    position: int
    rule: RuleDefinition


class DefinitionIndex:
    """The index of all definitions. Each answer is computed once."""

    def __init__(self, definitions: Definitions) -> None:
        self.definitions = definitions

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
        return frozenset(self.definitions.products[product].model.quantity == "decimal" for product in products)

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
                found[name] = StepGroup(
                    name, product, product.model.steps, (name,), frozenset({LineAction.ADD}), "line", is_inline=True
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
        )

    @cached_property
    def steps_by_workstream(self) -> dict[str, frozenset[str]]:
        """Workstream → its steps."""
        return {name: frozenset(group.steps) for name, group in self.step_groups.items()}

    @cached_property
    def step_expressions(self) -> dict[StepKey, list[ExpressionSite]]:
        """Step → its expressions."""
        found = {}
        for name, group in self.step_groups.items():
            written = group.entry.document.data["steps"]
            for step in group.steps:
                found[name, step] = find_expressions(written[step], STEP_SHAPE, ("steps", step))
        return found

    def effective_rules(self, product: str) -> Iterator[WrittenRule]:
        """The rules of its class first, then its own. An own rule to the same product and `as` takes a rule's place."""
        entry = self.definitions.products[product]
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
                if any(action in group.line_actions(step) for step in group.steps)
                for product in group.products
            ]
            sources = self._sources_for(action)
            found[action] = set(walk(served, lambda name, above=sources: above.get(name, ())))  # type: ignore[misc]
        return found

    def _sources_for(self, action: LineAction) -> dict[str, list[str]]:
        """Product → the products whose rules or components bring it for lines with this action."""
        found: dict[str, list[str]] = {}
        for name, entry in self.definitions.products.items():
            rules = [rule for _, _, rule in self.effective_rules(name)]
            targets = [rule.product for rule in rules if rule.actions is None or action in rule.actions]
            if isinstance(entry.model, CommercialProductDocument):
                targets += [component.product for component in entry.model.components]
            for target in targets:
                found.setdefault(target, []).append(name)
        return found

    def product_targets(self, product: str) -> list[str]:
        """The products that its rules and its components name, defined or not."""
        document = self.definitions.products[product].model
        targets = [rule.product for _, _, rule in self.effective_rules(product)]
        if isinstance(document, CommercialProductDocument):
            targets += [component.product for component in document.components]
        return targets

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
        return {
            (name, step): [
                found
                for reference in definition.after
                if isinstance(reference, StepReference)
                for found in self.resolve_reference(reference.step, name) or ()
            ]
            for name, group in self.step_groups.items()
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
            conditional = not group.is_inline and group.entry.model.when is not None
            for step, definition in group.steps.items():
                if definition.when is not None and definition.default_output is None:
                    found[f"{name}.{step}"] = f"`{step}` may have been skipped (it has a `when`)"
                elif conditional:
                    found[f"{name}.{step}"] = f"`{step}` may be missing (workstream `{name}` has a `when`)"
        return found

    def unplanned_reasons(self, group: StepGroup, actions: frozenset[LineAction]) -> dict[str, str]:
        """`workstream.step` of steps that are not planned for all of these actions → the reason."""
        found = {}
        for step in group.steps:
            missing = actions - group.line_actions(step)
            if missing:
                listed = " and ".join(sorted(missing))
                found[f"{group.id}.{step}"] = f"`{step}` is not planned for {listed} lines, and this step is"
        return found
