"""A model's complaints about a document, put into the words of the person who wrote it: one finding for one mistake."""

from __future__ import annotations

import re
import types
from collections.abc import Iterator
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from compiler.source.document import Document, Key, KeyPath
from compiler.source.findings import MORE_FINDINGS_CODE, Finding, did_you_mean, finding_at
from compiler.values import format_value

MAX_ERRORS_PER_DOCUMENT = 50
"""Of one document; further ones are counted."""


def schema_findings(error: ValidationError, model: type[BaseModel], document: Document) -> list[Finding]:
    """Every mistake that `error` tells of, at its place in the document."""
    details = error.errors(include_url=False)
    left_out = len(details) - MAX_ERRORS_PER_DOCUMENT
    details = details[:MAX_ERRORS_PER_DOCUMENT]
    misspelt = set()
    findings = []
    for detail in details:
        if detail["type"] == "extra_forbidden":
            known = sorted(_known_keys(model, detail["loc"][:-1]))
            unknown = str(detail["loc"][-1])
            hint = did_you_mean(unknown, known)
            if hint:
                misspelt.add((detail["loc"][:-1], hint.split("`")[1]))
            path = data_path(document, detail["loc"])
            said = hint or f"; known here: {', '.join(known)}"
            findings.append(
                _document_finding(document, path, "key-unknown", f"there is no key `{unknown}` here{said}", key=True)
            )
    for detail in details:
        location = detail["loc"]
        if detail["type"] == "missing" and (location[:-1], str(location[-1])) not in misspelt:
            path = data_path(document, location[:-1])
            findings.append(
                _document_finding(
                    document, path, "key-missing", f"`{location[-1]}` is missing{_in_key_phrase(path)}", key=True
                )
            )
        elif detail["type"] not in ("missing", "extra_forbidden"):
            in_key = location[-1] == "[key]"
            path = data_path(document, location)
            if in_key:
                path = data_path(document, location[:-1])
            findings.append(
                _document_finding(document, path, _error_code(detail), _error_message(detail, path), key=in_key)
            )
    if left_out > 0:
        message = f"{left_out:,} more mistakes in this definition are not shown: mend these first"
        findings.append(_document_finding(document, (), MORE_FINDINGS_CODE, message))
    return findings


def _document_finding(document: Document, path: KeyPath, code: str, message: str, *, key: bool = False) -> Finding:
    return finding_at(document.location(path, key=key), code, message)


def _in_key_phrase(path: KeyPath) -> str:
    named = [str(part) for part in path if isinstance(part, str)]
    return f" in `{named[-1]}`" if named else ""


def data_path(document: Document, location: tuple[Key, ...]) -> KeyPath:
    """The part of pydantic's `location` that is in the document: without the tags of unions."""
    path: list[Key] = []
    value: Any = document.data
    for part in location:
        if isinstance(value, dict) and part in value:
            value = value[str(part)]
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            continue
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


def _error_code(detail: ErrorDetails) -> str:
    kind = detail["type"]
    if kind in _TYPE_MESSAGES:
        return "type-wrong"
    if kind == "string_pattern_mismatch":
        return "id-invalid"
    return "value-invalid"


def _error_message(detail: ErrorDetails, path: KeyPath) -> str:
    kind, value, context = detail["type"], detail["input"], detail.get("ctx", {})
    name = next((f"`{part}` " for part in reversed(path) if isinstance(part, str)), "this ")
    if kind in _TYPE_MESSAGES:
        quoting = "; put it in quotes" if kind == "string_type" and isinstance(value, int | float) else ""
        given = "is a mapping" if isinstance(value, dict) else "is a list" if isinstance(value, list) else None
        return f"{name}{_TYPE_MESSAGES[kind]}, and {given or 'is ' + format_value(value)}{quoting}"
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
    annotations: list[Any] = [model]
    for part in location:
        inside = [found for annotation in annotations for found in _child_annotations(annotation, part)]
        annotations = inside or annotations
    keys = set()
    for annotation in annotations:
        for member in _union_members(annotation):
            if isinstance(member, type) and issubclass(member, BaseModel):
                keys |= {field.alias or name for name, field in member.model_fields.items()}
    return keys


def _union_members(annotation: Any) -> Iterator[Any]:
    """The alternatives of a union, without what `Annotated` adds."""
    if hasattr(annotation, "__metadata__"):
        yield from _union_members(annotation.__origin__)
    elif get_origin(annotation) in (Union, types.UnionType):
        for argument in get_args(annotation):
            yield from _union_members(argument)
    else:
        yield annotation


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
