"""What is wrong with the names of an expression: unknown ones, and values that may be missing."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.cel.functions import FUNCTIONS, NAMESPACES
from compiler.cel.let_name import LET
from compiler.cel.syntax_tree import ANY_ITEM, Path, PathUse
from compiler.source.findings import did_you_mean
from compiler.typecheck.error_messages import ExpressionError
from compiler.typecheck.type_scope import TypeScope
from compiler.typecheck.types import DYN, Type


def find_name_errors(expression: str, uses: tuple[PathUse, ...], scope: TypeScope) -> Iterator[ExpressionError]:
    """Of all uses of names in the expression. What is below a name that is wrong is not reported as well."""
    reported: set[Path] = set()
    for use, error in ((use, error) for use in uses if (error := find_use_error(use, scope)) is not None):
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


def find_use_error(use: PathUse, scope: TypeScope) -> ExpressionError | None:
    """What is wrong with one use of a name."""
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
