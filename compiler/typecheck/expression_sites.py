"""Where expressions stand in a definition, what they must give there, and what they see beside their surroundings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from compiler.cel.templates import split_template
from compiler.language.steps import HTTP_METHODS
from compiler.source.document import KeyPath
from compiler.typecheck.type_checker import ExpectedType

PER_KEYWORDS = frozenset({"line", "unit", "bundle", "order"})


@dataclass(frozen=True, slots=True)
class ExpressionShape:
    """A key that is an expression."""

    expected: ExpectedType
    extra_names: frozenset[str] = frozenset()
    keywords: frozenset[str] = frozenset()
    """Texts that are words of the language instead."""
    per_line: bool = False
    """Judged line by line when the plan is made: sees no outputs, and a missing value is an answer."""


@dataclass(frozen=True, slots=True)
class TemplateShape:
    """A key whose texts may embed `${…}`, however deep they stand; `expected` is for one that stands alone."""

    expected: ExpectedType = "any"
    extra_names: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ListShape:
    """A list whose items have this shape."""

    item: Shape


Shape = ExpressionShape | TemplateShape | ListShape | dict[str, "Shape"]

RESPONSE_NAMES = frozenset({"response"})
CALLBACK_NAMES = frozenset({"callback"})
RESULT_NAMES = frozenset({"response", "payload", "event", "output"})
"""What a step's answer is called by kind: only what its kind has is really seen."""


def _call_shape(*more: str) -> dict[str, Shape]:
    seen = frozenset(more)
    sending = TemplateShape("any", seen | CALLBACK_NAMES)
    methods: dict[str, Shape] = dict.fromkeys(HTTP_METHODS, sending)
    polling: dict[str, Shape] = {
        "get": TemplateShape("any", seen | RESPONSE_NAMES),
        "every": TemplateShape("duration", seen),
        "within": TemplateShape("duration", seen),
        "until": ExpressionShape("condition", seen | RESPONSE_NAMES),
    }
    return {
        **methods,
        "query": sending,
        "headers": sending,
        "body": sending,
        "callback": {"within": TemplateShape("duration", seen)},
        "poll": polling,
    }


def _manual_shape(*more: str) -> dict[str, Shape]:
    return {"queue": TemplateShape("any", frozenset(more)), "instructions": TemplateShape("any", frozenset(more))}


STEP_SHAPE: dict[str, Shape] = {
    "call": _call_shape(),
    "with": TemplateShape(),
    "manual": _manual_shape(),
    "event": {
        "name": TemplateShape(),
        "key": TemplateShape(),
        "match": ExpressionShape("condition", frozenset({"payload", "event"})),
        "within": TemplateShape("duration"),
    },
    "wait": {
        "for": TemplateShape("duration"),
        "until": TemplateShape("time"),
        "condition": ExpressionShape("condition"),
        "within": TemplateShape("duration"),
    },
    "after": ListShape({"order": TemplateShape(), "within": TemplateShape("duration")}),
    "per": ExpressionShape("any", keywords=PER_KEYWORDS, per_line=True),
    "when": ExpressionShape("condition"),
    "start": {"delay": TemplateShape("duration"), "at": TemplateShape("time")},
    "expected": TemplateShape("duration"),
    "timeout": TemplateShape("duration"),
    "fail_when": ListShape(
        {
            "if": ExpressionShape("condition", RESULT_NAMES),
            "code": TemplateShape("any", RESULT_NAMES),
            "message": TemplateShape("any", RESULT_NAMES),
        }
    ),
    "sla": {"duration": TemplateShape("duration"), "warn": TemplateShape("duration"), "escalate": TemplateShape()},
    "undo": {
        "call": _call_shape("output"),
        "with": TemplateShape("any", frozenset({"output"})),
        "manual": _manual_shape("output"),
        "timeout": TemplateShape("duration", frozenset({"output"})),
    },
    "on_change": {"call": _call_shape("output")},
    "output": TemplateShape("any", RESULT_NAMES),
    "default_output": TemplateShape(),
}
"""The expressions of a step."""

