"""Checks named values (`let`): their expressions, cycles, and whether anything reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

from compiler.catalogue.builder import is_lookup_table
from compiler.catalogue.definition_index import DefinitionIndex, StepGroup
from compiler.catalogue.definitions import DefinitionEntry
from compiler.catalogue.let_index import WrittenLet
from compiler.cel.let_name import LET
from compiler.cel.syntax_tree import ANY_ITEM, UnparsableError, path_uses
from compiler.language.documents import (
    CommercialProductDocument,
    ComponentDefinition,
    ProductClassDocument,
    ProductDocument,
    RuleDefinition,
    TechnicalProductDocument,
)
from compiler.source.findings import Finding, finding_at
from compiler.typecheck.error_messages import ExpressionError
from compiler.typecheck.expression_sites import TemplateShape, find_embedded
from compiler.typecheck.let_types import LetTypes


def check(index: DefinitionIndex) -> Iterator[Finding]:
    definitions, lets = index.definitions, index.lets
    for name, product_class in definitions.classes.items():
        yield from _expression_findings(product_class, lets.class_types(name))
    for name, product in definitions.products.items():
        inherited = lets.class_types(product.model.product_class or "").errors
        for let, errors in lets.product_types(name).errors.items():
            written = lets.product_lets(name)[let]
            if written.entry is product or errors != inherited.get(let):
                yield from _error_findings(written, errors)
    for group in index.step_groups.values():
        if not group.is_inline:
            yield from _expression_findings(group.entry, lets.workstream_types(group))


def _expression_findings(entry: DefinitionEntry[Any], types: LetTypes) -> Iterator[Finding]:
    for name, errors in types.errors.items():
        yield from _error_findings(WrittenLet(entry, name), errors)


def _error_findings(written: WrittenLet, errors: Iterable[ExpressionError]) -> Iterator[Finding]:
    for error in errors:
        location = written.entry.document.location_in_text((LET, written.name), error.offset)
        undefined = error.undefined_name_in(written.entry.model.id)
        yield finding_at(location, error.code, error.message, undefined_name=undefined)


def check_unused(index: DefinitionIndex) -> Iterator[Finding]:
    """Named values that nothing reads."""
    readers = _Readers(index)
    for product in index.definitions.products.values():
        if product.model.let:
            yield from _unread(product, readers.of_product(product.model))
    for product_class in index.definitions.classes.values():
        if product_class.model.let:
            yield from _unread(product_class, readers.of_class(product_class.model))
    for group in index.step_groups.values():
        if not group.is_inline and group.entry.model.let:
            yield from _unread(group.entry, readers.of_steps(group) | names_read(group.entry.model.let.values()))


def _unread(entry: DefinitionEntry[Any], read: set[str]) -> Iterator[Finding]:
    for name in entry.model.let:
        if name not in read and EVERY_NAME not in read:
            message = f"nothing reads `let.{name}`: use it, or leave it out"
            yield entry.finding("let-unused", (LET, name), message, key=True, severity="warning")


EVERY_NAME = "*"
"""Stands for all names, where an expression reads a `let` as a whole."""


class _Readers:
    """Which named values are read by whom."""

    def __init__(self, index: DefinitionIndex) -> None:
        self._index = index

    @cached_property
    def _groups_by_product(self) -> dict[str, list[StepGroup]]:
        found: dict[str, list[StepGroup]] = {}
        for group in self._index.step_groups.values():
            for product in group.products:
                found.setdefault(product, []).append(group)
        return found

    def of_class(self, model: ProductClassDocument) -> set[str]:
        """The names that somebody may read of a class: its own rules, and all that reads its products'."""
        rules = [text for rule in model.decomposes_to for text in rule_expressions(rule)]
        heirs = [self._index.definitions.products[heir] for heir in self._index.products_by_class.get(model.id, ())]
        return names_read([*model.let.values(), *rules]).union(*(self.of_product(heir.model) for heir in heirs))

    def of_steps(self, group: StepGroup) -> set[str]:
        sites = [site for step in group.steps for site in self._index.step_expressions[group.id, step]]
        return names_read(site.expression for site in sites)

    def of_product(self, model: ProductDocument) -> set[str]:
        """The names that somebody may read of a product."""
        expressions = [written.expression for written in self._index.lets.product_lets(model.id).values()]
        for _, _, rule in self._index.effective_rules(model.id):
            expressions += rule_expressions(rule)
            target = self._index.definitions.products.get(rule.product)
            if target is not None and isinstance(target.model, TechnicalProductDocument):
                expressions.append(target.model.per)
        if isinstance(model, CommercialProductDocument):
            expressions += [text for component in model.components for text in rule_expressions(component)]
        read = names_read(expressions)
        for group in self._groups_by_product.get(model.id, ()):
            read |= self.of_steps(group)
            if not group.is_inline:
                conditions = (group.entry.model.when or "", group.entry.model.per)
                read |= names_read([*conditions, *group.entry.model.let.values()])
        return read


def rule_expressions(rule: ComponentDefinition) -> list[str]:
    """The expressions of a rule or a component."""
    listed = (rule.for_each, rule.key) if isinstance(rule, RuleDefinition) else ()
    tables = [str(value["from"]) for value in rule.attributes.values() if is_lookup_table(value)]
    embedded = [site.expression for site in find_embedded(rule.attributes, TemplateShape(), ())]
    return [text for text in (rule.when, rule.quantity, *listed, *tables, *embedded) if text]


def names_read(expressions: Iterable[str]) -> set[str]:
    """The named values that expressions read, as `let.NAME` or of one of several `lines`."""
    return {name for expression in expressions for name in _names_in(expression)}


def _names_in(expression: str) -> Iterator[str]:
    try:
        uses = path_uses(expression)
    except UnparsableError:
        return
    if expression.strip() == "lines":
        yield EVERY_NAME
    for use in uses:
        if use.path[0] == LET:
            yield from use.path[1:2] or (EVERY_NAME,)
        elif use.path[:2] == ("lines", ANY_ITEM) and use.path[2:3] in ((), (LET,)):
            yield from use.path[3:4] or (EVERY_NAME,)
