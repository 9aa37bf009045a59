"""Checks the quantities of rules and components: the target declares whether they are whole, decimal or always 1."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from compiler.catalogue.definition_index import DefinitionIndex
from compiler.catalogue.definitions import DefinitionEntry
from compiler.cel.syntax_tree import parse_expression
from compiler.language.documents import ComponentDefinition, TechnicalProductDocument
from compiler.source.document import KeyPath
from compiler.source.findings import Finding
from compiler.typecheck.type_checker import expression_kind
from compiler.typecheck.type_scope import TypeScope

FRACTION_CODE = "quantity-fraction"
_WHOLE_RESULTS = frozenset({"math.ceil", "math.floor", "math.round", "math.trunc"})


def check_rule_quantity(
    index: DefinitionIndex,
    entry: DefinitionEntry[Any],
    path: KeyPath,
    rule: ComponentDefinition,
    scope: TypeScope,
    products: Sequence[str],
) -> Iterator[Finding]:
    """A constant fraction is an error. What may be one is a warning: it rejects only the orders in which it is."""
    target = index.definitions.products.get(rule.product)
    if target is None or target.model.quantity == "decimal":
        return
    if target.model.quantity == "one":
        if rule.quantity is not None and _is_number(rule.quantity) and float(rule.quantity) != 1:
            message = f"the quantity of `{rule.product}` is always 1 (`quantity: one`): omit this, or write 1"
            yield entry.finding("quantity-not-one", (*path, "quantity"), message)
        return
    remedy = f"round it, for example with `math.ceil(…)`, or give `{rule.product}` `quantity: decimal`"
    if rule.quantity is None:
        decimal = [product for product in products if True in index.decimal_quantities([product])]
        if decimal:
            message = (
                f"the rule takes the quantity of `{decimal[0]}`, which may be a fraction, and quantities of "
                f"`{rule.product}` are whole: give the rule a `quantity`, or give `{rule.product}` `quantity: decimal`"
            )
            yield entry.finding(FRACTION_CODE, (*path, "product"), message, severity="warning")
    elif _is_fraction(rule.quantity):
        message = f"quantities of `{rule.product}` are whole, and this is a fraction: {remedy}"
        yield entry.finding(FRACTION_CODE, (*path, "quantity"), message)
    elif expression_kind(rule.quantity, scope) == "double" and not _is_whole(rule.quantity):
        message = (
            f"this may be a fraction, and quantities of `{rule.product}` are whole, so an order for which it is one is "
            f"rejected: {remedy}"
        )
        yield entry.finding(FRACTION_CODE, (*path, "quantity"), message, severity="warning")


def check_unit_quantities(entry: DefinitionEntry[Any]) -> Iterator[Finding]:
    """Units are counted, so there is no fraction of one."""
    document = entry.model
    if not isinstance(document, TechnicalProductDocument) or document.per != "unit":
        return
    if document.merged_quantity != "sum":
        message = "with `per: unit` the units of all rules are added up: omit `merged_quantity`"
        yield entry.finding("merged-quantity-of-units", ("merged_quantity",), message)
    if document.quantity == "decimal":
        message = "with `per: unit` there is one line for each unit, and no fraction of one: omit `quantity`"
        yield entry.finding("decimal-units", ("quantity",), message)


def _is_number(expression: str) -> bool:
    try:
        float(expression)
    except ValueError:
        return False
    return True


def _is_whole(expression: str) -> bool:
    """Whether it is a number as written, or a call whose value has no fraction."""
    if _is_number(expression):
        return True
    tree = parse_expression(expression)
    if tree.kind != "call":
        return False
    return tree.name in _WHOLE_RESULTS or (tree.name == "round" and len(tree.children) == 1)


def _is_fraction(expression: str) -> bool:
    return _is_number(expression) and not float(expression).is_integer()
