"""Checks for attributes of products and classes that nothing reads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from compiler.catalogue.definition_index import DefinitionIndex
from compiler.catalogue.definitions import DefinitionEntry
from compiler.graph import walk
from compiler.language.attributes import copies_to
from compiler.language.documents import CommercialProductDocument, ComponentDefinition, TechnicalProductDocument
from compiler.language.steps import LineAction
from compiler.source.findings import Finding

_READ = re.compile(r"""\battributes\b(?:\s*\.\s*(?P<name>[A-Za-z_]\w*)|\s*\[\s*["'](?P<key>\w+)["']\s*\])?""")
_WHOLE_LINES = re.compile(r"\$\{\s*lines\s*\}|\(\s*(\w+)\s*,\s*\1\s*\)")
_ALL = "*"
"""Read is the mapping of all attributes as a whole."""

ProductAttribute = tuple[str, str]


def check(index: DefinitionIndex) -> Iterator[Finding]:
    read = _read_attributes(index)
    for name, entry in index.definitions.products.items():
        if any(index.has_work(name, action) for action in LineAction):
            unread = [one for one in entry.model.attributes if not _is_read(read, name, one)]
            yield from _findings(entry, (one for one in unread if not _is_reported_elsewhere(index, name, one)))
    for name, inherited in index.definitions.classes.items():
        heirs = index.products_by_class.get(name, ())
        for attribute in inherited.model.attributes if heirs else ():
            if not any(
                _is_read(read, heir, attribute) or _is_reported_elsewhere(index, heir, attribute) for heir in heirs
            ):
                yield from _findings(inherited, [attribute])


def _findings(entry: DefinitionEntry[Any], attributes: Iterable[str]) -> Iterator[Finding]:
    for name in attributes:
        message = f"nothing reads `{name}`: no step, rule or condition has `attributes.{name}`"
        yield entry.finding("attribute-unused", ("attributes", name), message, key=True, severity="warning")


def _is_read(read: set[ProductAttribute], product: str, attribute: str) -> bool:
    return (product, attribute) in read or (product, _ALL) in read


def _is_reported_elsewhere(index: DefinitionIndex, product: str, attribute: str) -> bool:
    """Whether a rule copies it to an attribute that is not read either, or cannot copy it because of its type."""
    return any(attribute in target and attribute not in rule.attributes for rule, target in _rules_to(index, product))


def _rules_to(index: DefinitionIndex, product: str) -> Iterator[tuple[ComponentDefinition, Mapping[str, Any]]]:
    """The rules and components of a product, each with the attributes of its target."""
    model = index.definitions.products[product].model
    rules: list[ComponentDefinition] = [written.rule for written in index.effective_rules(product)]
    if isinstance(model, CommercialProductDocument):
        rules += model.components
    for rule in rules:
        yield rule, index.product_attributes.get(rule.product, {})


def _read_attributes(index: DefinitionIndex) -> set[ProductAttribute]:
    """What expressions read, and what is copied to something that is read."""
    written = set(_written_reads(index))
    sources: dict[ProductAttribute, list[ProductAttribute]] = {}
    for name, declared in index.product_attributes.items():
        for rule, target in _rules_to(index, name):
            for attribute in declared.keys() & target.keys() - rule.attributes.keys():
                if copies_to(declared[attribute], target[attribute]):
                    sources.setdefault((rule.product, attribute), []).append((name, attribute))
                    if (rule.product, _ALL) in written:
                        written.add((rule.product, attribute))
    return set(walk(written, lambda one: sources.get(one, ())))


def _written_reads(index: DefinitionIndex) -> Iterator[ProductAttribute]:
    in_classes = {name: _reads_of(entry) for name, entry in index.definitions.classes.items()}
    for name, entry in index.definitions.products.items():
        model = entry.model
        names = _reads_of(entry) | in_classes.get(model.product_class or "", frozenset())
        yield from ((name, attribute) for attribute in names)
        if isinstance(model, TechnicalProductDocument) and "attributes" in model.per:
            for source, _ in index.rules_by_target.get(name, ()):
                yield from ((source, attribute) for attribute in _reads(model.per))
    for workstream in index.definitions.workstreams.values():
        names = _reads_of(workstream)
        for product in index.step_groups[workstream.model.id].products:
            yield from ((product, attribute) for attribute in names)


def _reads_of(entry: DefinitionEntry[Any]) -> frozenset[str]:
    return entry.cached("attributes read", None, lambda: _reads(entry.document.data))


def _reads(data: Any) -> frozenset[str]:
    """The names that the texts in `data` read. A text that only looks like an expression counts, too."""
    found: set[str] = set()
    waiting = [data]
    while waiting:
        value = waiting.pop()
        if type(value) is str:
            if "attributes" in value:
                found.update(one["name"] or one["key"] or _ALL for one in _READ.finditer(value))
            if "lines" in value and _WHOLE_LINES.search(value):
                found.add(_ALL)
        elif type(value) is dict:
            waiting += [inner for key, inner in value.items() if key != "description"]
        elif type(value) is list:
            waiting += value
    return frozenset(found)
