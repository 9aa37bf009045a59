"""Evaluates expressions (CEL, https://cel.dev). Each is compiled once per process.

Loading the catalogue has checked the types (compiler/typecheck). Here every name is dynamic, so that equal texts share
one compiled program. Deterministic: no clock, no randomness, no I/O.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from cel_expr_python import cel
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from compiler.cel.functions import CEL_EXTENSIONS, runtime_functions
from compiler.cel.let_name import for_parser
from compiler.values import INT64_RANGE

VARIABLE_NAMES = (
    "order", "attributes", "quantity", "action", "previous", "let", "each", "index", "lines",
    "steps", "workstreams", "response", "payload", "event", "output", "callback", "env",
)  # fmt: skip
"""Every name that some expression of an order can use (docs/language.md, Expressions)."""
EXAMPLE_NAMES = ("request", "path", "number")
"""The names in the `example` of a system (docs/language.md, Example answers)."""
_ALL_NAMES = (*VARIABLE_NAMES, *EXAMPLE_NAMES)


class EvaluationError(Exception):
    """An expression has no value for these bindings. The message says why."""

    def __init__(self, expression: str, message: str, *, is_missing_value: bool = False) -> None:
        self.expression = expression
        self.is_missing_value = is_missing_value
        """True if the expression reads something that is not there."""
        super().__init__(f"{message}, in `{expression}`")


@lru_cache(maxsize=1)
def _cel_environment() -> cel.Env:
    return cel.NewEnv(
        variables=dict.fromkeys(map(for_parser, _ALL_NAMES), cel.Type.DYN),
        extensions=CEL_EXTENSIONS,
        functions=runtime_functions(),
    )


@dataclass(frozen=True, slots=True)
class _Program:
    compiled: cel.Expression
    path: tuple[str, ...]
    """The parts of an expression that is only a path; else empty."""
    variables_read: tuple[tuple[str, frozenset[str]], ...]
    """The names that it may read, with their fields (empty: all fields). CEL gets nothing else."""

    def activation(self, bindings: Mapping[str, Any]) -> dict[str, Any]:
        """The part of the bindings that CEL needs."""
        data = {}
        for name, fields in self.variables_read:
            if name in bindings:
                value = bindings[name]
                if fields and type(value) is dict:
                    value = {field: value[field] for field in fields if field in value}
                data[for_parser(name)] = _to_cel(value)
        return data


_PLAIN_PATH = re.compile(r"\s*([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\s*")
_VARIABLE_READ = re.compile(rf"\b({'|'.join(_ALL_NAMES)})\b(?:\.([A-Za-z_]\w*))?")


@lru_cache(maxsize=100_000)
def _compile_program(expression: str) -> _Program:
    fields: dict[str, set[str]] = {}
    for name, field in _VARIABLE_READ.findall(expression):
        fields.setdefault(name, set()).add(field)
    reads = tuple((name, frozenset() if "" in read else frozenset(read)) for name, read in sorted(fields.items()))
    plain = _PLAIN_PATH.fullmatch(expression)
    path = tuple(plain[1].split(".")) if plain else ()
    return _Program(
        _cel_environment().compile(for_parser(expression)), path if path and path[0] in _ALL_NAMES else (), reads
    )


_NOT_FOUND = object()


def _lookup_path(path: tuple[str, ...], bindings: Mapping[str, Any]) -> Any:
    """The bound value itself: a date stays a date, which CEL would convert to a timestamp."""
    found: Any = bindings
    for part in path:
        if not isinstance(found, Mapping) or part not in found:
            return _NOT_FOUND
        found = found[part]
    return found


def _to_cel(value: Any) -> Any:
    """Converts dates and times to the protobuf messages that CEL needs; keeps everything else."""
    kind = type(value)
    if kind is str or kind is bool or kind is float or value is None:
        return value
    if isinstance(value, int):
        return value if value in INT64_RANGE else float(value)
    if isinstance(value, Mapping):
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

    A plain path such as `attributes.day` gives the bound value itself, also a `date`. Safe in threads.
    Raises EvaluationError, and nothing else for any text and any bindings.
    """
    try:
        program = _compile_program(expression)
        if program.path and (found := _lookup_path(program.path, bindings)) is not _NOT_FOUND:
            return found
        result = program.compiled.eval(data=program.activation(bindings))
        if result.type() == cel.Type.ERROR:
            raise _evaluation_error(expression, str(result.value()))
        value = result.plain_value()
    except (RuntimeError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise _evaluation_error(expression, str(error)) from error
    except MemoryError:
        raise EvaluationError(expression, _TOO_LARGE) from None
    if _is_too_large(value):
        raise EvaluationError(expression, _TOO_LARGE)
    if isinstance(value, bytes | bytearray | cel.Type):
        raise EvaluationError(expression, "the value is not text, a number, a date, a list or an object")
    return value


MAX_VALUE_SIZE = 4_000_000
"""Characters of a computed value; an item of a list or an object counts as ten. Temporal carries no larger value, and
each of a chain of named values may be twice as large as the one before."""
_TOO_LARGE = "the value is larger than 4 MB"


def _is_too_large(value: Any) -> bool:
    if not isinstance(value, str | list | dict):
        return False
    size, waiting = 0, [value]
    while waiting and size <= MAX_VALUE_SIZE:
        one = waiting.pop()
        if isinstance(one, str):
            size += len(one)
        elif isinstance(one, list | dict):
            size += 10 * len(one)
            waiting += [*one, *one.values()] if isinstance(one, dict) else one
    return size > MAX_VALUE_SIZE


_MISSING_VALUE_MESSAGES = (
    (re.compile(r'Key not found in map ?: ?"?([^"]*)"?'), "there is no `{}`"),
    (re.compile(r'No value with name "([^"]+)"'), "there is no `{}` here"),
    (re.compile(r"undeclared reference to '([^']+)'"), "there is no `{}` here"),
)
_ERROR_MESSAGES = (
    *_MISSING_VALUE_MESSAGES,
    (re.compile(r"No matching overloads found ?: ?(\S+?)\((.*)\)"), "`{}` does not work on {}"),
    (re.compile(r"divide by zero|modulus by zero"), "this divides by zero"),
    (re.compile(r"`round` takes 0 to (\d+) decimals"), "`round` takes 0 to {} decimals"),
    (re.compile(r"(`date` takes [^\n]*)"), "{}"),
    (re.compile(r"overflow|out of range|minimum allowed|OUT_OF_RANGE"), "the value is out of range"),
    (re.compile(r"cannot convert (\S+) to (\S+)"), "this {} is not a {}"),
    (
        re.compile(r"String to Timestamp conversion failed"),
        "`timestamp` takes a date-time with its zone, such as `2026-12-01T08:00:00Z`; for a day write `date(…)`",
    ),
    (re.compile(r"String to (\S+) conversion failed"), "this text is not a {}"),
    (re.compile(r"[Ii]ndex (?:error|out of bounds)"), "the list has no such item"),
    (re.compile(r"Syntax error"), "this is not an expression"),
    (re.compile(r"unsupported operand|can't sum"), "`sum` adds numbers"),
    (re.compile(r"SELECT to non-message"), "only an object has fields, and this is not an object"),
    (re.compile(r"found no matching overload for '([^']+)'"), "`{}` cannot be used on this"),
)


def _evaluation_error(expression: str, error: str) -> EvaluationError:
    is_missing = any(pattern.search(error) for pattern, _ in _MISSING_VALUE_MESSAGES)
    return EvaluationError(expression, _explain_error(error), is_missing_value=is_missing)


def _explain_error(error: str) -> str:
    """The evaluator's error in plain words."""
    for pattern, words in _ERROR_MESSAGES:
        if found := pattern.search(error):
            message = words.format(*(part.strip("_@") for part in found.groups()))
            return message.replace("int64", "integer").replace("double", "number").replace("string", "text")
    return error.split("\n", 1)[0].partition(": ")[2].split(" [")[0] or "it has no value"
