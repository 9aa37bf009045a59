"""Where expressions stand in a definition, what they must give there, and what they see beside their surroundings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from compiler.cel.evaluation import split_template
from compiler.language.steps import METHODS
from compiler.source.document import KeyPath
from compiler.typecheck.type_checker import Expected

SCOPE_WORDS = frozenset({"line", "unit", "bundle", "order"})


@dataclass(frozen=True, slots=True)
class Bare:
    """A key that is an expression."""

    expected: Expected
    sees: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    """Texts that are words of the language instead."""
    over_line: bool = False
    """Judged line by line when the plan is made: sees no outputs, and a missing value is an answer."""


@dataclass(frozen=True, slots=True)
class Template:
    """A key whose texts may embed `${…}`, however deep they stand; `expected` is for one that stands alone."""

    expected: Expected = "any"
    sees: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Each:
    """A list whose items have this shape."""

    of: Shape


Shape = Bare | Template | Each | dict[str, "Shape"]

RESPONSE = frozenset({"response"})
CALLBACK = frozenset({"callback"})
ARRIVED = frozenset({"response", "payload", "event", "output"})
"""What a step's answer is called by kind: only what its kind has is really seen."""


def _call(*more: str) -> dict[str, Shape]:
    seen = frozenset(more)
    sending = Template("any", seen | CALLBACK)
    methods: dict[str, Shape] = dict.fromkeys(METHODS, sending)
    polling: dict[str, Shape] = {
        "get": Template("any", seen | RESPONSE),
        "every": Template("duration", seen),
        "within": Template("duration", seen),
        "until": Bare("condition", seen | RESPONSE),
    }
    return {
        **methods,
        "query": sending,
        "headers": sending,
        "body": sending,
        "callback": {"within": Template("duration", seen)},
        "poll": polling,
    }


def _manual(*more: str) -> dict[str, Shape]:
    return {"queue": Template("any", frozenset(more)), "instructions": Template("any", frozenset(more))}


STEP: dict[str, Shape] = {
    "call": _call(),
    "with": Template(),
    "manual": _manual(),
    "event": {
        "name": Template(),
        "key": Template(),
        "match": Bare("condition", frozenset({"payload", "event"})),
        "within": Template("duration"),
    },
    "wait": {
        "for": Template("duration"),
        "until": Template("time"),
        "condition": Bare("condition"),
        "within": Template("duration"),
    },
    "after": Each({"order": Template(), "within": Template("duration")}),
    "per": Bare("any", words=SCOPE_WORDS, over_line=True),
    "when": Bare("condition"),
    "start": {"delay": Template("duration"), "at": Template("time")},
    "expected": Template("duration"),
    "timeout": Template("duration"),
    "fail_when": Each(
        {"if": Bare("condition", ARRIVED), "code": Template("any", ARRIVED), "message": Template("any", ARRIVED)}
    ),
    "sla": {"duration": Template("duration"), "warn": Template("duration"), "escalate": Template()},
    "undo": {
        "call": _call("output"),
        "with": Template("any", frozenset({"output"})),
        "manual": _manual("output"),
        "timeout": Template("duration", frozenset({"output"})),
    },
    "on_change": {"call": _call("output")},
    "output": Template("any", ARRIVED),
    "default_output": Template(),
}
"""The expressions of a step."""

_RULE: dict[str, Shape] = {"when": Bare("condition"), "quantity": Bare("count")}
COMPONENT = _RULE
RULE: dict[str, Shape] = {
    "when": Bare("condition", frozenset({"each", "index"})),
    "quantity": Bare("count", frozenset({"each", "index"})),
    "for_each": Bare("list"),
    "key": Bare("any", frozenset({"each", "index"})),
}
"""The expressions of a rule beside its `attributes`."""

SYSTEM: dict[str, Shape] = {
    "base_url": Template("any", frozenset({"env"})),
    "auth": Template("any", frozenset({"env"})),
    "headers": Template("any", frozenset({"env"})),
    "timeout": Template("duration", frozenset({"env"})),
    "error_code": Bare("any", RESPONSE),
}
"""The expressions of a system."""

RECEIVER: dict[str, Shape] = {
    "url": Template("any", frozenset({"env"})),
    "auth": Template("any", frozenset({"env"})),
    "headers": Template("any", frozenset({"env"})),
    "timeout": Template("duration", frozenset({"env"})),
    "when": Bare("condition"),
}
"""The expressions of a receiver."""


class Standing(NamedTuple):
    """One expression where it stands."""

    path: KeyPath
    offset: int
    """Of the expression in the text at `path`."""
    expression: str
    expected: Expected
    sees: frozenset[str]
    over_line: bool = False
    problem: str = ""
    """Where the text cannot even be taken apart."""
    part: bool = False
    """Whether it is the first expression of a text that together must make a duration."""


def expressions_in(data: Any, shape: Shape, path: KeyPath = ()) -> list[Standing]:
    """Every expression in `data`, which has this shape and stands at `path` of its document, as the file has them."""
    found: list[Standing] = []
    _collect(data, shape, path, found)
    return found


def _collect(data: Any, shape: Shape, path: KeyPath, found: list[Standing]) -> None:
    if type(shape) is dict:
        if type(data) is dict:
            for key, value in data.items():
                inner = shape.get(key)
                if inner is not None:
                    _collect(value, inner, (*path, key), found)
    elif type(shape) is Template:
        _collect_embedded(data, shape, path, found)
    elif type(shape) is Bare:
        if isinstance(data, str) and data not in shape.words:
            found.append(Standing(path, 0, data, shape.expected, shape.sees, shape.over_line))
    elif type(shape) is Each:
        if type(data) is list:
            for position, item in enumerate(data):
                _collect(item, shape.of, (*path, position), found)
        else:
            _collect(data, shape.of, path, found)


def embedded_in(data: Any, shape: Template, path: KeyPath) -> list[Standing]:
    """Every `${…}` in the texts of any JSON value."""
    found: list[Standing] = []
    _collect_embedded(data, shape, path, found)
    return found


def _collect_embedded(data: Any, shape: Template, path: KeyPath, found: list[Standing]) -> None:
    kind = type(data)
    if kind is str:
        if "${" in data:
            found += _in_text(data, shape, path)
    elif kind is dict:
        for key, value in data.items():
            if type(value) is not str or "${" in value:
                _collect_embedded(value, shape, (*path, key), found)
    elif kind is list:
        for position, value in enumerate(data):
            _collect_embedded(value, shape, (*path, position), found)


def _in_text(text: str, shape: Template, path: KeyPath) -> Iterator[Standing]:
    try:
        pieces = split_template(text)
    except ValueError as error:
        yield Standing(path, text.rindex("${"), "", "any", shape.sees, problem=str(error))
        return
    expected = shape.expected if len(pieces) == 1 else "any"
    part = shape.expected == "duration" and len(pieces) > 1
    for piece in pieces:
        if not isinstance(piece, str):
            yield Standing(path, piece[0], piece[1], expected, shape.sees, part=part)
            part = False
