"""Where expressions stand in a definition, what they must give there, and what they see beside their surroundings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from compiler.cel import split_template
from compiler.expressions import Expected
from compiler.source import KeyPath

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


Shape = Bare | Template | Each | Mapping[str, "Shape"]

RESPONSE = frozenset({"response"})
CALLBACK = frozenset({"callback"})
ARRIVED = frozenset({"response", "payload", "event", "output"})
"""What a step's answer is called by kind: only what its kind has is really seen."""


def _call(*more: str) -> Mapping[str, Shape]:
    seen = frozenset(more)
    sending = Template("any", seen | CALLBACK)
    methods = {method: Template("any", seen | CALLBACK) for method in ("get", "post", "put", "patch", "delete")}
    polling: Mapping[str, Shape] = {
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


def _manual(*more: str) -> Mapping[str, Shape]:
    return {"queue": Template("any", frozenset(more)), "instructions": Template("any", frozenset(more))}


STEP: Mapping[str, Shape] = {
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

_RULE: Mapping[str, Shape] = {"when": Bare("condition"), "quantity": Bare("count")}
COMPONENT = _RULE
RULE: Mapping[str, Shape] = {
    "when": Bare("condition", frozenset({"each", "index"})),
    "quantity": Bare("count", frozenset({"each", "index"})),
    "for_each": Bare("list"),
    "key": Bare("any", frozenset({"each", "index"})),
}
"""The expressions of a rule beside its `attributes`."""

SYSTEM: Mapping[str, Shape] = {
    "base_url": Template("any", frozenset({"env"})),
    "auth": Template("any", frozenset({"env"})),
    "headers": Template("any", frozenset({"env"})),
    "timeout": Template("duration", frozenset({"env"})),
    "error_code": Bare("any", RESPONSE),
}
"""The expressions of a system."""


@dataclass(frozen=True, slots=True)
class Standing:
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


def expressions_in(data: Any, shape: Shape, path: KeyPath = ()) -> Iterator[Standing]:
    """Every expression in `data`, which has this shape and stands at `path` of its document."""
    if isinstance(shape, Mapping):
        if isinstance(data, dict):
            for key, inner in shape.items():
                if key in data:
                    yield from expressions_in(data[key], inner, (*path, key))
    elif isinstance(shape, Each):
        items = data if isinstance(data, list) else [data]
        for position, item in enumerate(items):
            yield from expressions_in(item, shape.of, (*path, position) if isinstance(data, list) else path)
    elif isinstance(shape, Template):
        yield from embedded_in(data, shape, path)
    elif isinstance(data, str) and data not in shape.words:
        yield Standing(path, 0, data, shape.expected, shape.sees, shape.over_line)


def embedded_in(data: Any, shape: Template, path: KeyPath) -> Iterator[Standing]:
    """Every `${…}` in the texts of any JSON value."""
    if isinstance(data, str):
        if "${" not in data:
            return
        try:
            pieces = split_template(data)
        except ValueError as error:
            yield Standing(path, data.rindex("${"), "", "any", shape.sees, problem=str(error))
            return
        alone = len(pieces) == 1
        for piece in pieces:
            if not isinstance(piece, str):
                yield Standing(path, piece[0], piece[1], shape.expected if alone else "any", shape.sees)
    elif isinstance(data, dict):
        for key, value in data.items():
            yield from embedded_in(value, shape, (*path, key))
    elif isinstance(data, list):
        for position, value in enumerate(data):
            yield from embedded_in(value, shape, (*path, position))
