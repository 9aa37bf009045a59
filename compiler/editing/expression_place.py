"""The expression that a cursor is in, and the names that it can use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from compiler.catalogue.definition_index import DefinitionIndex
from compiler.catalogue.definitions import DefinitionEntry
from compiler.cel.templates import split_template
from compiler.checks.expressions.expression_scopes import (
    RuleScopes,
    StepScopes,
    product_per_scope,
    receiver_site_scope,
    system_scope,
)
from compiler.editing.cursor import Cursor
from compiler.editing.lenient_index import index_with
from compiler.language.documents import ComponentDefinition, ProductClassDocument, ProductDocument, SystemDocument
from compiler.source.document import KeyPath
from compiler.typecheck.expression_sites import (
    COMPONENT_SHAPE,
    EXAMPLE_SHAPE,
    HAPPENING_SHAPE,
    PER_KEYWORDS,
    RECEIVER_SHAPE,
    RULE_SHAPE,
    STEP_SHAPE,
    SYSTEM_SHAPE,
    ExpressionShape,
    ExpressionSite,
    ListShape,
    Shape,
    TemplateShape,
)
from compiler.typecheck.scopes import entry_scope, example_scope, source_scope
from compiler.typecheck.type_scope import TypeScope
from compiler.typecheck.types import object_type

_MAPPING_VALUE = TemplateShape()
_TABLE_KEY = ExpressionShape("any")
_PER = ExpressionShape("any", keywords=PER_KEYWORDS, per_line=True)
_LET = ExpressionShape("any")
_ROOT_SHAPES: Mapping[str, Mapping[str, Shape]] = {
    "system": {**SYSTEM_SHAPE, "example": EXAMPLE_SHAPE},
    "receiver": RECEIVER_SHAPE,
    "workstream": {"when": ExpressionShape("condition"), "per": _PER},
    "technical_product": {"per": _PER},
}
"""Kind → the expressions beside those of rules, steps and named values."""


@dataclass(frozen=True, slots=True)
class ExpressionPlace:
    """An expression with a cursor in it."""

    text: str
    offset: int
    """Of the cursor in the expression."""
    start: int
    """Of the expression in the text at the cursor's path."""
    scope: TypeScope
    products: tuple[str, ...]
    """The products, or the class, whose attributes the name `attributes` has."""
    index: DefinitionIndex
    """The definitions, with the one that is being edited."""
    keywords: frozenset[str]


def find_expression(cursor: Cursor, index: DefinitionIndex) -> ExpressionPlace | None:
    """The expression around the cursor; None if what is written there is a text."""
    if cursor.is_key:
        return None
    shape = shape_at(cursor.kind, cursor.path)
    if shape is None:
        return None
    around = _expression_around(cursor.text, cursor.offset, is_template=isinstance(shape, TemplateShape))
    if around is None:
        return None
    found = index_with(index, cursor.data)
    if found is None:
        return None
    start, text = around
    index, entry = found
    per_line = isinstance(shape, ExpressionShape) and shape.per_line
    site = ExpressionSite(cursor.path, start, text, shape.expected, shape.extra_names, per_line)
    scope = scope_of(index, entry, site)
    if scope is None:
        return None
    keywords = shape.keywords if isinstance(shape, ExpressionShape) else frozenset()
    products = tuple(attribute_owners(index, entry, cursor.path))
    return ExpressionPlace(text, cursor.offset - start, start, scope, products, index, keywords)


def shape_at(kind: str, path: KeyPath) -> ExpressionShape | TemplateShape | None:
    """Whether the value at `path` is an expression or may contain some; None if neither."""
    match path:
        case ("let", _):
            return _LET
        case ("steps", _, *rest):
            return _walk(STEP_SHAPE, rest)
        case ("decomposes_to" | "components", int(), "attributes", _, "from"):
            return _TABLE_KEY
        case ("decomposes_to" | "components", int(), "attributes", _, *_):
            return _MAPPING_VALUE
        case ("world", int(), "answer", *rest):
            return _walk(EXAMPLE_SHAPE, rest)
        case ("world", int(), *rest):
            return _walk(HAPPENING_SHAPE, rest)
        case ("decomposes_to", int(), *rest):
            return _walk(RULE_SHAPE, rest)
        case ("components", int(), *rest):
            return _walk(COMPONENT_SHAPE, rest)
        case _:
            return _walk(dict(_ROOT_SHAPES.get(kind, {})), list(path))


