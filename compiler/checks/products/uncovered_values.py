"""Checks for values of a source's attribute that the target's attribute, which takes them over, does not allow."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from compiler.catalogue.definition_index import DefinitionIndex, WrittenRule
from compiler.language.attributes import Attribute, copies_to
from compiler.source.document import KeyPath
from compiler.source.findings import Finding
from compiler.values import as_text

_WHOLE_ATTRIBUTE = re.compile(r"\$\{\s*attributes\.(\w+)\s*\}")


def check(index: DefinitionIndex) -> Iterator[Finding]:
    seen: set[tuple[str, int, int, str]] = set()
    for product, entry in index.definitions.products.items():
        rules = index.effective_rules(product)
        inputs = [(index.product_attributes.get(one.rule.product), one.rule) for one in rules]
        check_rules = partial(_check_rules, index, product)
        for finding in entry.cached_findings(
            "uncovered values", (index.product_attributes[product], inputs), check_rules
        ):
            place = (finding.file, finding.line, finding.column, finding.message)
            if place not in seen:  # a class's rule is one for each of its products
                seen.add(place)
                yield finding


def _check_rules(index: DefinitionIndex, product: str) -> Iterator[Finding]:
    declared = index.product_attributes[product]
    for written in index.effective_rules(product):
        for name, target in index.product_attributes.get(written.rule.product, {}).items():
            source_name = _source_of(written, name)
            source = declared.get(source_name) if source_name else None
            if source is None or not copies_to(source, target) or _is_decided(written, source_name or ""):
                continue
            problem = _uncovered(source, target)
            if problem:
                path: KeyPath = ("decomposes_to", written.position, "product")
                if name in written.rule.attributes:
                    path = ("decomposes_to", written.position, "attributes", name)
                message = (
                    f"`{source_name}` may be {problem}, which `{name}` of `{written.rule.product}` does not allow: an "
                    f"order with it is rejected"
                )
                yield written.entry.finding("value-not-covered", path, message, severity="warning")


def _source_of(written: WrittenRule, name: str) -> str | None:
    """The source's attribute whose value the target's attribute takes over as it is."""
    if name not in written.rule.attributes:
        return name
    value = written.rule.attributes[name]
    found = _WHOLE_ATTRIBUTE.fullmatch(value) if isinstance(value, str) else None
    return found[1] if found else None


def _is_decided(written: WrittenRule, source: str) -> bool:
    """Whether the rule's condition may leave out some of its values."""
    return written.rule.when is not None and source in written.rule.when


def _uncovered(source: Attribute, target: Attribute) -> str:
    """The values of the source that the target does not allow, in words; empty if it allows all that are known."""
    if source.enum and target.enum:
        missing = [value for value in source.enum if value not in target.enum]
        return " or ".join(f"`{as_text(value)}`" for value in missing[:3])
    if source.enum:
        return ""
    if source.minimum is not None and target.minimum is not None and source.minimum < target.minimum:
        return f"`{as_text(source.minimum)}`"
    if source.maximum is not None and target.maximum is not None and source.maximum > target.maximum:
        return f"`{as_text(source.maximum)}`"
    return ""
