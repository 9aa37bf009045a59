"""Puts the errors of a pydantic model into the words of the person who wrote the document: one finding per error."""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, Tag, ValidationError
from pydantic_core import ErrorDetails

from compiler.source.deep_blocks import find_deep_blocks
from compiler.source.document import Key, KeyPath
from compiler.source.findings import MORE_FINDINGS_CODE, Finding, SourceLocation, did_you_mean, finding_at
from compiler.values import describe_value, format_value

MAX_ERRORS_PER_DEFINITION = 50

Owner = tuple[str, KeyPath]
"""How a message begins that is about a path ("line `1`: ", or nothing), and the path from there on."""


def _nearest_key(path: KeyPath) -> Owner:
    """For definitions: messages only name the last key."""
    start = next((at for at in reversed(range(len(path))) if isinstance(path[at], str)), len(path))
    return "", path[start:]


def schema_findings(
    error: ValidationError,
    model: type[BaseModel],
    data: Any,
    locate: Callable[..., SourceLocation],
    find_owner: Callable[[KeyPath], Owner] = _nearest_key,
    limit: int = MAX_ERRORS_PER_DEFINITION,
) -> list[Finding]:
    """A finding for every error that `model` has in `data`, up to `limit`.

    `locate(path, key=…)` is the position of a value, or of its key. Validators of the model raise either ValueError
    with a whole message, or PydanticCustomError: its type is the finding's code, its message goes on after the key's
    name, and `at_key` in its context puts the finding at the key.
    """
    details = error.errors(include_url=False)
    blocks = find_deep_blocks(model, data, (data_path(data, detail["loc"]) for detail in details))
    findings = [_deep_block_finding(block, locate, find_owner) for block in blocks]
    details = [detail for detail in details if not _is_inside(data_path(data, detail["loc"]), blocks)]
    misspelt = set()
    for detail in details[:limit]:
        if detail["type"] in _UNKNOWN_KEY_ERRORS:
            parent, unknown = detail["loc"][:-1], str(detail["loc"][-1])
            known = sorted(_known_keys(model, parent))
            hint = did_you_mean(unknown, known)
            if hint:
                misspelt.add((parent, hint.split("`")[1]))
            owner, inner = find_owner(data_path(data, parent))
            where = f"in {_key_name(inner)}" if owner and inner else "here"
            message = f"{owner}there is no key `{unknown[:60]}` {where}{hint or '; known here: ' + ', '.join(known)}"
            findings.append(finding_at(locate(data_path(data, detail["loc"]), key=True), "key-unknown", message))
    for detail in details[:limit]:
        kind, parent, key = detail["type"], detail["loc"][:-1], str(detail["loc"][-1]) if detail["loc"] else ""
        if kind == "missing" and (parent, key) not in misspelt:
            path = data_path(data, parent)
            owner, inner = find_owner(path)
            named = [part for part in inner if isinstance(part, str)]
            message = f"{owner}`{key}` is missing" + (f" in `{named[-1]}`" if named else "")
            findings.append(finding_at(locate(path, key=True), "key-missing", message))
        elif kind != "missing" and kind not in _UNKNOWN_KEY_ERRORS:
            path = data_path(data, detail["loc"])
            message = _error_message(detail, model, *find_owner(path))
            at_key = key == "[key]" or detail.get("ctx", {}).get("at_key", False)
            findings.append(finding_at(locate(path, key=at_key), _error_code(kind), message))
    if len(details) > limit:
        message = f"{len(details) - limit:,} more errors are not shown: fix these first"
        findings.append(finding_at(locate(), MORE_FINDINGS_CODE, message))
    return findings


def _deep_block_finding(
    block: KeyPath, locate: Callable[..., SourceLocation], find_owner: Callable[[KeyPath], Owner]
) -> Finding:
    owner, _ = find_owner(block)
    message = f"{owner}`{block[-1]}` does not belong in `{block[0]}`: begin it in the same column as `{block[0]}`"
    return finding_at(locate(block, key=True), "key-unknown", message)


def _is_inside(path: KeyPath, blocks: Iterable[KeyPath]) -> bool:
    return any(path[: len(block)] == block for block in blocks)


_UNKNOWN_KEY_ERRORS = ("extra_forbidden", "invalid_key")


def _key_name(path: KeyPath) -> str:
    item = f"item {path[-1] + 1} of " if isinstance(path[-1], int) else ""
    return f"{item}`{'.'.join(part for part in path if isinstance(part, str))}`"


def data_path(data: Any, location: tuple[Key, ...]) -> KeyPath:
    """The part of pydantic's `location` that is in the data: without the tags of unions."""
    path: list[Key] = []
    for part in location:
        if isinstance(data, dict):
            inside = part in data
        else:
            inside = isinstance(data, list | tuple) and isinstance(part, int) and part < len(data)
        if inside:
            data = data[part]
            path.append(part)
    return tuple(path)


_TYPE_MESSAGES = {
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "dict_type": "must be a mapping (`key: value`)",
    "model_type": "must be a mapping (`key: value`)",
    "list_type": "must be a list (`[…]` or lines that begin with `-`)",
}

