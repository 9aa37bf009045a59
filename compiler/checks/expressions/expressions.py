"""Checks every expression: its names are available, its types fit, and it uses no value that may be missing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from compiler.catalogue.builder import is_lookup_table
from compiler.catalogue.definition_index import DefinitionIndex, StepGroup, WrittenRule, product_components
from compiler.catalogue.definitions import DefinitionEntry
from compiler.cel.templates import split_template
from compiler.checks.expressions.expression_scopes import (
    RuleScopes,
    StepScopes,
    product_per_scope,
    receiver_site_scope,
    system_scope,
)
from compiler.checks.products.quantities import check_rule_quantity
from compiler.language.attributes import Attribute, AttributeType, validate_value
from compiler.language.documents import (
    ProductDocument,
    SystemDocument,
    TechnicalProductDocument,
)
from compiler.language.durations import parse_duration
from compiler.source.document import KeyPath
from compiler.source.findings import Finding, did_you_mean, finding_at
from compiler.typecheck.expression_sites import (
    COMPONENT_SHAPE,
    EXAMPLE_SHAPE,
    PER_KEYWORDS,
    RECEIVER_SHAPE,
    RULE_SHAPE,
    SYSTEM_SHAPE,
    ExpressionSite,
    TemplateShape,
    find_embedded,
    find_expressions,
)
from compiler.typecheck.scopes import example_scope
from compiler.typecheck.type_checker import ExpectedType, check_expression
from compiler.typecheck.type_scope import TypeScope
from compiler.typecheck.types import Type, object_type
from compiler.values import as_text


def check(index: DefinitionIndex) -> Iterator[Finding]:
    for name, product in index.definitions.products.items():
        rules, components = index.effective_rules(name), product_components(product.model)
        if rules or components:
            targets = [one.product for one in (*(written.rule for written in rules), *components)]
            known = _known_of_rules(index, name, targets)
            yield from product.cached_findings("rules", known, partial(_check_rules_of, index, name))
        if isinstance(product.model, TechnicalProductDocument):
            yield from _check_per(index, product)
    for name, product_class in index.definitions.classes.items():
        attributes, lets = object_type(product_class.model.attributes), index.lets.class_types(name).whole
        for position, rule in enumerate(product_class.model.decomposes_to):
            heirs = index.products_by_class.get(name, [])
            yield from _check_rule(index, WrittenRule(product_class, position, rule), attributes, heirs, lets)
    for group in index.step_groups.values():
        scopes = StepScopes(index, group)
        if group.facts.reads_workstreams:  # The findings may depend on steps outside the group.
            yield from _check_group(group, scopes)
        else:
            check_group = partial(_check_group, group, scopes)
            yield from group.entry.cached_findings("expressions of steps", scopes.known, check_group)
    for system in index.definitions.systems.values():
        for site in find_expressions(system.document.data, SYSTEM_SHAPE):
            yield from check_site(system, site, system_scope(site))
        for finding in _check_example(system):
            yield finding.of_tests()
    for receiver in index.definitions.receivers.values():
        for site in find_expressions(receiver.document.data, RECEIVER_SHAPE):
            yield from check_site(receiver, site, receiver_site_scope(site))


def _known_of_rules(index: DefinitionIndex, name: str, targets: Iterable[str]) -> object:
    """All that the findings about a product's rules depend on besides its own document."""
    products = index.definitions.products
    return (
        index.product_attributes[name],
        index.lets.product_types(name),
        index.definitions.classes.get(products[name].model.product_class or ""),
        index.lets.class_types(products[name].model.product_class or ""),
        index.quantity_type([name]),
        [(index.product_attributes[one], products[one].model.quantity) if one in products else None for one in targets],
    )


def _check_rules_of(index: DefinitionIndex, name: str) -> Iterator[Finding]:
    product = index.definitions.products[name]
    attributes, lets = index.attributes_type(name), index.lets.product_types(name).whole
    inherited = index.definitions.classes.get(product.model.product_class or "")
    redeclares = inherited and (
        _redeclares_types(product.model.attributes, inherited.model.attributes)
        or _replaces_lets(index, product.model, lets)
    )
    for written in index.effective_rules(name):
        if written.entry is product or redeclares:
            yield from _check_rule(index, written, attributes, [name], lets)
    yield from _check_components(index, product, attributes, lets)


def _check_example(system: DefinitionEntry[SystemDocument]) -> Iterator[Finding]:
    written = system.document.data.get("example")
    for position, answer in enumerate(system.model.example):
        path: KeyPath = ("example", position) if isinstance(written, list) else ("example",)
        for site in find_expressions(system.document.value(path), EXAMPLE_SHAPE, path):
            yield from check_site(system, site, example_scope(answer.path_names, site.extra_names))