_COMMON_RULE_SHAPE: dict[str, Shape] = {"when": ExpressionShape("condition"), "quantity": ExpressionShape("count")}
COMPONENT_SHAPE = _COMMON_RULE_SHAPE
RULE_SHAPE: dict[str, Shape] = {
    "when": ExpressionShape("condition", frozenset({"each", "index"})),
    "quantity": ExpressionShape("count", frozenset({"each", "index"})),
    "for_each": ExpressionShape("list"),
    "key": ExpressionShape("any", frozenset({"each", "index"})),
}
"""The expressions of a rule beside its `attributes`."""

SYSTEM_SHAPE: dict[str, Shape] = {
    "base_url": TemplateShape("any", frozenset({"env"})),
    "auth": TemplateShape("any", frozenset({"env"})),
    "headers": TemplateShape("any", frozenset({"env"})),
    "timeout": TemplateShape("duration", frozenset({"env"})),
    "error_code": ExpressionShape("any", RESPONSE_NAMES),
}
"""The expressions of a system."""

RECEIVER_SHAPE: dict[str, Shape] = {
    "url": TemplateShape("any", frozenset({"env"})),
    "auth": TemplateShape("any", frozenset({"env"})),
    "headers": TemplateShape("any", frozenset({"env"})),
    "timeout": TemplateShape("duration", frozenset({"env"})),
    "when": ExpressionShape("condition"),
}
"""The expressions of a receiver."""


class ExpressionSite(NamedTuple):
    """One expression where it stands."""

    path: KeyPath
    offset: int
    """Of the expression in the text at `path`."""
    expression: str
    expected: ExpectedType
    extra_names: frozenset[str]
    per_line: bool = False
    problem: str = ""
    """Where the text cannot even be taken apart."""
    is_duration_part: bool = False
    """Whether it is the first expression of a text that together must make a duration."""


def find_expressions(data: Any, shape: Shape, path: KeyPath = ()) -> list[ExpressionSite]:
    """Every expression in `data`, which has this shape and stands at `path` of its document, as the file has them."""
    found: list[ExpressionSite] = []
    _collect(data, shape, path, found)
    return found


def _collect(data: Any, shape: Shape, path: KeyPath, found: list[ExpressionSite]) -> None:
    if type(shape) is dict:
        if type(data) is dict:
            for key, value in data.items():
                inner = shape.get(key)
                if inner is not None:
                    _collect(value, inner, (*path, key), found)
    elif type(shape) is TemplateShape:
        _collect_embedded(data, shape, path, found)
    elif type(shape) is ExpressionShape:
        if isinstance(data, str) and data not in shape.keywords:
            found.append(ExpressionSite(path, 0, data, shape.expected, shape.extra_names, shape.per_line))
    elif type(shape) is ListShape:
        if type(data) is list:
            for position, item in enumerate(data):
                _collect(item, shape.item, (*path, position), found)
        else:
            _collect(data, shape.item, path, found)


def find_embedded(data: Any, shape: TemplateShape, path: KeyPath) -> list[ExpressionSite]:
    """Every `${…}` in the texts of any JSON value."""
    found: list[ExpressionSite] = []
    _collect_embedded(data, shape, path, found)
    return found


def _collect_embedded(data: Any, shape: TemplateShape, path: KeyPath, found: list[ExpressionSite]) -> None:
    kind = type(data)
    if kind is str:
        if "${" in data:
            found += _template_sites(data, shape, path)
    elif kind is dict:
        for key, value in data.items():
            if type(value) is not str or "${" in value:
                _collect_embedded(value, shape, (*path, key), found)
    elif kind is list:
        for position, value in enumerate(data):
            _collect_embedded(value, shape, (*path, position), found)


def _template_sites(text: str, shape: TemplateShape, path: KeyPath) -> Iterator[ExpressionSite]:
    try:
        pieces = split_template(text)
    except ValueError as error:
        yield ExpressionSite(path, text.rindex("${"), "", "any", shape.extra_names, problem=str(error))
        return
    expected = shape.expected if len(pieces) == 1 else "any"
    part = shape.expected == "duration" and len(pieces) > 1
    for piece in pieces:
        if not isinstance(piece, str):
            yield ExpressionSite(path, piece[0], piece[1], expected, shape.extra_names, is_duration_part=part)
            part = False
