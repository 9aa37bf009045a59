"""What can be written at a position: keys, values, names, functions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from compiler.catalogue.definition_index import DefinitionIndex
from compiler.cel.function_docs import FUNCTION_DOCS, METHOD_DOCS
from compiler.editing.catalogue_names import STEP_LABEL, CatalogueName, Names, catalogue_names
from compiler.editing.cursor import Cursor, Position, find_cursors
from compiler.editing.documents import document_kind
from compiler.editing.expression_names import (
    attribute_words,
    find_attribute,
    follows_value,
    members,
    path_before,
)
from compiler.editing.expression_place import ExpressionPlace, find_expression, shape_at
from compiler.editing.schema_place import KeyInfo, SchemaPlace, schema_place
from compiler.language.attributes import Attribute
from compiler.language.documents import DOCUMENT_MODELS
from compiler.source.document import KeyPath
from compiler.typecheck.expression_sites import ExpressionShape
from compiler.values import as_text

CompletionKind = Literal["key", "value", "reference", "attribute", "name", "function"]


@dataclass(frozen=True, slots=True)
class Completion:
    label: str
    kind: CompletionKind
    detail: str = ""
    """A few words beside the label."""
    documentation: str = ""
    """Markdown."""
    insert: str = ""
    """The text to insert; the label if empty."""
    is_preferred: bool = False
    """Whether it is listed before the others."""


@dataclass(frozen=True, slots=True)
class Completions:
    """What can replace the text between `start` and the cursor."""

    start: Position
    items: tuple[Completion, ...]
    is_complete: bool = True
    """False: there are more. They are found when more is typed."""


MAX_ITEMS = 500
"""A large catalogue has tens of thousands of steps."""


def complete(text: str, position: Position, index: DefinitionIndex) -> Completions:
    """Everything that fits at the position, whatever is typed already: the editor filters by that.

    Of more than MAX_ITEMS, those that contain what is typed.
    """
    items: dict[str, Completion] = {}
    start, typed = position, ""
    for cursor in find_cursors(text, position):
        place = find_expression(cursor, index)
        fitting = _in_expression(place) if place else _in_document(cursor, index)
        items |= {item.label: item for item in fitting if item.label not in items}
        typed = path_before(place.text, place.offset)[-1] if place else _typed(cursor)
        start = Position(position.line, max(position.column - len(typed), 0))
    found = tuple(items.values())
    if _follows_quote(text, start):
        found = tuple(item if item.kind == "function" else replace(item, insert="") for item in found)
    if len(found) <= MAX_ITEMS:
        return Completions(start, found)
    matching = [item for item in found if typed.casefold() in item.label.casefold()]
    return Completions(start, tuple(matching[:MAX_ITEMS]), is_complete=False)


def _follows_quote(text: str, start: Position) -> bool:
    """Whether the quote is there already in which a key stands, as in JSON: then no colon can follow it."""
    line = text.split("\n", start.line + 1)[start.line]
    return line[start.column - 1 : start.column] in ("'", '"')


def _typed(cursor: Cursor) -> str:
    """What is typed of the name or value, back to a blank."""
    return re.split(r"\s", cursor.text[: cursor.offset])[-1]


def _in_document(cursor: Cursor, index: DefinitionIndex) -> Iterator[Completion]:
    kind = document_kind(cursor.data)
    place = schema_place(kind)
    if place is None:
        yield from _first_keys(cursor)
    elif cursor.is_key:
        yield from _keys(cursor, kind, place, index)
    else:
        yield from _values(cursor, kind, place, index)


def _keys(cursor: Cursor, kind: str, place: SchemaPlace, index: DefinitionIndex) -> Iterator[Completion]:
    """Those that the mapping does not have yet."""
    parent = cursor.path[:-1]
    mapping = _value_at(cursor.data, parent)
    present = set(mapping) - {cursor.text} if isinstance(mapping, dict) else set()
    yield from (_key_completion(key) for key in place.keys(parent, cursor.data) if key.name not in present)
    yield from _references(place.key_marks(parent, cursor.data), cursor, index, ": ")
    yield from _attribute_keys(cursor, kind, index, present)


def _values(cursor: Cursor, kind: str, place: SchemaPlace, index: DefinitionIndex) -> Iterator[Completion]:
    value = place.value(cursor.path, cursor.data)
    yield from (Completion(choice, "value") for choice in value.choices)
    yield from _references(value.marks, cursor, index)
    shape = shape_at(cursor.kind, cursor.path)
    if isinstance(shape, ExpressionShape):
        yield from (Completion(word, "value") for word in sorted(shape.keywords))
    yield from (Completion(example, "value", "for example") for example in value.examples)
    yield from _attribute_values(cursor, kind, index)


def _references(marks: Iterable[str], cursor: Cursor, index: DefinitionIndex, ending: str = "") -> Iterator[Completion]:
    names = catalogue_names(index) if marks else {}
    for mark in sorted(marks):
        for name in _names(names[mark], mark, cursor):
            yield Completion(name.text, "reference", name.label, "", f"{name.text}{ending}" if ending else "")


def _first_keys(cursor: Cursor) -> Iterator[Completion]:
    """In a document of which nothing is known yet."""
    if cursor.is_key and len(cursor.path) == 1:
        for name, words in (("kind", "What the document describes."), ("lines", "An order: what is ordered.")):
            yield Completion(name, "key", "", words, f"{name}: ")
    elif cursor.path == ("kind",):
        for kind, model in DOCUMENT_MODELS.items():
            yield Completion(kind, "value", "", model.__doc__ or "")


def _key_completion(key: KeyInfo) -> Completion:
    insert = f"{key.name}: " if key.opens == "value" else f"{key.name}:"
    return Completion(key.name, "key", "required" if key.is_required else "", key.description, insert, key.is_required)


def _names(names: Names, mark: str, cursor: Cursor) -> Names:
    """Without steps of other workstreams, where only those of the own one can be meant."""
    if mark not in ("step", "own_step"):
        return names
    steps = cursor.data.get("steps") if isinstance(cursor.data, dict) else None
    own = set(steps) if isinstance(steps, dict) else set()
    current = cursor.path[1] if cursor.path[:1] == ("steps",) and len(cursor.path) > 1 else None
    mine = [CatalogueName(str(step), "step of this document") for step in own if step != current]
    others = [name for name in names if not name.label.startswith(STEP_LABEL)] if mark == "step" else []
    return [*sorted(mine), *others]


def _value_at(data: Any, path: KeyPath) -> Any:
    for part in path:
        if isinstance(data, dict):
            data = data.get(part)
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
        else:
            return None
    return data


def line_attributes(data: Any, kind: str, path: KeyPath, index: DefinitionIndex) -> dict[str, Attribute]:
    """The attributes of the product beside the mapping at `path`, if that is `attributes` of a line or a rule."""
    if path[-2:] == ("previous", "attributes"):
        path = (*path[:-2], "attributes")
    if path[-1:] != ("attributes",) or not (kind == "order" or path[:1] in (("decomposes_to",), ("components",))):
        return {}
    owner = _value_at(data, path[:-1])
    product = owner.get("product") if isinstance(owner, dict) else None
    definitions = index.definitions.products
    for name, entry in definitions.items():
        if product is not None and product in (name, entry.model.code):
            return dict(index.product_attributes[name])
    return {}


def _attribute_keys(cursor: Cursor, kind: str, index: DefinitionIndex, present: set[str]) -> Iterator[Completion]:
    for name, attribute in line_attributes(cursor.data, kind, cursor.path[:-1], index).items():
        if name not in present:
            words, text = attribute_words(attribute), attribute.description or ""
            yield Completion(name, "attribute", words, text, f"{name}: ", attribute.required)


def _attribute_values(cursor: Cursor, kind: str, index: DefinitionIndex) -> Iterator[Completion]:
    if not cursor.path or not isinstance(cursor.path[-1], str):
        return
    attribute = line_attributes(cursor.data, kind, cursor.path[:-1], index).get(cursor.path[-1])
    if attribute is None:
        return
    values = attribute.enum or ([True, False] if attribute.type == "boolean" else [])
    yield from (Completion(as_text(value), "value", attribute_words(attribute)) for value in values)


def _in_expression(place: ExpressionPlace) -> Iterator[Completion]:
    before = place.text[: place.offset]
    if (compared := _compared_attribute(place, before)) is not None:
        yield from (Completion(as_text(value), "value") for value in compared.enum or ())
        return
    if _is_in_quotes(before):
        return
    if follows_value(place.text, place.offset):
        yield from _methods()
        return
    path = path_before(place.text, place.offset)
    found = members(place, path[:-1])
    kind: CompletionKind = "attribute" if len(path) > 1 else "name"
    yield from (Completion(one.name, kind, one.type, one.description, is_preferred=True) for one in found)
    if len(path) == 1:
        if place.text.strip() == path[0]:
            yield from (Completion(word, "value") for word in sorted(place.keywords))
        for name, doc in FUNCTION_DOCS.items():
            yield Completion(name, "function", doc.signature, doc.description, f"{name}(")
    elif path[:-1] in (["math"], ["strings"]):
        for name, doc in FUNCTION_DOCS.items():
            root, _, inner = name.partition(".")
            if root == path[0] and inner:
                yield Completion(inner, "function", doc.signature, doc.description, f"{inner}(")
    elif not found:
        yield from _methods()


def _methods() -> Iterator[Completion]:
    for name, doc in METHOD_DOCS.items():
        yield Completion(name, "function", doc.signature, doc.description, f"{name}(")


def _is_in_quotes(text: str) -> bool:
    return len(re.findall(r"(?<!\\)['\"]", text)) % 2 == 1


def _compared_attribute(place: ExpressionPlace, before: str) -> Attribute | None:
    """The attribute that is compared with the text in quotes in which the cursor is."""
    compared = re.search(r"([A-Za-z_][\w.]*)\s*[!=]=\s*['\"]([^'\"]*)$", before)
    return find_attribute(place, compared[1].split(".")) if compared else None
