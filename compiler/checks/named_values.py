"""Checks named values (`let`): their expressions, cycles, and whether anything reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
        yield finding_at(location, error.code, error.message, undefined_name=error.undefined_name)


def check_unused(index: DefinitionIndex) -> Iterator[Finding]:
    """Named values that nothing reads."""
    readers = _Readers(index)
    for entry, used in readers.by_document():
        for name in entry.model.let:
            if name not in used and EVERY_NAME not in used:
                message = f"nothing reads `let.{name}`: use it, or leave it out"
                yield entry.finding("let-unused", (LET, name), message, key=True, severity="warning")


EVERY_NAME = "*"
"""Stands for all names, where an expression reads a `let` as a whole."""


class _Readers:
    """Which named values are read by whom."""

    def __init__(self, index: DefinitionIndex) -> None:
        self._index = index
        self._by_group = {name: self._read_by_steps(group) for name, group in index.step_groups.items()}

    def by_document(self) -> Iterator[tuple[DefinitionEntry[Any], set[str]]]:
        """Each document with the names that somebody may read of it."""
        definitions = self._index.definitions
        by_product = {name: self._read_of_product(name) for name in definitions.products}
        for name, product in definitions.products.items():
            yield product, by_product[name]
        for name, product_class in definitions.classes.items():
            rules = product_class.model.decomposes_to
            read = names_read([*product_class.model.let.values(), *(text for one in rules for text in _of_rule(one))])
            heirs = self._index.products_by_class.get(name, ())
            yield product_class, read.union(*(by_product[heir] for heir in heirs))
        for group in self._index.step_groups.values():
            if not group.is_inline:
                yield group.entry, self._by_group[group.id] | names_read(group.entry.model.let.values())

    def _read_by_steps(self, group: StepGroup) -> set[str]:
        sites = [site for step in group.steps for site in self._index.step_expressions[group.id, step]]
        return names_read(site.expression for site in sites)

    def _read_of_product(self, name: str) -> set[str]:
        model = self._index.definitions.products[name].model
        expressions = [written.expression for written in self._index.lets.product_lets(name).values()]
        for _, _, rule in self._index.effective_rules(name):
            expressions += _of_rule(rule)
            target = self._index.definitions.products.get(rule.product)
            if target is not None and isinstance(target.model, TechnicalProductDocument):
                expressions.append(target.model.per)
        if isinstance(model, CommercialProductDocument):
            expressions += [text for component in model.components for text in _of_rule(component)]
        read = names_read(expressions)
        for group in self._index.step_groups.values():
            if name in group.products:
                read |= self._by_group[group.id]
                if not group.is_inline:
                    conditions = (group.entry.model.when or "", group.entry.model.per)
                    read |= names_read([*conditions, *group.entry.model.let.values()])
        return read


def _of_rule(rule: ComponentDefinition) -> list[str]:
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
