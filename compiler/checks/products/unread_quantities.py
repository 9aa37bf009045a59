"""Checks for offers whose orders may have any quantity, although nothing that they become reads it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from compiler.catalogue.definition_index import DefinitionIndex, StepGroup
from compiler.cel.syntax_tree import ANY_ITEM, UnparsableError, path_uses
from compiler.checks.expressions.named_values import rule_expressions
from compiler.graph import walk
from compiler.language.documents import CommercialProductDocument, TechnicalProductDocument
from compiler.language.steps import StepDefinition, StepKind
from compiler.source.findings import Finding

CODE = "quantity-unused"
_WORK = frozenset({StepKind.CALL, StepKind.ACTIVITY, StepKind.MANUAL})


def check(index: DefinitionIndex) -> Iterator[Finding]:
    groups = _groups_by_product(index)
    respected = _products_respecting_quantity(index, groups)
    for name, entry in index.definitions.products.items():
        if not index.is_commercial(name) or name in respected or not _has_work(index, groups, name):
            continue
        message = (
            f"nothing that `{name}` becomes reads `quantity`, so an order of 2 does the work once: send `quantity` "
            "where it counts, or declare `quantity: one`, and such an order is rejected"
        )
        key = "id" if entry.model.quantity == "whole" else "quantity"
        yield entry.finding(CODE, (key,), message, severity="warning")


def _groups_by_product(index: DefinitionIndex) -> dict[str, list[StepGroup]]:
    found: dict[str, list[StepGroup]] = {}
    for group in index.step_groups.values():
        for product in group.products:
            found.setdefault(product, []).append(group)
    return found


def _has_work(index: DefinitionIndex, groups: dict[str, list[StepGroup]], product: str) -> bool:
    """Whether a call, an activity or a person does something for the product or what it brings."""
    return any(
        _is_work(step)
        for reached in index.reachable_products(product)
        for group in groups.get(reached, ())
        for step in group.steps.values()
    )


def _is_work(step: StepDefinition) -> bool:
    return step.kind in _WORK and (step.call is None or step.call.method != "get")


def _products_respecting_quantity(index: DefinitionIndex, groups: dict[str, list[StepGroup]]) -> set[str]:
    """The products that read their quantity or refuse another than 1, and those that pass theirs on to one of them."""
    sources: dict[str, list[str]] = {}
    starts = []
    for name, entry in index.definitions.products.items():
        if entry.model.quantity == "one" or _reads_quantity(index, groups, name):
            starts.append(name)
        for target in _targets_with_same_quantity(index, name):
            sources.setdefault(target, []).append(name)
    return set(walk(starts, lambda name: sources.get(name, ())))


def _targets_with_same_quantity(index: DefinitionIndex, product: str) -> Iterator[str]:
    model = index.definitions.products[product].model
    components = model.components if isinstance(model, CommercialProductDocument) else ()
    for rule in (*(written.rule for written in index.effective_rules(product)), *components):
        target = index.definitions.products[rule.product].model
        merged_to_one = isinstance(target, TechnicalProductDocument) and target.merged_quantity == "one"
        if rule.quantity is None and not merged_to_one:
            yield rule.product


def _reads_quantity(index: DefinitionIndex, groups: dict[str, list[StepGroup]], product: str) -> bool:
    """Whether an expression over lines of the product reads it, or there is one line per unit."""
    model = index.definitions.products[product].model
    if isinstance(model, TechnicalProductDocument) and model.per == "unit":
        return True
    expressions = [written.expression for written in index.lets.product_lets(product).values()]
    for written in index.effective_rules(product):
        expressions += rule_expressions(written.rule)
        target = index.definitions.products[written.rule.product].model
        expressions += [target.per] if isinstance(target, TechnicalProductDocument) else []
    if isinstance(model, CommercialProductDocument):
        expressions += [text for component in model.components for text in rule_expressions(component)]
    return _mentions_quantity(expressions) or any(
        group.entry.cached("reads quantity", None, partial(_group_reads_quantity, index, group))
        for group in groups.get(product, ())
    )


def _group_reads_quantity(index: DefinitionIndex, group: StepGroup) -> bool:
    """Whether the steps of a workstream or a product read the quantity of a line that they serve."""
    expressions = [site.expression for step in group.steps for site in index.step_expressions[group.id, step]]
    expressions += [step.per for step in group.steps.values() if step.per]
    if not group.is_inline:
        model = group.entry.model
        expressions += [model.when or "", model.per, *model.let.values()]
    return _mentions_quantity(expressions)


def _mentions_quantity(expressions: Iterable[str]) -> bool:
    return any(_is_read_in(expression) for expression in expressions)


def _is_read_in(expression: str) -> bool:
    if "quantity" not in expression and "lines" not in expression:
        return False
    try:
        uses = path_uses(expression)
    except UnparsableError:
        return True
    return expression.strip() == "lines" or any(
        use.path[0] == "quantity" or (use.path[:2] == ("lines", ANY_ITEM) and use.path[2:3] in ((), ("quantity",)))
        for use in uses
    )
