"""Checks an expression while the catalogue is loaded: its names are known, its types fit, its values exist."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

from compiler.cel.let_name import for_parser
from compiler.cel.syntax_tree import Path, PathUse, UnparsableError, node_path, parse_expression, path_uses
from compiler.typecheck.error_messages import ExpressionError, describe_type, explain_syntax_error, explain_type_error
from compiler.typecheck.name_errors import find_name_errors, find_use_error
from compiler.typecheck.type_scope import TypeScope
from compiler.typecheck.types import (
    BOOL,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    LIST,
    MAP,
    STRING,
    TIMESTAMP,
    Signature,
    Type,
    keep_fields,
    typed_environment,
)

ExpectedType = Literal["condition", "count", "integer", "number", "text", "list", "time", "duration", "object", "any"]

_ACCEPTED_TYPES: dict[ExpectedType, tuple[frozenset[str], str]] = {
    "condition": (frozenset({"bool"}), "true or false"),
    "count": (frozenset({"int", "double", "uint"}), "a number"),
    "integer": (frozenset({"int", "uint"}), "an integer"),
    "number": (frozenset({"int", "double", "uint"}), "a number"),
    "text": (frozenset({"string"}), "text"),
    "list": (frozenset({"list"}), "a list"),
    "time": (frozenset({"timestamp", "string"}), "a date or time"),
    "duration": (frozenset({"duration", "string"}), "a duration"),
    "object": (frozenset({"map", "object"}), "an object"),
}


def check_expression(expression: str, scope: TypeScope, expected: ExpectedType = "any") -> list[ExpressionError]:
    """The errors of an expression in this scope, each once. Types are only checked if all names are known."""
    try:
        uses = path_uses(expression)
    except UnparsableError as error:
        return [explain_syntax_error(expression, str(error))]
    kind = _kind_without_errors(expression, uses, scope)
    if not kind:
        if found := list(find_name_errors(expression, uses, scope)):
            return found
        mistake = _infer_type(expression, _signature(expression, scope))[1]
        return [mistake] if mistake else []
    if expected != "any" and kind not in ("dyn", "error"):
        fitting, words = _ACCEPTED_TYPES[expected]
        if kind not in fitting:
            return [ExpressionError("expression-type", 0, f"this must give {words}, and gives {describe_type(kind)}")]
    return []


def expression_kind(expression: str, scope: TypeScope) -> str:
    """The kind of the expression's value, such as `int`; "error" if it has errors."""
    try:
        uses = path_uses(expression)
    except UnparsableError:
        return "error"
    return _kind_without_errors(expression, uses, scope) or "error"


def _kind_without_errors(expression: str, uses: tuple[PathUse, ...], scope: TypeScope) -> str:
    """The kind of the expression's value; empty if there are errors.

    Many definitions have the same expressions in scopes that are equal in what these read.
    """
    types: list[Type | None] = []
    for root, _ in _fields_read(expression):
        if root in _STEP_ROOTS and scope.step_ids is not None:
            if any(find_use_error(use, scope) for use in uses if use.path[0] == root):
                return ""
            types.append(DYN)
        else:
            types.append(scope.names.get(root))
    return _checked_kind(expression, tuple(types), scope.present_paths, scope.previous_is_certain)


_STEP_ROOTS = frozenset({"steps", "workstreams"})


@lru_cache(maxsize=100_000)
def _checked_kind(
    expression: str, types: tuple[Type | None, ...], present_paths: frozenset[Path], previous_is_certain: bool
) -> str:
    """Like `_kind_without_errors`, given the types of the names that the expression uses, sorted by name."""
    names = {root: kind for (root, _), kind in zip(_fields_read(expression), types, strict=True) if kind is not None}
    scope = TypeScope(names, previous_is_certain=previous_is_certain, present_paths=present_paths)
    uses = path_uses(expression)
    if any(find_name_errors(expression, uses, scope)):
        return ""
    kind, mistake = _infer_type(expression, _signature(expression, scope))
    return "" if mistake else _kind(kind)


_PLAIN_TYPES = {
    "int": INT, "uint": INT, "double": DOUBLE, "string": STRING, "bool": BOOL, "timestamp": TIMESTAMP,
    "duration": DURATION, "map": MAP, "list": LIST,
}  # fmt: skip


def inferred_type(expression: str, scope: TypeScope) -> Type | None:
    """The type of the value of an expression without errors; None if the value cannot be stored (bytes, a type).

    A path has the type that is declared for it. Otherwise, what is in an object or in nested lists may be anything.
    """
    declared = declared_type(expression, scope.names)
    if declared is not None:
        return declared
    name = _infer_type(expression, _signature(expression, scope))[0]
    kind, _, items = name.partition("<")
    if kind in ("type", "bytes"):
        return None
    if kind == "list":
        item = _PLAIN_TYPES.get(items.removesuffix(">"))
        return Type("list", item) if item else LIST
    return _PLAIN_TYPES.get(kind, DYN)


def declared_type(expression: str, names: Mapping[str, Type]) -> Type | None:
    """The type of a path such as `attributes.sites`; None for other expressions, and where nothing is declared."""
    try:
        path = node_path(parse_expression(expression))
    except UnparsableError:
        return None
    kind = names.get(path[0]) if path else None
    for name in (path or ())[1:]:
        field = kind.field(name) if kind else None
        kind = field.type if field else None
    return kind


def _signature(expression: str, scope: TypeScope) -> Signature:
    """The types of the names that are used. Objects only have the fields that are used."""
    signature: dict[str, Type] = {}
    for root, fields in _fields_read(expression):
        whole = scope.names.get(root, DYN)
        signature[root] = keep_fields(whole, fields) if whole.kind == "object" and "" not in fields else whole
    return tuple(signature.items())


@lru_cache(maxsize=100_000)
def _fields_read(expression: str) -> tuple[tuple[str, frozenset[str]], ...]:
    """Name → the fields of it that are used, "" for the name as a whole; sorted by name."""
    fields: dict[str, set[str]] = {}
    for use in path_uses(expression):
        fields.setdefault(use.path[0], set()).add(use.path[1] if len(use.path) > 1 else "")
    return tuple((root, frozenset(read)) for root, read in sorted(fields.items()))


@lru_cache(maxsize=200_000)
def _infer_type(expression: str, signature: Signature) -> tuple[str, ExpressionError | None]:
    """CEL's name of the type of the expression's value, or "error" and what is wrong with its types."""
    try:
        returned = typed_environment(signature).compile(for_parser(expression)).return_type()
    except (RuntimeError, ValueError, TypeError) as error:
        return "error", explain_type_error(expression, parse_expression(expression), str(error))
    return ("object" if returned.is_message() else returned.name().lower()), None


def _kind(type_name: str) -> str:
    return type_name.split("<")[0]