_LIMIT_MESSAGES = {
    "greater_than_equal": ("at least", "ge"),
    "less_than_equal": ("at most", "le"),
    "greater_than": ("more than", "gt"),
    "less_than": ("less than", "lt"),
}


def _error_code(kind: str) -> str:
    if kind in _TYPE_MESSAGES:
        return "type-wrong"
    if kind == "string_pattern_mismatch":
        return "id-invalid"
    return kind if "-" in kind else "value-invalid"


def _error_message(detail: ErrorDetails, model: type[BaseModel], owner: str, path: KeyPath) -> str:
    kind, value, context = detail["type"], detail["input"], detail.get("ctx", {})
    name = f"{owner}{_key_name(path)} " if path else f"{owner.removesuffix(': ') or 'this'} "
    if kind in _TYPE_MESSAGES:
        quoting = "; put it in quotes" if kind == "string_type" and isinstance(value, int | float) else ""
        required = _required_keys(model, detail["loc"]) if kind == "model_type" else []
        expected = f"must be a mapping with {' and '.join(required)}" if required else _TYPE_MESSAGES[kind]
        return f"{name}{expected}, and is {describe_value(value)}{quoting}"
    if "-" in kind:
        return name + detail["msg"]
    if kind == "string_pattern_mismatch":
        rule = "a lower-case letter, then lower-case letters, digits and `_`"
        if "A-Z" in str(context.get("pattern")):
            rule = "a letter or `_`, then letters, digits and `_`"
        usable = re.sub(r"[^a-z0-9]+", "_", str(value).lower()).strip("_")[:64]
        hint = f"; write for example `{usable}`" if usable and not usable[0].isdigit() else ""
        return f"{format_value(value)} cannot be used in expressions: a name here is {rule}{hint}"
    if kind in ("literal_error", "enum"):
        expected = str(context.get("expected", "")).replace("'", "").replace("True", "true")
        near = did_you_mean(str(value), expected.replace(" or ", ", ").split(", "))
        if isinstance(value, str) and "," in value:
            near = f"; several are written `[{value[:60]}]`"
        return f"{name}must be {expected}, and is {format_value(value)}{near}"
    if kind in _LIMIT_MESSAGES:
        words, limit = _LIMIT_MESSAGES[kind]
        return f"{name}must be {words} {context.get(limit)}, and is {format_value(value)}"
    if kind in ("too_short", "string_too_short"):
        return f"{name}must not be empty"
    if kind == "string_too_long":
        return f"{name}must have at most {context.get('max_length')} characters"
    return detail["msg"].removeprefix("Value error, ")


def _known_keys(model: type[BaseModel], location: tuple[Key, ...]) -> set[str]:
    return {field.alias or name for one in _models_at(model, location) for name, field in one.model_fields.items()}


def _required_keys(model: type[BaseModel], location: tuple[Key, ...]) -> list[str]:
    """The keys that a mapping here must have, quoted; empty if there are none, or if it depends."""
    models = _models_at(model, location)
    fields = models[0].model_fields.items() if len(models) == 1 else ()
    return [f"`{field.alias or name}`" for name, field in fields if field.is_required()]


def _models_at(model: type[BaseModel], location: tuple[Key, ...]) -> list[type[BaseModel]]:
    annotations: list[Any] = [model]
    for part in location:
        inside = [found for annotation in annotations for found in _child_annotations(annotation, part)]
        tagged = [found for annotation in annotations for found in _tagged_members(annotation, part)]
        annotations = inside or tagged or annotations
    members = [member for annotation in annotations for member in _union_members(annotation)]
    return [member for member in members if isinstance(member, type) and issubclass(member, BaseModel)]


def _union_members(annotation: Any) -> Iterator[Any]:
    """The members of a union, without the metadata of `Annotated`."""
    if hasattr(annotation, "__metadata__"):
        yield from _union_members(annotation.__origin__)
    elif get_origin(annotation) in (Union, types.UnionType):
        for argument in get_args(annotation):
            yield from _union_members(argument)
    else:
        yield annotation


def _tagged_members(annotation: Any, tag: Key) -> Iterator[Any]:
    """The members of a union that have this tag."""
    if any(isinstance(one, Tag) and one.tag == tag for one in getattr(annotation, "__metadata__", ())):
        yield annotation
    elif hasattr(annotation, "__metadata__"):
        yield from _tagged_members(annotation.__origin__, tag)
    elif get_origin(annotation) in (Union, types.UnionType):
        for argument in get_args(annotation):
            yield from _tagged_members(argument, tag)


def _child_annotations(annotation: Any, key: Key) -> Iterator[Any]:
    for member in _union_members(annotation):
        origin = get_origin(member)
        if origin is dict:
            yield get_args(member)[1]
        elif origin is list and isinstance(key, int):
            yield get_args(member)[0]
        elif isinstance(member, type) and issubclass(member, BaseModel):
            for name, field in member.model_fields.items():
                if key in (name, field.alias):
                    yield field.annotation
