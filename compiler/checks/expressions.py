"""Every expression: its names are seen where it stands, its types fit, and nothing is read that may be missing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from compiler.catalogue.builder import is_table
from compiler.catalogue.definition_index import Group, Survey
from compiler.catalogue.definitions import Entry
from compiler.cel.evaluation import as_text, split_template
from compiler.language.attributes import Attribute, AttributeType, validate_value
from compiler.language.documents import CommercialProductDocument, RuleDocument, TechnicalProductDocument
from compiler.language.durations import parse_duration
from compiler.language.steps import Action, StepDefinition
from compiler.source.document import KeyPath
from compiler.source.findings import Finding, did_you_mean, finding_at
from compiler.typecheck.expression_sites import (
    COMPONENT,
    RECEIVER,
    RULE,
    SCOPE_WORDS,
    SYSTEM,
    Standing,
    Template,
    embedded_in,
    expressions_in,
)
from compiler.typecheck.scopes import (
    attributes_seen,
    element_of,
    over_line_scope,
    receiver_scope,
    seen_names,
    source_scope,
    step_scope,
)
from compiler.typecheck.type_checker import Expected, Scope, mistakes_in
from compiler.typecheck.types import DYN, INT, Type, object_of


def check(survey: Survey) -> Iterator[Finding]:
    for name, product in survey.definitions.products.items():
        attributes = object_of(survey.attributes[name])
        yield from _rules(survey, product, product.model.decomposes_to, attributes)
        inherited = survey.definitions.classes.get(product.model.product_class or "")
        if inherited is not None and _declares_otherwise(product.model.attributes, inherited.model.attributes):
            own = frozenset((rule.product, rule.as_) for rule in product.model.decomposes_to)
            yield from _rules(survey, inherited, inherited.model.decomposes_to, attributes, own)
        if isinstance(product.model, CommercialProductDocument):
            yield from _components(survey, product, attributes)
        if isinstance(product.model, TechnicalProductDocument):
            yield from _per(survey, product)
    for product_class in survey.definitions.classes.values():
        attributes = object_of(product_class.model.attributes)
        yield from _rules(survey, product_class, product_class.model.decomposes_to, attributes)
    for group in survey.groups.values():
        yield from _group(survey, group)
    for system in survey.definitions.systems.values():
        for standing in expressions_in(system.document.data, SYSTEM):
            yield from _judged(system, standing, Scope({}).with_names(**seen_names(standing.sees, None)))
    for receiver in survey.definitions.receivers.values():
        for standing in expressions_in(receiver.document.data, RECEIVER):
            names = seen_names(standing.sees, None)
            yield from _judged(receiver, standing, Scope({}).with_names(**names) if names else receiver_scope())


def _judged(entry: Entry[Any], standing: Standing, scope: Scope) -> Iterator[Finding]:
    if standing.problem:
        place = entry.document.place_in(standing.path, standing.offset)
        yield finding_at(place, "expression-syntax", standing.problem)
        return
    if standing.part and not _makes_duration(entry.document.value(standing.path)):
        message = "text around `${…}` must make a duration, such as `${attributes.hours}h`"
        yield finding_at(entry.document.place(standing.path), "expression-type", message)
        return
    for mistake in mistakes_in(standing.expression, scope, standing.expected):
        place = entry.document.place_in(standing.path, standing.offset + mistake.offset)
        yield finding_at(place, mistake.code, mistake.message, about=mistake.about)


def _makes_duration(text: str) -> bool:
    """Whether the text is a duration where its expressions give numbers."""
    try:
        parse_duration("".join(piece if isinstance(piece, str) else "1" for piece in split_template(text)))
    except ValueError:
        return False
    return True


def _per(survey: Survey, entry: Entry[Any]) -> Iterator[Finding]:
    if entry.model.per in SCOPE_WORDS:
        return
    sources = survey.sources.get(entry.model.id, ())
    if not sources:
        return
    _, many = attributes_seen([survey.attributes[source] for source, _ in sources])
    yield from _judged(entry, Standing(("per",), 0, entry.model.per, "any", frozenset()), over_line_scope(many))


def _components(survey: Survey, entry: Entry[Any], attributes: Type) -> Iterator[Finding]:
    scope = source_scope(attributes, None)
    for position, component in enumerate(entry.model.components):
        path: KeyPath = ("components", position)
        for standing in expressions_in(entry.document.value(path), COMPONENT, path):
            yield from _judged(entry, standing, scope if standing.path[-1] == "when" else scope.where(component.when))
        held = scope.where(component.when)
        yield from _mapping(survey, entry, (*path, "attributes"), component.product, component.attributes, held)


def _declares_otherwise(own: Mapping[str, Attribute], inherited: Mapping[str, Attribute]) -> bool:
    """Whether a product gives an attribute of its class another type, or lets it be missing."""
    both = own.keys() & inherited.keys()
    return object_of({name: own[name] for name in both}) != object_of({name: inherited[name] for name in both})


def _rules(
    survey: Survey,
    entry: Entry[Any],
    rules: list[RuleDocument],
    attributes: Type,
    replaced: frozenset[tuple[str, str | None]] = frozenset(),
) -> Iterator[Finding]:
    for position, rule in enumerate(rules):
        if (rule.product, rule.as_) in replaced:
            continue
        path: KeyPath = ("decomposes_to", position)
        scope = source_scope(attributes, rule.actions)
        element = scope.with_names(each=element_of(rule.for_each, attributes), index=INT) if rule.for_each else scope
        for standing in expressions_in(entry.document.value(path), RULE, path):
            seen = element if standing.sees else scope
            yield from _judged(entry, standing, seen if standing.path[-1] == "when" else seen.where(rule.when))
        if rule.key and not rule.for_each:
            message = "`key` names the elements of `for_each`, and this rule has none"
            yield entry.finding("key-without-list", (*path, "key"), message, key=True)
        yield from _mapping(
            survey, entry, (*path, "attributes"), rule.product, rule.attributes, element.where(rule.when)
        )


def _mapping(
    survey: Survey, entry: Entry[Any], path: KeyPath, product: str, mapped: Mapping[str, Any], scope: Scope
) -> Iterator[Finding]:
    targets = survey.attributes.get(product)
    if targets is None:
        return
    for name, value in mapped.items():
        target = targets.get(name)
        if target is None:
            near = did_you_mean(name, targets) or (f"; it has {', '.join(targets)}" if targets else "; it has none")
            if name.isdigit():
                near = f": decimals are written with a point (`2.{name}`)"
            message = f"product `{product}` has no attribute `{name}`{near}"
            yield entry.finding("attribute-unknown", (*path, name), message, key=True)
        elif isinstance(value, dict) and "table" in value and "from" not in value and target.type != "object":
            near = did_you_mean("from", [key for key in value if key not in ("table", "default")])
            message = "a table says where its values come from: `{from: EXPRESSION, table: …}`; `from` is missing"
            yield entry.finding("key-missing", (*path, name), f"{message}{near.replace('did you mean', 'is it')}")
        elif isinstance(value, dict) and is_table(value):
            yield from _table(survey, entry, (*path, name), target, value, scope)
        else:
            yield from _value(entry, (*path, name), target, value, scope)


_EXPECTED: Mapping[AttributeType, Expected] = {
    AttributeType.STRING: "text",
    AttributeType.INTEGER: "integer",
    AttributeType.NUMBER: "number",
    AttributeType.BOOLEAN: "condition",
    AttributeType.DATE: "time",
    AttributeType.DATETIME: "time",
    AttributeType.LIST: "list",
    AttributeType.OBJECT: "object",
}


def _value(entry: Entry[Any], path: KeyPath, target: Attribute, value: Any, scope: Scope) -> Iterator[Finding]:
    """A literal or a template that a rule gives to an attribute. A list that merges takes its items one by one too."""
    expected = "any" if target.merge == "list" else _EXPECTED[target.type]
    embedded = list(embedded_in(value, Template(expected), path))
    for standing in embedded:
        at_top = standing if standing.path == path else standing._replace(expected="any")
        yield from _judged(entry, at_top, scope)
    if embedded or value is None:
        return
    problems = validate_value(target, value)[1]
    if problems and target.merge == "list" and target.items is not None and not isinstance(value, list):
        problems = validate_value(target.items, value)[1]
    for problem in problems[:1]:
        yield entry.finding("attribute-misfit", path, f"`{path[-1]}` {problem}{_as_expression(value)}")
    if not problems and _as_expression(value):
        message = f"this is the text `{value}` itself{_as_expression(value)}"
        yield entry.finding("text-like-expression", path, message, severity="warning")


_LIKE_EXPRESSION = re.compile(r"(?:attributes|order|previous|each|steps|workstreams)\.[A-Za-z_][\w.]*")


def _as_expression(value: object) -> str:
    if isinstance(value, str) and _LIKE_EXPRESSION.fullmatch(value):
        return f": for its value write `${{{value}}}`"
    return ""


def _table(
    survey: Survey, entry: Entry[Any], path: KeyPath, target: Attribute, table: Mapping[str, Any], scope: Scope
) -> Iterator[Finding]:
    source, rows = table["from"], table["table"]
    if not isinstance(source, str) or not isinstance(rows, dict):
        message = "a table is `{from: EXPRESSION, table: {value: result, …}, default: …}`"
        yield entry.finding("type-wrong", path, message)
        return
    standing = Standing((*path, "from"), 0, source, "any", frozenset())
    wrong = list(_judged(entry, standing, scope))
    yield from wrong
    for row, value in rows.items():
        yield from _value(entry, (*path, "table", row), target, value, scope)
    if "default" in table:
        yield from _value(entry, (*path, "default"), target, table["default"], scope)
    if not wrong:
        yield from _missed(survey, entry, path, source, rows, has_default="default" in table)


def _missed(
    survey: Survey, entry: Entry[Any], path: KeyPath, source: str, rows: Mapping[str, Any], *, has_default: bool
) -> Iterator[Finding]:
    attributes = survey.attributes.get(entry.model.id, getattr(entry.model, "attributes", {}))
    attribute = attributes.get(source.strip().removeprefix("attributes."))
    if attribute is None or attribute.enum is None or not source.strip().startswith("attributes."):
        return
    texts = [as_text(value) for value in attribute.enum]
    missed = [text for text in texts if text not in rows]
    never = [row for row in rows if row not in texts]
    if missed and not has_default:
        message = f"no row for {', '.join(f'`{text}`' for text in missed)}: an order with such a value is rejected"
        message += f"; the row `{never[0]}` is for a value that there is not" if never else ""
        yield entry.finding("table-incomplete", (*path, "table"), message, severity="warning")
        return
    for row in never:
        message = f"`{source.strip()}` is never `{row}`: this row is never used{did_you_mean(row, texts)}"
        yield entry.finding("table-row-never", (*path, "table", row), message, key=True, severity="warning")


def _group(survey: Survey, group: Group) -> Iterator[Finding]:
    shared, many = attributes_seen([survey.attributes[product] for product in group.products])
    if not group.own:
        yield from _of_workstream(group, shared, many)
    scopes = _StepScopes(survey, group, shared, many, _made_by(survey, group))
    for step, definition in group.steps.items():
        for standing in survey.standings[group.id, step]:
            yield from _judged(group.entry, standing, scopes.of(step, definition, standing))


def _of_workstream(group: Group, shared: Type, many: Type) -> Iterator[Finding]:
    if group.entry.model.when is not None:
        standing = Standing(("when",), 0, group.entry.model.when, "condition", frozenset())
        yield from _judged(group.entry, standing, source_scope(shared, group.actions))
    if group.per not in SCOPE_WORDS:
        standing = Standing(("per",), 0, group.per, "any", frozenset())
        yield from _judged(group.entry, standing, over_line_scope(many))


def _made_by(survey: Survey, group: Group) -> dict[str, Type]:
    """`each` and `index`, as far as lines of the group's products are made by lists or counted by units."""
    elements = [
        element_of(rule.for_each, object_of(survey.attributes[source]))
        for product in group.products
        for source, rule in survey.sources.get(product, ())
        if rule.for_each
    ]
    if elements:
        return {"each": elements[0] if all(one == elements[0] for one in elements) else DYN, "index": INT}
    entries = [survey.definitions.products[product].model for product in group.products]
    counted = any(isinstance(model, TechnicalProductDocument) and model.per == "unit" for model in entries)
    return {"index": INT} if counted else {}


