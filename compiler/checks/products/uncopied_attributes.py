"""Checks for attributes that a rule does not copy, though source and target have one of the same name."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.catalogue.definition_index import DefinitionIndex
from compiler.language.attributes import copies_to
from compiler.source.document import KeyPath
from compiler.source.findings import Finding


def check(index: DefinitionIndex) -> Iterator[Finding]:
    reported: set[tuple[str, int, str]] = set()
    for name in index.definitions.products:
        declared = index.product_attributes[name]
        for entry, position, rule in index.effective_rules(name):
            for attribute, target in index.product_attributes.get(rule.product, {}).items():
                source = declared.get(attribute)
                if source is None or attribute in rule.attributes or copies_to(source, target):
                    continue
                if (entry.model.id, position, attribute) in reported:
                    continue
                reported.add((entry.model.id, position, attribute))
                path: KeyPath = ("decomposes_to", position, "product")
                message = (
                    f"`{attribute}` is not copied: it is {source.type} in `{name}` and {target.type} in "
                    f"`{rule.product}`; map it in `attributes`, or rename one of them"
                )
                yield entry.finding("attribute-not-copied", path, message, severity="warning")
