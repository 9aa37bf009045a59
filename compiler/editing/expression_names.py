"""What names and paths in an expression stand for, also in expressions that are not written to their end."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from compiler.catalogue.definition_index import DefinitionIndex
from compiler.editing.expression_place import ExpressionPlace
from compiler.language.attribute_words import describe_attribute
from compiler.language.attributes import Attribute
from compiler.language.steps import StepDefinition
from compiler.typecheck.types import DYN, Type

_PATH_END = re.compile(r"(?:[A-Za-z_]\w*\s*\.\s*)*\w*$")
_LOOP = re.compile(r"\.\s*(?:all|exists|exists_one|filter|map)\(\s*([A-Za-z_]\w*)\s*,")
_TYPE_WORDS = {
    "int": "integer", "double": "number", "string": "text", "bool": "true or false", "timestamp": "date or time",
    "duration": "duration", "dyn": "any", "list": "list", "map": "object", "object": "object",
}  # fmt: skip
NAME_DOCS: Mapping[str, str] = {
    "action": "The line's action: add, modify, delete or no_change.",
    "attributes": "The line's attributes.",
    "callback": "What to hand to the system, so that it can call back: `url` and `id`.",
    "each": "The element of the rule's list.",
    "env": "The worker's environment.",
    "event": "The event.",
    "index": "The position in the list, or the number of the unit, from 1.",
    "let": "The line's named values.",
    "lines": "The lines that the step serves.",
    "number": "How many calls the pretend system has had.",
    "order": "The order.",
    "output": "The step's output.",
    "path": "The variable parts of the path.",
    "payload": "What came with the event, the callback or the form.",
    "previous": "What the customer had: `attributes` and `quantity`.",
    "quantity": "The line's quantity.",
    "request": "The request.",
    "response": "The answer of the system: `status`, `headers` and `body`.",
    "steps": "Outputs of steps of the same workstream: `steps.<step>.output`.",
    "workstreams": "Outputs of other workstreams: `workstreams.<workstream>.<step>.output`, or `.outputs` (a list).",
}


@dataclass(frozen=True, slots=True)
class Member:
    """A name, or what can follow a path."""

    name: str
    type: str
    """In words: `integer`, `list of text`."""
    description: str = ""


def path_before(expression: str, offset: int) -> list[str]:
    """The path that ends at the offset: `attributes.mo` as ["attributes", "mo"]. [""] if there is none."""
    found = _PATH_END.search(expression, 0, offset)
    text = expression[found.start() : offset] if found else ""
    return [part.strip() for part in text.split(".")]


def follows_value(expression: str, offset: int) -> bool:
    """Whether a path at the offset follows a bracket and a dot, as in `size(x).`: its type is unknown."""
    found = _PATH_END.search(expression, 0, offset)
    before = expression[: found.start()].rstrip() if found else ""
    return before.endswith(".")


def members(place: ExpressionPlace, path: list[str]) -> list[Member]:
    """What can follow the path; without a path, the names that the expression can use."""
    if not path:
        return _names(place)
    if path[0] in ("steps", "workstreams") and place.scope.step_ids is not None:
        return _step_members(place, path)
    kind = path_type(place, path)
    if kind is None or kind.kind != "object":
        return []
    return [_member(place, [*path, field.name], field.type) for field in kind.fields]


def describe_path(place: ExpressionPlace, path: list[str]) -> Member | None:
    """What the path stands for; None if it does not exist."""
    if not path or not path[0]:
        return None
    return next((one for one in members(place, path[:-1]) if one.name == path[-1]), None)


def find_attribute(place: ExpressionPlace, path: list[str]) -> Attribute | None:
    """The declaration of the attribute that the path leads to; that of the first product if there are several."""
    if "attributes" not in path[:-1]:
        return None
    name, *inner = path[path.index("attributes") + 1 :]
    attribute = next((found[name] for found in _declared(place.index, place.products) if name in found), None)
    for part in inner:
        attribute = (attribute.properties or {}).get(part) if attribute else None
    return attribute


def _declared(index: DefinitionIndex, owners: tuple[str, ...]) -> list[Mapping[str, Attribute]]:
    classes = index.definitions.classes
    found = [index.product_attributes[owner] for owner in owners if owner in index.product_attributes]
    return found or [classes[owner].model.attributes for owner in owners if owner in classes]


def _names(place: ExpressionPlace) -> list[Member]:
    scope = place.scope
    found = [Member(name, type_words(kind), NAME_DOCS.get(name, "")) for name, kind in scope.names.items()]
    if scope.step_ids is not None:
        found += [Member(name, "object", NAME_DOCS[name]) for name in ("steps", "workstreams")]
    loops = _loop_variables(place)
    return found + [Member(name, type_words(kind), "An item of the list.") for name, kind in loops.items()]


def _step_members(place: ExpressionPlace, path: list[str]) -> list[Member]:
    root, *rest = path
    groups = place.index.step_groups
    if root == "workstreams":
        if not rest:
            return [Member(name, "workstream", group.entry.model.name or "") for name, group in groups.items()]
        workstream, *rest = rest
    else:
        workstream = place.scope.workstream
    group = groups.get(workstream)
    if group is None:
        return []
    if not rest:
        return [Member(name, "step", _step_words(step)) for name, step in group.steps.items()]
    if len(rest) > 1 or rest[0] not in group.steps:
        return []
    outputs = [Member("output", "any", f"The output of `{rest[0]}`.")]
    if root == "workstreams":
        outputs.append(Member("outputs", "list", f"The outputs of all instances of `{rest[0]}`."))
    return outputs


def _step_words(step: StepDefinition) -> str:
    return step.name or step.description or step.kind.value


def _member(place: ExpressionPlace, path: list[str], kind: Type) -> Member:
    attribute = find_attribute(place, path)
    if attribute is not None:
        return Member(path[-1], describe_attribute(attribute), attribute.description or "")
    return Member(path[-1], type_words(kind))


def path_type(place: ExpressionPlace, path: list[str]) -> Type | None:
    """The type of the value at a path; None if it does not exist."""
    kind = _loop_variables(place).get(path[0]) or place.scope.names.get(path[0])
    for part in path[1:]:
        if kind is None or kind.kind != "object":
            return None
        field = kind.field(part)
        kind = field.type if field else None
    return kind


def _loop_variables(place: ExpressionPlace) -> dict[str, Type]:
    """The variables of the loops before the cursor, with the types of their items."""
    found: dict[str, Type] = {}
    text = place.text[: place.offset]
    for loop in _LOOP.finditer(text):
        kind = _list_before(place, text[: loop.start()], found)
        found[loop[1]] = (kind.items if kind is not None else None) or DYN
    return found


def _list_before(place: ExpressionPlace, text: str, loops: Mapping[str, Type]) -> Type | None:
    """The type of the list at the end of the text, such as `lines` or `lines.filter(…)`."""
    while text.endswith(")"):
        start = _opening_bracket(text)
        method = re.search(r"\.\s*filter$", text[:start])
        if method is None:
            return None
        text = text[: method.start()]
    path = path_before(text, len(text))
    kind = loops.get(path[0]) or place.scope.names.get(path[0])
    for part in path[1:]:
        field = kind.field(part) if kind is not None else None
        kind = field.type if field else None
    return kind


def _opening_bracket(text: str) -> int:
    """The position of the bracket that the last character closes; 0 if there is none."""
    depth = 0
    for position in range(len(text) - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(text[position], 0)
        if depth == 0:
            return position
    return 0


def type_words(kind: Type) -> str:
    words = _TYPE_WORDS.get(kind.kind, kind.kind)
    return f"list of {type_words(kind.items)}" if kind.kind == "list" and kind.items is not None else words
