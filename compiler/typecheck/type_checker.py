"""Checks an expression while the catalogue is loaded: its names are known, its types fit, its values exist."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Literal, NamedTuple

from compiler.cel.functions import FUNCTIONS, NAMESPACES
from compiler.cel.let_name import LET, for_parser
from compiler.cel.syntax_tree import (
    ANY_ITEM,
    Path,
    PathUse,
    UnparsableError,
    node_path,
    parse_expression,
    path_uses,
    present_if_true,
)
from compiler.source.findings import did_you_mean
from compiler.typecheck.error_messages import ExpressionError, describe_type, explain_syntax_error, explain_type_error
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


class TypeScope(NamedTuple):
    """What an expression at some place can use."""

    names: Mapping[str, Type]
    unavailable: Mapping[str, str] = {}
    """Name that is not available here → why, and what to write instead. `names` takes precedence."""
    step_ids: frozenset[str] | None = None
    """The steps of this workstream; None if outputs of steps are not available."""
    steps_by_workstream: Mapping[str, frozenset[str]] = {}
    """Workstream → its steps."""
    skip_reasons: Mapping[str, str] = {}
    """`workstream.step` of steps that may have no output → why."""
    workstream: str = ""
    previous_is_certain: bool = True
    present_paths: frozenset[Path] = frozenset()
    """Paths that certainly exist before the expression is evaluated, because the `when` next to it tested them."""
    may_be_in_unread_file: Callable[[str], bool] = str.isspace
    """Whether an unknown workstream may be in a file that could not be read."""

    def with_names(self, **more: Type) -> TypeScope:
        """The same scope with more names."""
        return self._replace(names={**self.names, **more})

    def assuming(self, condition: str | None) -> TypeScope:
        """The same scope once `condition` holds."""
        if not condition:
            return self
        try:
            assumed = _certain_paths(condition)
        except UnparsableError:
            return self
        return self._replace(present_paths=self.present_paths | assumed) if assumed else self


@lru_cache(maxsize=10_000)
def _certain_paths(condition: str) -> frozenset[Path]:
    """The paths that exist once the condition holds. Raises UnparsableError."""
    return present_if_true(parse_expression(condition)) | _unguarded_reads(condition)


def _unguarded_reads(condition: str) -> frozenset[Path]:
    """The paths that a condition uses without a test. If that is an error, it is only reported for the condition."""
    uses = [use for use in path_uses(condition) if not use.is_has_test]
    read = (use.written_path[:length] for use in uses for length in range(1, len(use.written_path) + 1))
    tested = frozenset(path for use in uses for path in use.guarded_paths)
    return frozenset(path for path in read if path not in tested)


OutputAccess = tuple[Literal["steps", "workstreams"], str, str, bool]
"""Name (`steps` or `workstreams`), workstream, step, and whether it is `outputs`."""

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
        if found := list(_find_name_errors(expression, uses, scope)):
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
            if any(_check_use(use, scope) for use in uses if use.path[0] == root):
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
    if any(_find_name_errors(expression, uses, scope)):
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


@lru_cache(maxsize=100_000)
def outputs_read(expression: str) -> tuple[tuple[OutputAccess, int], ...]:
    """The outputs of steps that an expression uses, each with its offset. The workstream is "" for `steps`."""
    try:
        uses = path_uses(expression)
    except UnparsableError:
        return ()
    found: list[tuple[OutputAccess, int]] = []
    for use in uses:
        if use.path[0] == "steps" and len(use.path) >= 3:
            found.append((("steps", "", use.path[1], False), use.offset))
        elif use.path[0] == "workstreams" and len(use.path) >= 4:
            found.append((("workstreams", use.path[1], use.path[2], use.path[3] == "outputs"), use.offset))
    return tuple(found)


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


def _find_name_errors(expression: str, uses: tuple[PathUse, ...], scope: TypeScope) -> Iterator[ExpressionError]:
    reported: set[Path] = set()
    for use, error in ((use, error) for use in uses if (error := _check_use(use, scope)) is not None):
        if any(use.path[:length] in reported for length in range(1, len(use.path) + 1)):
            continue
        reported.add(use.path)
        hyphenated = _hyphen_error(expression, error)
        if hyphenated is not None:
            yield hyphenated
            return
        yield error


def _hyphen_error(expression: str, error: ExpressionError) -> ExpressionError | None:
    """An error for `attributes.camera-model`: CEL reads a subtraction, the author meant a name."""
    rest = expression[error.offset :]
    length = next((i for i, character in enumerate(rest) if not (character.isalnum() or character in "_-.")), len(rest))
    word = rest[:length]
    before = expression[: error.offset]
    if "-" not in word and before.endswith("-"):
        start = error.offset
        while start and (expression[start - 1].isalnum() or expression[start - 1] in "_-."):
            start -= 1
        word = expression[start : error.offset] + word
    if "-" not in word or error.code != "name-unknown":
        return None
    return ExpressionError(
        "expression-hyphen", error.offset, f"`{word}` is a subtraction here: names are joined by `_`"
    )


def _check_use(use: PathUse, scope: TypeScope) -> ExpressionError | None:
    root = use.path[0]
    if root == "steps" and scope.step_ids is not None:
        return _check_output(use, scope, scope.workstream, use.path[1:2], 2, ("output",))
    if root == "workstreams" and scope.step_ids is not None:
        return _check_workstream(use, scope)
    kind = scope.names.get(root)
    if kind is None:
        return _unknown_name_error(use, scope)
    if use.path == (LET,):
        example = kind.fields[0].name if kind.fields else "NAME"
        return ExpressionError("name-unknown", use.offset, f"write which value of `let` it is: `let.{example}`")
    if (
        root == "previous"
        and not scope.previous_is_certain
        and ("previous",) not in use.guarded_paths | scope.present_paths
        and not use.is_has_test
    ):
        message = 'only modify and delete lines have a `previous`: limit `actions`, or test `action == "modify" && …`'
        return ExpressionError("value-may-be-missing", use.offset, message)
    return _check_fields(use, kind, use.guarded_paths | scope.present_paths)


def _unknown_name_error(use: PathUse, scope: TypeScope) -> ExpressionError:
    root = use.path[0]
    if root in scope.unavailable:
        return ExpressionError("name-not-here", use.offset, scope.unavailable[root])
    attributes = scope.names.get("attributes")
    if attributes is not None and attributes.field(root):
        return ExpressionError("name-unknown", use.offset, f"there is no `{root}` here: write `attributes.{root}`")
    if LET in scope.names and scope.names[LET].field(root):
        return ExpressionError("name-unknown", use.offset, f"there is no `{root}` here: write `let.{root}`")
    if root in NAMESPACES:
        known = ", ".join(name for name in FUNCTIONS if name.startswith(f"{root}."))
        return ExpressionError("name-unknown", use.offset, f"`{root}` only has functions: {known}")
    literal = {"True": "true", "False": "false", "None": "null", "nil": "null", "undefined": "null"}.get(root)
    if literal:
        return ExpressionError("name-unknown", use.offset, f"write `{literal}` for `{root}`")
    names = [*scope.names, *(["steps", "workstreams"] if scope.step_ids is not None else [])]
    if root in (scope.step_ids or ()):
        return ExpressionError("name-unknown", use.offset, f"there is no `{root}` here: write `steps.{root}.output`")
    if "env" in scope.names and len(use.path) == 1:
        return ExpressionError("name-unknown", use.offset, f"there is no `{root}` here: write `env.{root}`")
    near = did_you_mean(root, names)
    if near:
        near += " Known here:"
    elif len(use.path) == 1:
        near = f": text needs quotes (`'{root}'`); known here:"
    else:
        near = "; known here:"
    return ExpressionError("name-unknown", use.offset, f"there is no `{root}` here{near} {', '.join(sorted(names))}")


def _check_fields(use: PathUse, kind: Type, present: frozenset[Path]) -> ExpressionError | None:
    hidden = len(use.path) - len(use.written_path)
    for position, name in enumerate(use.path[1:], 1):
        if name == ANY_ITEM and kind.kind == "list":
            kind = kind.items or DYN
            continue
        if kind.kind != "object":
            return None
        declared = kind.field(name)
        written = use.written_path[: position - hidden + 1] if position > hidden else use.path[: position + 1]
        owner = ".".join(written[:-1])
        offset = use.part_offsets[position - 1]
        if declared is None:
            known = [one.name for one in kind.fields]
            near = did_you_mean(name, known) or (f"; there is {', '.join(known)}" if known else "")
            undefined = "".join(f".{part}" for part in use.path[: position + 1] if part != "previous")
            return ExpressionError("name-unknown", offset, f"`{owner}` has no `{name}`{near}", undefined)
        is_tested = use.is_has_test and position == len(use.path) - 1
        if declared.optional and not is_tested and written not in present:
            spelled = ".".join(written)
            remedy = "give it a default, or make it required"
            if use.path[position - 1] == LET:
                remedy = "or name it in every product"
            message = f"`{spelled}` may be missing: write `has({spelled}) && …`, {remedy}"
            return ExpressionError("value-may-be-missing", offset, message)
        kind = declared.type
    return None


def _check_workstream(use: PathUse, scope: TypeScope) -> ExpressionError | None:
    if len(use.path) < 2 or use.path[1] not in scope.steps_by_workstream:
        offset = use.part_offsets[0] if use.part_offsets else use.offset
        if len(use.path) < 2:
            return ExpressionError("name-unknown", offset, "write `workstreams.<workstream>.<step>.output`")
        name = use.path[1]
        if scope.may_be_in_unread_file(name):
            return None
        near = did_you_mean(name, scope.steps_by_workstream)
        return ExpressionError("reference-unknown", offset, f"there is no workstream `{name}`{near}", name)
    return _check_output(use, scope, use.path[1], use.path[2:3], 3, ("output", "outputs"))


def _check_output(
    use: PathUse, scope: TypeScope, workstream: str, step: Path, depth: int, words: tuple[str, ...]
) -> ExpressionError | None:
    """Only `steps.<step>.output` gives access to a step. What is inside the output is unknown before it runs."""
    known = scope.step_ids if depth == 2 else scope.steps_by_workstream[workstream]
    spelled = "steps.<step>.output" if depth == 2 else f"workstreams.{workstream}.<step>.output"
    if not step:
        return ExpressionError("name-unknown", use.offset, f"write `{spelled}`")
    offset = use.part_offsets[depth - 2]
    if step[0] not in (known or ()):
        near = did_you_mean(step[0], known or ())
        message = f"workstream `{workstream}` has no step `{step[0]}`{near}"
        return ExpressionError("reference-unknown", offset, message, f"{workstream}.{step[0]}")
    if len(use.path) <= depth or use.path[depth] not in words:
        whole = ".".join([spelled.replace("<step>", step[0]), *use.path[depth:]])
        return ExpressionError("name-unknown", offset, f"write `{whole}`")
    path = use.path[: depth + 1]
    single = use.path[depth] == "output"
    is_tested = use.is_has_test and len(use.path) == depth + 1
    if (
        single
        and f"{workstream}.{step[0]}" in scope.skip_reasons
        and not is_tested
        and path not in use.guarded_paths | scope.present_paths
    ):
        whole = ".".join(path)
        why = scope.skip_reasons[f"{workstream}.{step[0]}"]
        message = f"{why}: write `has({whole}) ? … : …`"
        message += ", or give it a `default_output`" if "skipped" in why else ""
        return ExpressionError("output-may-be-missing", offset, message)
    return None