def check_site(entry: DefinitionEntry[Any], site: ExpressionSite, scope: TypeScope) -> Iterator[Finding]:
    """What is wrong with one expression of the entry's document."""
    if site.problem:
        location = entry.document.location_in_text(site.path, site.offset)
        yield finding_at(location, "expression-syntax", site.problem)
        return
    if site.is_duration_part and not _is_duration_template(entry.document.value(site.path)):
        message = "the text with `${…}` must be a duration, such as `${attributes.hours}h`"
        yield finding_at(entry.document.location(site.path), "expression-type", message)
        return
    for error in check_expression(site.expression, scope, site.expected):
        location = entry.document.location_in_text(site.path, site.offset + error.offset)
        undefined = error.undefined_name_in(entry.model.id)
        yield finding_at(location, error.code, error.message, undefined_name=undefined)


def _is_duration_template(text: str) -> bool:
    """Whether the text is a duration if its expressions have numbers as values."""
    try:
        parse_duration("".join(piece if isinstance(piece, str) else "1" for piece in split_template(text)))
    except ValueError:
        return False
    return True


def _check_per(index: DefinitionIndex, entry: DefinitionEntry[Any]) -> Iterator[Finding]:
    if entry.model.per in PER_KEYWORDS:
        return
    scope = product_per_scope(index, entry.model.id)
    if scope is not None:
        yield from check_site(entry, ExpressionSite(("per",), 0, entry.model.per, "any", frozenset()), scope)


def _check_components(
    index: DefinitionIndex, entry: DefinitionEntry[Any], attributes: Type, lets: Type
) -> Iterator[Finding]:
    products = [entry.model.id]
    for position, component in enumerate(product_components(entry.model)):
        path: KeyPath = ("components", position)
        scopes = RuleScopes(index, component, attributes, products, lets)
        for site in find_expressions(entry.document.value(path), COMPONENT_SHAPE, path):
            yield from check_site(entry, site, scopes.scope_for(site))
        yield from _check_mapping(
            index, entry, (*path, "attributes"), component.product, component.attributes, scopes.mapping
        )
        yield from check_rule_quantity(index, entry, path, component, scopes.mapping, products)


def _redeclares_types(own: Mapping[str, Attribute], inherited: Mapping[str, Attribute]) -> bool:
    """Whether a product changes the type of an attribute of its class, or makes it optional."""
    common = own.keys() & inherited.keys()
    return object_type({name: own[name] for name in common}) != object_type({name: inherited[name] for name in common})


def _replaces_lets(index: DefinitionIndex, product: ProductDocument, lets: Type) -> bool:
    """Whether a named value of a product has another type than that of its class."""
    inherited = index.lets.class_types(product.product_class or "").whole
    return any(field != lets.field(field.name) for field in inherited.fields)


def _check_rule(
    index: DefinitionIndex, written: WrittenRule, attributes: Type, products: Sequence[str], lets: Type
) -> Iterator[Finding]:
    """`products`: those that have the rule. `lets`: their named values."""
    entry, position, rule = written
    path: KeyPath = ("decomposes_to", position)
    scopes = RuleScopes(index, rule, attributes, products, lets)
    for site in find_expressions(entry.document.value(path), RULE_SHAPE, path):
        yield from check_site(entry, site, scopes.scope_for(site))
    if rule.key and not rule.for_each:
        message = "`key` names the elements of `for_each`, and this rule has none"
        yield entry.finding("key-without-list", (*path, "key"), message, key=True)
    yield from _check_mapping(index, entry, (*path, "attributes"), rule.product, rule.attributes, scopes.mapping)
    yield from check_rule_quantity(index, entry, path, rule, scopes.mapping, products)


def _check_mapping(
    index: DefinitionIndex,
    entry: DefinitionEntry[Any],
    path: KeyPath,
    product: str,
    mapping: Mapping[str, Any],
    scope: TypeScope,
) -> Iterator[Finding]:
    targets = index.product_attributes.get(product)
    if targets is None:
        return
    for name, value in mapping.items():
        target = targets.get(name)
        if target is None:
            near = did_you_mean(name, targets) or (f"; it has {', '.join(targets)}" if targets else "; it has none")
            if name.isdigit():
                near = f": decimals are written with a point (`2.{name}`)"
            message = f"product `{product}` has no attribute `{name}`{near}"
            undefined = f"{product}.attributes.{name}"
            yield entry.finding("attribute-unknown", (*path, name), message, key=True, undefined_name=undefined)
        elif isinstance(value, dict) and "table" in value and "from" not in value and target.type != "object":
            near = did_you_mean("from", [key for key in value if key not in ("table", "default")])
            message = "a table needs the expression for its keys: `{from: EXPRESSION, table: …}`; `from` is missing"
            yield entry.finding("key-missing", (*path, name), f"{message}{near.replace('did you mean', 'is it')}")
        elif isinstance(value, dict) and is_lookup_table(value):
            yield from _check_table(index, entry, (*path, name), target, value, scope)
        else:
            yield from _check_value(entry, (*path, name), target, value, scope)


