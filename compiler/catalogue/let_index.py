"""The named values (`let`) of products, classes and workstreams: which ones there are, and their types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from compiler.catalogue.definitions import DefinitionEntry
from compiler.language.documents import (
    ProductClassDocument,
    ProductDocument,
    TechnicalProductDocument,
    WorkstreamDocument,
)
from compiler.typecheck.let_types import LetTypes, infer_let_types
from compiler.typecheck.scopes import element_type, shared_and_combined_fields, source_scope
from compiler.typecheck.type_scope import TypeScope
from compiler.typecheck.types import DYN, INT, Field, Type, object_type

if TYPE_CHECKING:
    from compiler.catalogue.definition_index import DefinitionIndex, StepGroup

LetDocument = ProductDocument | ProductClassDocument | WorkstreamDocument


class WrittenLet(NamedTuple):
    """A named value, with the document that it is written in."""

    entry: (
        DefinitionEntry[ProductDocument] | DefinitionEntry[ProductClassDocument] | DefinitionEntry[WorkstreamDocument]
    )
    name: str

    @property
    def expression(self) -> str:
        return self.entry.model.let[self.name]


class LetIndex:
    """Answers questions about named values. Each answer is computed once."""

    def __init__(self, index: DefinitionIndex) -> None:
        self._index = index
        self._product_types: dict[str, LetTypes] = {}
        self._class_types: dict[str, LetTypes] = {}
        self._workstream_types: dict[str, LetTypes] = {}

    def product_lets(self, product: str) -> dict[str, WrittenLet]:
        """The product's named values: those of its class, unless the product has one of the same name, and its own."""
        definitions = self._index.definitions
        entry = definitions.products[product]
        inherited = definitions.classes.get(entry.model.product_class or "")
        if inherited is None and not entry.model.let:
            return {}
        found = {name: WrittenLet(inherited, name) for name in inherited.model.let} if inherited else {}
        return found | {name: WrittenLet(entry, name) for name in entry.model.let}

    def product_types(self, product: str) -> LetTypes:
        """The types of the product's named values, those of its class included."""
        found = self._product_types.get(product)
        if found is None:
            self._product_types[product] = LetTypes()  # what a product in a cycle of products sees of itself
            lets = {name: written.expression for name, written in self.product_lets(product).items()}
            found = self._product_types[product] = (
                infer_let_types(lets, self._product_scope(product)) if lets else LetTypes()
            )
        return found

    def _product_scope(self, product: str) -> TypeScope:
        attributes = self._index.attributes_type(product)
        scope = source_scope(attributes, None, self._index.quantity_type([product]))
        return scope.with_names(**self.loop_variables([product]))

    def class_types(self, product_class: str) -> LetTypes:
        """The types of the class's named values, for its own attributes; none if there is no such class."""
        found = self._class_types.get(product_class)
        if found is None:
            entry = self._index.definitions.classes.get(product_class)
            if entry is None or not entry.model.let:
                return LetTypes()
            model = entry.model
            heirs = self._index.products_by_class.get(product_class, [])
            scope = source_scope(object_type(model.attributes), None, self._index.quantity_type(heirs))
            found = self._class_types[product_class] = infer_let_types(model.let, scope)
        return found

    def workstream_types(self, group: StepGroup) -> LetTypes:
        """The types of the workstream's own named values."""
        if group.is_inline or not group.entry.model.let:
            return LetTypes()
        found = self._workstream_types.get(group.id)
        if found is None:
            scope = self._workstream_scope(group)
            found = self._workstream_types[group.id] = infer_let_types(group.entry.model.let, scope)
        return found

    def _workstream_scope(self, group: StepGroup) -> TypeScope:
        attributes, _ = self._index.attribute_types(group.products)
        lets, _ = self.served_lets(group.products)
        actions = frozenset().union(*(group.line_actions(step) for step in group.steps))
        scope = source_scope(attributes, actions, self._index.quantity_type(group.products), lets)
        return scope.with_names(**self.loop_variables(group.products)).assuming(group.entry.model.when)

    def served_lets(self, products: Iterable[str]) -> tuple[Type, Type]:
        """The named values that all of these products have; and those that any has, which may be missing."""
        return shared_and_combined_fields([self.product_types(product).whole for product in products])

    def step_lets(self, group: StepGroup) -> tuple[Type, Type]:
        """Like `served_lets`, with the workstream's own values, for its steps."""
        own = self.workstream_types(group).whole
        shared, combined = self.served_lets(group.products)
        return _with_fields(shared, own), _with_fields(combined, own)

    def loop_variables(self, products: Iterable[str]) -> dict[str, Type]:
        """`each` and `index`, if `for_each` or `per: unit` creates lines of these products."""
        products = list(products)
        elements = [
            element_type(rule.for_each, self._index.attributes_type(source), self.product_types(source).whole)
            for product in products
            for source, rule in self._index.rules_by_target.get(product, ())
            if rule.for_each
        ]
        if elements:
            return {"each": elements[0] if all(one == elements[0] for one in elements) else DYN, "index": INT}
        models = [self._index.definitions.products[product].model for product in products]
        counted = any(isinstance(model, TechnicalProductDocument) and model.per == "unit" for model in models)
        return {"index": INT} if counted else {}


def _with_fields(whole: Type, own: Type) -> Type:
    if not own.fields:
        return whole
    fields: Mapping[str, Field] = {one.name: one for one in (*whole.fields, *own.fields)}
    return Type("object", None, tuple(fields[name] for name in sorted(fields)))
