"""The types of named values (`let`), and the order in which they can be computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from compiler.cel.let_name import LET
from compiler.cel.syntax_tree import UnparsableError, path_uses
from compiler.graph import depth_first_order, find_cycles
from compiler.typecheck.error_messages import ExpressionError
from compiler.typecheck.type_checker import check_expression, inferred_type
from compiler.typecheck.type_scope import TypeScope
from compiler.typecheck.types import DYN, EMPTY_OBJECT, Field, Type


@dataclass(frozen=True, slots=True)
class LetTypes:
    """The values of one `let` as an object type. A value with an error may be anything, so that its uses have none."""

    whole: Type = EMPTY_OBJECT
    errors: Mapping[str, tuple[ExpressionError, ...]] = field(default_factory=dict)
    """Name → what is wrong with its expression. Names without errors are left out."""


def infer_let_types(lets: Mapping[str, str], scope: TypeScope) -> LetTypes:
    """The types of named values (name → expression), whose expressions use the names of `scope`.

    If the scope has a `let`, as that of a workstream has its products' values, these can be used too, except those that
    the names hide.
    """
    outer = scope.names.get(LET, EMPTY_OBJECT)
    known = {one.name: one for one in outer.fields if one.name not in lets}
    errors = _cycle_errors(lets)
    known |= {name: Field(name, DYN) for name in errors}
    for name in [name for name in computation_order(lets) if name not in errors]:
        inner = scope.with_names(**{LET: _object(known)})
        found = check_expression(lets[name], inner)
        kind = DYN if found else inferred_type(lets[name], inner)
        if kind is None:
            found = [
                ExpressionError("expression-type", 0, "a named value is text, a number, a date, a list, an object")
            ]
        if found:
            errors[name] = tuple(found)
        known[name] = Field(name, kind or DYN)
    own = {name: known[name] for name in lets}
    return LetTypes(_object(own), {name: found for name, found in errors.items() if found})


def computation_order(lets: Mapping[str, str]) -> list[str]:
    """The names, each after those that it reads, unless they are in a cycle."""
    reads = {name: sorted(let_names(text) & lets.keys()) for name, text in lets.items()}
    return depth_first_order(lets, reads.__getitem__)[::-1]


def let_names(expression: str) -> frozenset[str]:
    """The names of `let` that the expression reads. Empty if it is none."""
    try:
        return frozenset(use.path[1] for use in path_uses(expression) if use.path[0] == LET and len(use.path) > 1)
    except UnparsableError:
        return frozenset()


def _cycle_errors(lets: Mapping[str, str]) -> dict[str, tuple[ExpressionError, ...]]:
    """The names in cycles. One of each cycle has the error."""
    found: dict[str, tuple[ExpressionError, ...]] = {}
    reads = {name: sorted(let_names(text) & lets.keys()) for name, text in lets.items()}
    for cycle in find_cycles(reads):
        message = f"named values need each other in a cycle: {' → '.join([*cycle, cycle[0]])}"
        found = dict.fromkeys(cycle, ()) | found
        if not any(found[name] for name in cycle):
            found[cycle[0]] = (ExpressionError("cycle-let", 0, message),)
    return found


def _object(fields: Mapping[str, Field]) -> Type:
    return Type("object", None, tuple(fields[name] for name in sorted(fields)))
