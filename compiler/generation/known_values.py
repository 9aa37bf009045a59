"""Values that matter to a catalogue: those that its expressions and tables name, and those of real orders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from compiler.catalogue.catalogue import Catalogue, LookupTable, Rule
from compiler.cel.syntax_tree import ExpressionNode, UnparsableError, literal_value, parse_expression, path_uses
from compiler.orders.overrides import declared_attributes, order_lines

KnownValues = Mapping[str, list[Any]]
"""Attribute → values."""
MAX_VALUES = 12
"""Of one attribute."""


def named_values(catalogue: Catalogue) -> dict[str, list[Any]]:
    """What expressions compare attributes with, and the rows of tables that are read by an attribute alone."""
    found: dict[str, dict[str, Any]] = {}
    for product in catalogue.products.values():
        for rule in (*product.decomposes_to, *product.components):
            for name, value in _named_in_rule(rule):
                found.setdefault(name, {})[repr(value)] = value
    for workstream in catalogue.workstreams.values():
        conditions = [workstream.when, *(step.definition.when for step in workstream.steps.values())]
        for name, value in (pair for one in conditions if one for pair in _compared(one)):
            found.setdefault(name, {})[repr(value)] = value
    return {name: list(values.values())[:MAX_VALUES] for name, values in found.items()}


def order_values(orders: Iterable[dict[str, Any]], catalogue: Catalogue) -> dict[str, list[Any]]:
    """The values in these orders, which may be any data, of attributes that a product declares."""
    found: dict[str, dict[str, Any]] = {}
    for order in orders:
        for line in order_lines(order):
            attributes = line.get("attributes")
            declared = declared_attributes(line, catalogue)
            for name, value in attributes.items() if isinstance(attributes, dict) else ():
                if name in declared:
                    found.setdefault(name, {})[repr(value)] = value
    return {name: list(values.values())[:MAX_VALUES] for name, values in found.items()}


def merge_known(*known: KnownValues) -> dict[str, list[Any]]:
    return {name: [value for one in known for value in one.get(name, ())] for name in {n for one in known for n in one}}


def _named_in_rule(rule: Rule) -> Iterator[tuple[str, Any]]:
    for expression in (rule.when, rule.quantity, rule.for_each):
        if expression:
            yield from _compared(expression)
    for value in rule.attributes.values():
        if isinstance(value, LookupTable):
            name = value.key_expression.removeprefix("attributes.")
            if name.isidentifier() and name != value.key_expression:
                yield from ((name, row) for row in value.rows)


def _compared(expression: str) -> Iterator[tuple[str, Any]]:
    """Each literal of an expression, and its neighbours, with each attribute that the expression reads."""
    try:
        names = {use.path[1] for use in path_uses(expression) if use.path[0] == "attributes" and len(use.path) > 1}
        literals = {repr(one): one for one in _literals(parse_expression(expression))}.values()
    except UnparsableError:
        return
    for name in sorted(names):
        for value in literals:
            yield name, value
            if isinstance(value, int | float) and not isinstance(value, bool):
                yield from ((name, value - 1), (name, value + 1))


def _literals(node: ExpressionNode) -> Iterator[Any]:
    value = literal_value(node)
    if value is not None:
        yield value
    for child in node.children:
        yield from _literals(child)
