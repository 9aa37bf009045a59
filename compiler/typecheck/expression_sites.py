"""Finds the expressions in a definition, with the type that each must have and the extra names that it can use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from compiler.cel.templates import split_template
from compiler.language.http_words import HTTP_METHODS
from compiler.source.document import KeyPath
from compiler.typecheck.type_checker import ExpectedType

PER_KEYWORDS = frozenset({"line", "unit", "bundle", "order"})


@dataclass(frozen=True, slots=True)
class ExpressionShape:
    """A key whose value is an expression."""

    expected: ExpectedType
    extra_names: frozenset[str] = frozenset()
    keywords: frozenset[str] = frozenset()
    """Values that are keywords, not expressions."""
    per_line: bool = False
    """Evaluated for each line while the plan is made: outputs are not available, and values may be missing."""


@dataclass(frozen=True, slots=True)
class TemplateShape:
    """A key whose texts, at any depth, may contain `${…}`. `expected` is the type of a text that is one `${…}` only."""

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
"""The names of a step's result. Which of them exist depends on the kind of step."""


def _call_shape(*more: str) -> dict[str, Shape]:
    names = frozenset(more)
    sending = TemplateShape("any", names | CALLBACK_NAMES)
    methods: dict[str, Shape] = dict.fromkeys(HTTP_METHODS, sending)
    polling: dict[str, Shape] = {
        "get": TemplateShape("any", names | RESPONSE_NAMES),
        "every": TemplateShape("duration", names),
        "within": TemplateShape("duration", names),
        "until": ExpressionShape("condition", names | RESPONSE_NAMES),
    }
    return {
        **methods,
        "query": sending,
        "headers": sending,
        "body": sending,
        "callback": {"within": TemplateShape("duration", names)},
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
"""The expressions of a rule except its `attributes`."""

_REQUEST_NAMES = frozenset({"request", "path"})
_EXAMPLE_NAMES = _REQUEST_NAMES | {"number"}
_ANSWER_TEXT = TemplateShape("any", _EXAMPLE_NAMES)
_ANSWER_TIME = TemplateShape("duration", _EXAMPLE_NAMES)
_ANSWER_CONDITION = ExpressionShape("condition", _EXAMPLE_NAMES)
EXAMPLE_SHAPE: Shape = ListShape(
    {
        "when": ExpressionShape("condition", _REQUEST_NAMES),
        "fails": {
            "headers": TemplateShape("any", _REQUEST_NAMES),
            "body": TemplateShape("any", _REQUEST_NAMES),
        },
        "headers": _ANSWER_TEXT,
        "body": _ANSWER_TEXT,
        "delay": _ANSWER_TIME,
        "then": ListShape({"after": _ANSWER_TIME, "headers": _ANSWER_TEXT, "body": _ANSWER_TEXT}),
        "calls_back": ListShape(
            {"after": _ANSWER_TIME, "when": _ANSWER_CONDITION, "to": _ANSWER_TEXT, "body": _ANSWER_TEXT}
        ),
        "sends": ListShape(
            {
                "event": _ANSWER_TEXT,
                "key": _ANSWER_TEXT,
                "order": _ANSWER_TEXT,
                "after": _ANSWER_TIME,
                "when": _ANSWER_CONDITION,
                "payload": _ANSWER_TEXT,
            }
        ),
    }
)
"""The expressions of a pretend system's answers."""

HAPPENING_SHAPE: dict[str, Shape] = {"key": TemplateShape(), "payload": TemplateShape(), "callback": TemplateShape()}
"""The expressions of an event or a callback in the world of a scenario."""

SYSTEM_SHAPE: dict[str, Shape] = {
    "base_url": TemplateShape("any", frozenset({"env"})),
    "auth": TemplateShape("any", frozenset({"env"})),
    "headers": TemplateShape("any", frozenset({"env"})),
    "timeout": TemplateShape("duration", frozenset({"env"})),
    "error_code": ExpressionShape("any", RESPONSE_NAMES),
}
"""The expressions of a system except its `example`."""

RECEIVER_SHAPE: dict[str, Shape] = {
    "url": TemplateShape("any", frozenset({"env"})),
    "auth": TemplateShape("any", frozenset({"env"})),
    "headers": TemplateShape("any", frozenset({"env"})),
    "timeout": TemplateShape("duration", frozenset({"env"})),
    "when": ExpressionShape("condition"),
}
"""The expressions of a receiver."""


class ExpressionSite(NamedTuple):
    """One expression and its position."""

    path: KeyPath
    offset: int
    """Position of the expression in the text at `path`."""
    expression: str
    expected: ExpectedType
    extra_names: frozenset[str]
    per_line: bool = False
    problem: str = ""
    """Why the text cannot be split into its pieces; empty if it can."""
    is_duration_part: bool = False
    """Whether it is the first expression of a text that as a whole must be a duration."""


def find_expressions(data: Any, shape: Shape, path: KeyPath = ()) -> list[ExpressionSite]:
    """Every expression in `data`, which has this shape and is at `path` of its document; in the order of the file."""
    found: list[ExpressionSite] = []
    _collect(data, shape, path, found)
    return found


def _collect(data: Any, shape: Shape, path: KeyPath, found: list[ExpressionSite]) -> None:
    if type(shape) is dict:
        if type(data) is dict:
            for key, value in data.items():
                inner = shape.get(key)
                if inner is None:
                    continue
                if type(inner) is TemplateShape:
                    if type(value) is not str:
                        _collect_embedded(value, inner, (*path, key), found)
                    elif "${" in value:
                        _add_template_sites(value, inner, (*path, key), found)
                else:
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


class TemplateText(NamedTuple):
    """A text that may contain `${…}`, and its position."""

    path: KeyPath
    text: str
    shape: TemplateShape


def find_texts(data: Any, shape: Shape, path: KeyPath = ()) -> Iterator[TemplateText]:
    """Every text in `data` that may contain `${…}`, whether it does or not."""
    if isinstance(shape, ExpressionShape):
        return
    if isinstance(shape, ListShape) and not isinstance(data, list):
        yield from find_texts(data, shape.item, path)
    elif isinstance(data, list) and not isinstance(shape, dict):
        item = shape.item if isinstance(shape, ListShape) else shape
        for position, value in enumerate(data):
            yield from find_texts(value, item, (*path, position))
    elif isinstance(data, dict):
        for key, value in data.items():
            inner = shape.get(key) if isinstance(shape, dict) else shape
            if inner is not None:
                yield from find_texts(value, inner, (*path, key))
    elif isinstance(shape, TemplateShape) and isinstance(data, str):
        yield TemplateText(path, data, shape)


def find_embedded(data: Any, shape: TemplateShape, path: KeyPath) -> list[ExpressionSite]:
    """Every `${…}` in the texts of a JSON value."""
    found: list[ExpressionSite] = []
    _collect_embedded(data, shape, path, found)
    return found


def _collect_embedded(data: Any, shape: TemplateShape, path: KeyPath, found: list[ExpressionSite]) -> None:
    kind = type(data)
    if kind is str:
        if "${" in data:
            _add_template_sites(data, shape, path, found)
    elif kind is dict:
        for key, value in data.items():
            if type(value) is not str:
                _collect_embedded(value, shape, (*path, key), found)
            elif "${" in value:
                _add_template_sites(value, shape, (*path, key), found)
    elif kind is list:
        for position, value in enumerate(data):
            _collect_embedded(value, shape, (*path, position), found)


def _add_template_sites(text: str, shape: TemplateShape, path: KeyPath, found: list[ExpressionSite]) -> None:
    try:
        pieces = split_template(text)
    except ValueError as error:
        found.append(ExpressionSite(path, text.rindex("${"), "", "any", shape.extra_names, problem=str(error)))
        return
    expected = shape.expected if len(pieces) == 1 else "any"
    part = shape.expected == "duration" and len(pieces) > 1
    for piece in pieces:
        if not isinstance(piece, str):
            found.append(ExpressionSite(path, piece[0], piece[1], expected, shape.extra_names, is_duration_part=part))
            part = False
