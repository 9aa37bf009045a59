"""Checks for required attributes of a target that a rule does not give."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.catalogue.definition_index import DefinitionIndex, WrittenRule
from compiler.checks.steps.line_actions import rule_actions
from compiler.language.attributes import copies_to
from compiler.language.documents import TechnicalProductDocument
from compiler.language.steps import ACTIONS_NEEDING_ATTRIBUTES
from compiler.source.findings import Finding

_OWN_LINES = frozenset({"line", "unit"})


def check(index: DefinitionIndex) -> Iterator[Finding]:
    reported: set[tuple[str, int, str]] = set()
    for product in index.definitions.products:
        rules = list(index.effective_rules(product))
        for written in rules:
            for attribute in _ungiven(index, product, written, rules):
                key = (written.entry.model.id, written.position, attribute)
                if key in reported:
                    continue  # a class's rule is one for each of its products
                reported.add(key)
                message = (
                    f"nothing gives `{written.rule.product}` its required attribute `{attribute}`: an order with this "
                    f"line is rejected. Write it in `attributes`, or declare `{attribute}` in `{product}` as well"
                )
                path = ("decomposes_to", written.position, "product")
                yield written.entry.finding("attribute-not-given", path, message, severity="warning")


def _ungiven(index: DefinitionIndex, product: str, written: WrittenRule, rules: list[WrittenRule]) -> Iterator[str]:
    """The required attributes that neither this rule nor another one for the same line gives."""
    target = index.definitions.products[written.rule.product].model
    if not isinstance(target, TechnicalProductDocument) or target.per not in _OWN_LINES:
        return  # other sources may give them
    if ACTIONS_NEEDING_ATTRIBUTES.isdisjoint(rule_actions(written.rule)):
        return
    same_line = [one.rule for one in rules if (one.rule.product, one.rule.as_) == (target.id, written.rule.as_)]
    given = {name for rule in same_line for name in rule.attributes}
    declared = index.product_attributes[product]
    for name, attribute in index.product_attributes[target.id].items():
        if attribute.required and attribute.default is None and name not in given:
            source = declared.get(name)
            if source is None or not copies_to(source, attribute):
                yield name
