"""Expressions at run time: compiled once per process, evaluated many times (CEL, https://cel.dev).

Types were checked when the catalogue was loaded (compiler/expressions.py); here every name is dynamic, so that equal
texts share one compiled program. Deterministic: no clock, no randomness, no I/O.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from cel_expr_python import cel
from cel_expr_python.ext import ext_math, ext_strings
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

INTEGERS = range(-(2**63), 2**63)
"""The whole numbers that expressions can compute with."""

NAMES = (
    "order", "attributes", "quantity", "action", "previous", "each", "index", "lines",
    "steps", "workstreams", "response", "payload", "event", "output", "callback", "env",
)  # fmt: skip
"""Every name that an expression may see somewhere (docs/language.md, Expressions)."""


class EvaluationError(Exception):
    """An expression had no value for these bindings. `expression` is its text; the message says why."""

    def __init__(self, expression: str, message: str) -> None:
        self.expression = expression
        super().__init__(f"{message}, in `{expression}`")


def _sum(values: list[Any]) -> Any:
    return sum(values)


EXTENSIONS = [ext_strings.ExtStrings(), ext_math.ExtMath()]


def functions() -> list[cel.FunctionDecl]:
    """The functions that Ordo adds to standard CEL: `days(n)`, `hours(n)`, `minutes(n)`, `sum(list)`."""
    declared = []
    for name in ("days", "hours", "minutes"):

        def span(amount: float, unit: str = name) -> timedelta:
            return timedelta(**{unit: amount})

        declared.append(
            cel.FunctionDecl(
                name,
                [
                    cel.Overload(f"{name}_int", cel.Type.DURATION, [cel.Type.INT], False, span),
                    cel.Overload(f"{name}_double", cel.Type.DURATION, [cel.Type.DOUBLE], False, span),
                ],
            )
        )
    declared.append(
        cel.FunctionDecl("sum", [cel.Overload("sum_list", cel.Type.DYN, [cel.Type.List(cel.Type.DYN)], False, _sum)])
    )
    return declared


def declared_functions() -> list[cel.FunctionDecl]:
    """The same functions for checking only, where `sum` gives what the list holds."""
    declared = functions()[:-1]
    kinds = {"int": cel.Type.INT, "double": cel.Type.DOUBLE, "duration": cel.Type.DURATION}
    overloads = [cel.Overload(f"sum_{name}", kind, [cel.Type.List(kind)], False, _sum) for name, kind in kinds.items()]
    declared.append(cel.FunctionDecl("sum", overloads))
    return declared


@lru_cache(maxsize=1)
def _environment() -> cel.Env:
    return cel.NewEnv(variables=dict.fromkeys(NAMES, cel.Type.DYN), extensions=EXTENSIONS, functions=functions())


@lru_cache(maxsize=100_000)
def _program(expression: str) -> cel.Expression:
    return _environment().compile(expression)


def _to_cel(value: Any) -> Any:
    """Dates and times, which CEL takes as protobuf messages only; everything else as it is."""
    if isinstance(value, dict):
        return {key: _to_cel(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_to_cel(item) for item in value]
    if isinstance(value, datetime):
        stamp = Timestamp()
        stamp.FromDatetime(value)
        return stamp
    if isinstance(value, date):
        return _to_cel(datetime.combine(value, time(), UTC))
    if isinstance(value, timedelta):
        span = Duration()
        span.FromTimedelta(value)
        return span
    return value


def evaluate(expression: str, bindings: Mapping[str, Any]) -> Any:
    """The value of a bare expression, as plain Python (str, int, float, bool, None, list, dict, datetime, timedelta).

    Raises EvaluationError; never anything else for any text and any bindings.
    """
    try:
        result = _program(expression).eval(data={name: _to_cel(value) for name, value in bindings.items()})
        if result.type() == cel.Type.ERROR:
            raise EvaluationError(expression, str(result.value()))
        return result.plain_value()
    except (RuntimeError, ValueError, TypeError, OverflowError) as error:
        raise EvaluationError(expression, str(error)) from error


@lru_cache(maxsize=1)
def _matching() -> cel.Expression:
    variables = {"text": cel.Type.STRING, "pattern": cel.Type.STRING}
    return cel.NewEnv(variables=variables).compile("text.matches(pattern)")


def matches_whole(pattern: str, text: str) -> bool:
    """Whether the whole of `text` matches (RE2 syntax, as CEL's `matches`: linear time, whatever the pattern).

    Raises ValueError where `pattern` is none.
    """
    result = _matching().eval(data={"text": text, "pattern": f"^(?:{pattern})$"})
    if result.type() == cel.Type.ERROR:
        raise ValueError(f"`{pattern}` is not a regular expression (RE2)")
    return bool(result.value())


def as_text(value: Any) -> str:
    """A value inside other text: `true`, `2`, `2.5`, an ISO date or date-time, `90s`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


_EXPRESSION_START = re.compile(r"\$\$\{|\$\{")


@lru_cache(maxsize=100_000)
def split_template(text: str) -> tuple[str | tuple[int, str], ...]:
    """The pieces of `text`: literal str, or (offset of the expression in `text`, expression).

    `${ … }` runs up to its balancing brace outside quotes; `$${` is a literal `${`.
    Raises ValueError where a brace is not closed.
    """
    pieces: list[str | tuple[int, str]] = []
    literal = ""
    position = 0
    while match := _EXPRESSION_START.search(text, position):
        literal += text[position : match.start()]
        if match[0] == "$${":
            literal, position = literal + "${", match.end()
            continue
        end = _balancing_brace(text, match.end())
        if literal:
            pieces.append(literal)
            literal = ""
        pieces.append((match.end(), text[match.end() : end]))
        position = end + 1
    literal += text[position:]
    if literal or not pieces:
        pieces.append(literal)
    return tuple(pieces)


def _balancing_brace(text: str, start: int) -> int:
    depth, quote, position = 0, "", start
    while position < len(text):
        character = text[position]
        if quote:
            if character == "\\":
                position += 1
            elif character == quote:
                quote = ""
        elif character in "'\"":
            quote = character
        elif character == "{":
            depth += 1
        elif character == "}":
            if depth == 0:
                return position
            depth -= 1
        position += 1
    raise ValueError("`${` is not closed by a `}`")


def render(template: Any, bindings: Mapping[str, Any]) -> Any:
    """`template` (any JSON value) with each `${…}` replaced: alone it keeps its type, inside text it is text."""
    if isinstance(template, str):
        if "${" not in template:
            return template
        pieces = split_template(template)
        if len(pieces) == 1:
            piece = pieces[0]
            return piece if isinstance(piece, str) else evaluate(piece[1], bindings)
        return "".join(p if isinstance(p, str) else as_text(evaluate(p[1], bindings)) for p in pieces)
    if isinstance(template, dict):
        return {key: render(value, bindings) for key, value in template.items()}
    if isinstance(template, list):
        return [render(value, bindings) for value in template]
    return template
