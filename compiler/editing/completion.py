"""What can be written at a position: keys, values, names, functions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from compiler.catalogue.definition_index import DefinitionIndex
from compiler.cel.function_docs import FUNCTION_DOCS, METHOD_DOCS
from compiler.editing.catalogue_names import OWN_STEP_MARKS, STEP_LABEL, CatalogueName, Names, catalogue_names
from compiler.editing.cursor import Cursor, Position, find_cursors
from compiler.editing.documents import document_kind
from compiler.editing.expression_names import (
    find_attribute,
    follows_value,
    members,
    path_before,
)
from compiler.editing.expression_place import ExpressionPlace, find_expression, shape_at
from compiler.editing.line_attributes import line_attributes, value_at
from compiler.editing.schema_place import KeyInfo, SchemaPlace, schema_place
from compiler.language.attribute_words import describe_attribute
from compiler.language.attributes import Attribute
from compiler.language.documents import DOCUMENT_MODELS
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


def complete(text: str, position: Position, index: DefinitionIndex, folder: Path | None = None) -> Completions:
    """Everything that fits at the position, whatever is typed already: the editor filters by that.

    Of more than MAX_ITEMS, those that contain what is typed. `folder`: of the file, from which a scenario names its
    order.
    """
    items: dict[str, Completion] = {}
    start, typed = position, ""
    for cursor in find_cursors(text, position):
        place = find_expression(cursor, index)
        fitting = _in_expression(place) if place else _in_document(cursor, index, folder)
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


@dataclass(frozen=True, slots=True)
class _Site:
    """A place outside expressions."""

    cursor: Cursor
    kind: str
    schema: SchemaPlace
    index: DefinitionIndex
    folder: Path | None

    def attributes(self) -> Mapping[str, Attribute]:
        """If the cursor is in the `attributes` of a line or a rule: those that there can be."""
        return line_attributes(self.cursor.data, self.kind, self.cursor.path[:-1], self.index, self.folder)


def _in_document(cursor: Cursor, index: DefinitionIndex, folder: Path | None) -> Iterator[Completion]:
    kind = document_kind(cursor.data)
    schema = schema_place(kind)
    if schema is None:
        yield from _first_keys(cursor)
        return
    site = _Site(cursor, kind, schema, index, folder)
    yield from _keys(site) if cursor.is_key else _values(site)


def _keys(site: _Site) -> Iterator[Completion]:
    """Those that the mapping does not have yet."""
    cursor = site.cursor
    parent = cursor.path[:-1]
    mapping = value_at(cursor.data, parent)
    present = set(mapping) - {cursor.text} if isinstance(mapping, dict) else set()
    yield from (_key_completion(key) for key in site.schema.keys(parent, cursor.data) if key.name not in present)
    yield from _references(site.schema.key_marks(parent, cursor.data), site, ": ")
    for name, attribute in site.attributes().items():
        if name not in present:
            words, text = describe_attribute(attribute), attribute.description or ""
            yield Completion(name, "attribute", words, text, f"{name}: ", attribute.required)


def _values(site: _Site) -> Iterator[Completion]:
    cursor = site.cursor
    value = site.schema.value(cursor.path, cursor.data)
    yield from (Completion(choice, "value") for choice in value.choices)
    yield from _references(value.marks, site)
    shape = shape_at(cursor.kind, cursor.path)
    if isinstance(shape, ExpressionShape):
        yield from (Completion(word, "value") for word in sorted(shape.keywords))
    yield from (Completion(example, "value", "for example") for example in value.examples)
    attribute = site.attributes().get(str(cursor.path[-1])) if cursor.path else None
    if attribute is not None:
        values = attribute.enum or ([True, False] if attribute.type == "boolean" else [])
        yield from (Completion(as_text(one), "value", describe_attribute(attribute)) for one in values)


def _references(marks: Iterable[str], site: _Site, ending: str = "") -> Iterator[Completion]:
    names = catalogue_names(site.index) if marks else {}
    for mark in sorted(marks):
        for name in _names(names[mark], mark, site.cursor):
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
    if mark not in OWN_STEP_MARKS:
        return names
    steps = cursor.data.get("steps") if isinstance(cursor.data, dict) else None
    own = set(steps) if isinstance(steps, dict) else set()
    current = cursor.path[1] if cursor.path[:1] == ("steps",) and len(cursor.path) > 1 else None
    mine = [CatalogueName(str(step), "step of this document") for step in own if step != current]
    others = [name for name in names if not name.label.startswith(STEP_LABEL)] if mark == "step" else []
    return [*sorted(mine), *others]


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
