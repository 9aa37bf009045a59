"""What is at a position, in words: keys, ids, and in expressions names, attributes and functions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compiler.catalogue.definition_index import DefinitionIndex
from compiler.cel.function_docs import FUNCTION_DOCS, METHOD_DOCS
from compiler.cel.functions import NAMESPACES
from compiler.editing.cursor import Cursor, Position, find_cursors, word_at
from compiler.editing.documents import document_kind
from compiler.editing.expression_names import describe_path, path_before
from compiler.editing.expression_place import ExpressionPlace, find_expression
from compiler.editing.line_attributes import find_product, line_attributes
from compiler.editing.schema_place import schema_place
from compiler.language.attribute_words import describe_attribute
from compiler.language.steps import StepDefinition


@dataclass(frozen=True, slots=True)
class Hover:
    markdown: str
    start: Position
    end: Position


def hover(text: str, position: Position, index: DefinitionIndex, folder: Path | None = None) -> Hover | None:
    """`folder`: of the file, from which a scenario names its order."""
    cursor = next(iter(find_cursors(text, position)), None)
    if cursor is None:
        return None
    place = find_expression(cursor, index)
    start, word = word_at(text, position)
    markdown = _expression_words(place) if place else _document_words(cursor, index, folder)
    return Hover(markdown, start, Position(start.line, start.column + len(word))) if markdown and word else None


def _expression_words(place: ExpressionPlace) -> str:
    rest = re.match(r"\w*", place.text[place.offset :])
    end = place.offset + (rest.end() if rest else 0)
    path = path_before(place.text, end)
    if re.match(r"\s*\(", place.text[end:]):
        return _function_words(path)
    member = describe_path(place, path)
    return _titled(f"{'.'.join(path)}: {member.type}", member.description) if member else ""


def _function_words(path: list[str]) -> str:
    is_method = len(path) > 1 and path[0] not in NAMESPACES
    doc = METHOD_DOCS.get(path[-1]) if is_method else FUNCTION_DOCS.get(".".join(path))
    return _titled(doc.signature, doc.description) if doc else ""


def _titled(title: str, *paragraphs: str) -> str:
    return "\n\n".join([f"```\n{title}\n```", *filter(None, paragraphs)])


def _document_words(cursor: Cursor, index: DefinitionIndex, folder: Path | None) -> str:
    kind = document_kind(cursor.data)
    place = schema_place(kind)
    if place is None:
        return ""
    if cursor.is_key:
        attribute = line_attributes(cursor.data, kind, cursor.path[:-1], index, folder).get(cursor.text)
        if attribute is not None:
            return _titled(f"{cursor.text}: {describe_attribute(attribute)}", attribute.description or "")
        marks = place.key_marks(cursor.path[:-1], cursor.data)
        if marks:
            return _reference_words(marks, cursor, index)
        description = place.description(cursor.path, cursor.data)
        return _titled(cursor.text, description) if description else ""
    value = place.value(cursor.path, cursor.data)
    if value.marks:
        return _reference_words(value.marks, cursor, index)
    return place.description(cursor.path, cursor.data)


def _reference_words(marks: Iterable[str], cursor: Cursor, index: DefinitionIndex) -> str:
    definitions = index.definitions
    name = cursor.text
    if set(marks) & {"step", "own_step", "step_or_instance"}:
        return _step_words(name, cursor, index)
    spaces: dict[str, dict[str, Any]] = {
        "product_class": definitions.classes,
        "system": definitions.systems,
        "receiver": definitions.receivers,
        "receiver_or_queue": definitions.receivers,
        "retry": definitions.retry_policies,
    }
    for mark in marks:
        entry = spaces.get(mark, definitions.products).get(name if mark in spaces else find_product(index, name) or "")
        if entry is not None:
            kind = str(entry.document.data["kind"]).replace("_", " ")
            label = f"{kind}: {entry.model.name}" if entry.model.name else kind
            return _titled(entry.model.id, label, entry.model.description or "")
    return ""


def _step_words(text: str, cursor: Cursor, index: DefinitionIndex) -> str:
    reference = text.partition("@")[0]
    name, dot, step = reference.partition(".")
    own = str(cursor.data.get("id")) if isinstance(cursor.data, dict) else ""
    if not dot and own in index.step_groups and name in index.step_groups[own].steps:
        name, step = own, name
    group = index.step_groups.get(name)
    if group is None:
        return ""
    if step not in group.steps:
        label = group.entry.model.name or ""
        return "" if dot else _titled(name, f"The last steps of {label or name}.", group.entry.model.description or "")
    definition = group.steps[step]
    return _titled(f"{name}.{step}", definition.name or "", definition.description or "", what_it_does(definition))


def what_it_does(step: StepDefinition) -> str:
    """`calls inventory: POST /reservations`, and the like."""
    if step.call is not None:
        return f"calls {step.call.system}: {step.call.method.upper()} {step.call.path}"
    if step.manual is not None:
        return f"a task in the queue {step.manual.queue}"
    if step.event is not None:
        return f"waits for the event {' or '.join(step.event.name)}"
    return {"wait": "waits", "milestone": "a milestone"}.get(step.kind.value, f"runs the activity {step.activity}")