def _walk(shape: Shape | None, path: list[Any]) -> ExpressionShape | TemplateShape | None:
    for part in path:
        if isinstance(shape, TemplateShape):
            return shape
        if isinstance(shape, ListShape):
            shape = shape.item
            if isinstance(part, int):
                continue
        shape = shape.get(part) if isinstance(shape, dict) else None
    if isinstance(shape, ListShape):
        shape = shape.item
    return shape if isinstance(shape, ExpressionShape | TemplateShape) else None


def _expression_around(text: str, offset: int, *, is_template: bool) -> tuple[int, str] | None:
    """Where the expression begins in the text, and the expression; it may not be closed yet."""
    if not is_template:
        return 0, text
    opened = text.rfind("${", 0, offset)
    if opened < 0 or text[:opened].endswith("$"):
        return None
    start = opened + 2
    try:
        pieces = split_template(text[opened:])
        first = next((piece[1] for piece in pieces if not isinstance(piece, str)), "")
    except ValueError:
        end = text.find("}", offset)
        first = text[start : len(text) if end < 0 else end]
    return (start, first) if offset <= start + len(first) else None


def scope_of(index: DefinitionIndex, entry: DefinitionEntry[Any], site: ExpressionSite) -> TypeScope | None:
    """The names that an expression of this definition can use; None if they are not known."""
    model = entry.model
    match site.path:
        case ("let", _):
            return _let_scope(index, entry)
        case ("decomposes_to" | "components", int(position), *rest):
            return _rule_scope(index, entry, site, position, is_mapping=rest[:1] == ["attributes"])
        case ("steps", str(step), *_):
            group = index.step_groups.get(model.id)
            if group is None or step not in group.steps:
                return None
            return StepScopes(index, group).scope_for(step, group.steps[step], site)
        case ("world", int(position), "answer", *_):
            return example_scope((), site.extra_names)
        case ("world", int(position), *_):
            return entry_scope(has_step="when" in (entry.document.value(("world", position)) or {}))
        case ("per",) if isinstance(model, ProductDocument):
            return product_per_scope(index, model.id)
        case ("per" | "when" as key,) if model.id in index.step_groups:
            scopes = StepScopes(index, index.step_groups[model.id])
            return scopes.per if key == "per" else scopes.condition
    if isinstance(model, SystemDocument):
        return _system_scope(model, site)
    return receiver_site_scope(site) if entry.document.data["kind"] == "receiver" else None


def _system_scope(model: SystemDocument, site: ExpressionSite) -> TypeScope:
    if site.path[0] != "example":
        return system_scope(site)
    position = site.path[1] if len(site.path) > 1 and isinstance(site.path[1], int) else 0
    names = model.example[position].path_names if position < len(model.example) else ()
    return example_scope(names, site.extra_names)


def _let_scope(index: DefinitionIndex, entry: DefinitionEntry[Any]) -> TypeScope | None:
    model = entry.model
    if isinstance(model, ProductDocument):
        attributes, lets = object_type(index.product_attributes[model.id]), index.lets.product_types(model.id).whole
        scope = source_scope(attributes, None, index.quantity_type([model.id]), lets)
        return scope.with_names(**index.lets.loop_variables([model.id]))
    if isinstance(model, ProductClassDocument):
        heirs = index.products_by_class.get(model.id, [])
        lets = index.lets.class_types(model.id).whole
        return source_scope(object_type(model.attributes), None, index.quantity_type(heirs), lets)
    group = index.step_groups.get(model.id)
    return StepScopes(index, group).condition if group else None


def _rule_scope(
    index: DefinitionIndex, entry: DefinitionEntry[Any], site: ExpressionSite, position: int, *, is_mapping: bool
) -> TypeScope | None:
    model = entry.model
    rules: list[ComponentDefinition] = getattr(model, str(site.path[0]), [])
    rule = rules[position] if position < len(rules) else ComponentDefinition(product="")
    if isinstance(model, ProductDocument):
        attributes, products = object_type(index.product_attributes[model.id]), [model.id]
        lets = index.lets.product_types(model.id).whole
    else:
        attributes, products = object_type(model.attributes), index.products_by_class.get(model.id, [])
        lets = index.lets.class_types(model.id).whole
    scopes = RuleScopes(index, rule, attributes, products, lets)
    return scopes.mapping if is_mapping else scopes.scope_for(site)


def attribute_owners(index: DefinitionIndex, entry: DefinitionEntry[Any], path: KeyPath) -> Iterator[str]:
    """The products, or the class, whose attributes `attributes` has in an expression at `path`."""
    model = entry.model
    if path == ("per",) and isinstance(model, ProductDocument):
        yield from sorted({source for source, _ in index.rules_by_target.get(model.id, ())})
    elif isinstance(model, ProductDocument | ProductClassDocument):
        yield model.id
    elif model.id in index.step_groups:
        yield from index.step_groups[model.id].products