_EXPECTED_TYPES: Mapping[AttributeType, ExpectedType] = {
    AttributeType.STRING: "text",
    AttributeType.INTEGER: "integer",
    AttributeType.NUMBER: "number",
    AttributeType.BOOLEAN: "condition",
    AttributeType.DATE: "time",
    AttributeType.DATETIME: "time",
    AttributeType.LIST: "list",
    AttributeType.OBJECT: "object",
}


def _check_value(
    entry: DefinitionEntry[Any], path: KeyPath, target: Attribute, value: Any, scope: TypeScope
) -> Iterator[Finding]:
    """Checks the value that a rule gives to an attribute. With `merge: list`, it may also be a single item."""
    expected = "any" if target.merge == "list" else _EXPECTED_TYPES[target.type]
    embedded = list(find_embedded(value, TemplateShape(expected), path))
    for site in embedded:
        at_top = site if site.path == path else site._replace(expected="any")
        yield from check_site(entry, at_top, scope)
    if embedded or value is None:
        return
    problems = validate_value(target, value)[1]
    if problems and target.merge == "list" and target.items is not None and not isinstance(value, list):
        problems = validate_value(target.items, value)[1]
    for problem in problems[:1]:
        yield entry.finding("attribute-misfit", path, f"`{path[-1]}` {problem}{_template_hint(value)}")
    if not problems and _template_hint(value):
        message = f"this is the text `{value}` itself{_template_hint(value)}"
        yield entry.finding("text-like-expression", path, message, severity="warning")


_EXPRESSION_LIKE = re.compile(r"(?:attributes|let|order|previous|each|steps|workstreams)\.[A-Za-z_][\w.]*")


def _template_hint(value: object) -> str:
    if isinstance(value, str) and _EXPRESSION_LIKE.fullmatch(value):
        return f": for its value write `${{{value}}}`"
    return ""


def _check_table(
    index: DefinitionIndex,
    entry: DefinitionEntry[Any],
    path: KeyPath,
    target: Attribute,
    table: Mapping[str, Any],
    scope: TypeScope,
) -> Iterator[Finding]:
    source, rows = table["from"], table["table"]
    if not isinstance(source, str) or not isinstance(rows, dict):
        message = "a table is `{from: EXPRESSION, table: {value: result, …}, default: …}`"
        yield entry.finding("type-wrong", path, message)
        return
    site = ExpressionSite((*path, "from"), 0, source, "any", frozenset())
    wrong = list(check_site(entry, site, scope))
    yield from wrong
    for row, value in rows.items():
        yield from _check_value(entry, (*path, "table", row), target, value, scope)
    if "default" in table:
        yield from _check_value(entry, (*path, "default"), target, table["default"], scope)
    if not wrong:
        yield from _check_table_rows(index, entry, path, source, rows, has_default="default" in table)


def _check_table_rows(
    index: DefinitionIndex,
    entry: DefinitionEntry[Any],
    path: KeyPath,
    source: str,
    rows: Mapping[str, Any],
    *,
    has_default: bool,
) -> Iterator[Finding]:
    attributes = index.product_attributes.get(entry.model.id, getattr(entry.model, "attributes", {}))
    attribute = attributes.get(source.strip().removeprefix("attributes."))
    if attribute is None or attribute.enum is None or not source.strip().startswith("attributes."):
        return
    texts = [as_text(value) for value in attribute.enum]
    missing = [text for text in texts if text not in rows]
    unused = [row for row in rows if row not in texts]
    if missing and not has_default:
        message = f"no row for {', '.join(f'`{text}`' for text in missing)}: an order with such a value is rejected"
        message += f"; the row `{unused[0]}` is for a value that does not exist" if unused else ""
        yield entry.finding("table-incomplete", (*path, "table"), message, severity="warning")
        return
    for row in unused:
        message = f"`{source.strip()}` is never `{row}`: this row is never used{did_you_mean(row, texts)}"
        yield entry.finding("table-row-never", (*path, "table", row), message, key=True, severity="warning")


def _check_group(group: StepGroup, scopes: StepScopes) -> Iterator[Finding]:
    if not group.is_inline:
        yield from _check_workstream(group, scopes)
    for step, sites in group.facts.expressions.items():
        for site in sites:
            yield from check_site(group.entry, site, scopes.scope_for(step, group.steps[step], site))


def _check_workstream(group: StepGroup, scopes: StepScopes) -> Iterator[Finding]:
    if group.entry.model.when is not None:
        site = ExpressionSite(("when",), 0, group.entry.model.when, "condition", frozenset())
        yield from check_site(group.entry, site, scopes.condition)
    if group.per not in PER_KEYWORDS:
        yield from check_site(group.entry, ExpressionSite(("per",), 0, group.per, "any", frozenset()), scopes.per)