class _StepScopes:
    """The scopes of one workstream's steps, made once for all expressions that see the same."""

    def __init__(self, survey: Survey, group: Group, shared: Type, many: Type, made_by: dict[str, Type]) -> None:
        self._survey, self._group = survey, group
        self._shared, self._many, self._made_by = shared, many, made_by
        self._known: dict[object, Scope] = {}

    def of(self, step: str, definition: StepDefinition, standing: Standing) -> Scope:
        if standing.over_line:
            return over_line_scope(self._many)
        own_condition = standing.path[2:] == ("when",)
        waits = standing.path[-2:] == ("wait", "condition")
        seeing = (step, standing.sees, own_condition, waits)
        seen = self._known.get(seeing)
        if seen is None:
            when = None if own_condition else definition.when
            key = (self._group.actions_of(step), self._group.per_of(step), when, waits)
            seen = self._known.get(key)
            if seen is None:
                seen = self._known[key] = self._scope(*key)
            if standing.sees:
                seen = seen.with_names(**seen_names(standing.sees, definition))
            self._known[seeing] = seen
        return seen

    def _missing(self, actions: frozenset[Action]) -> Mapping[str, str]:
        """Steps that may leave no output: a step of a workstream with a `when` is sure of its own neighbours."""
        group = self._group
        mine = {f"{group.id}.{step}" for step, definition in group.steps.items() if definition.when is None}
        missing = self._survey.skippable
        absent = self._survey.not_planned(group, actions)
        if absent or any(step in missing for step in mine):
            missing = {step: why for step, why in missing.items() if step not in mine} | absent
        return missing

    def _scope(self, actions: frozenset[Action], per: str, when: str | None, waits: bool) -> Scope:
        several = per not in ("line", "unit")
        scope = step_scope(self._shared, self._many, actions, several, self._made_by)
        if not several and not self._group.own:
            scope = scope.where(self._group.entry.model.when)
        scope = scope._replace(
            steps=self._survey.step_names[self._group.id],
            workstreams=self._survey.step_names,
            skippable={} if waits else self._missing(actions),
            workstream=self._group.id,
            unsure=self._survey.is_unsure,
        )
        return scope.where(when)
