"""Expressions checked when the catalogue is loaded: known names, fitting types, nothing read that may be missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Literal, NamedTuple

from compiler.cel.syntax_tree import ITEM, Path, UnparsableError, Use, holding, parse, uses_of
from compiler.source.findings import did_you_mean
from compiler.typecheck.error_messages import Mistake, of_syntax, of_types, type_words
from compiler.typecheck.types import DYN, Signature, Type, environment, only


class Scope(NamedTuple):
    """What an expression sees where it stands."""

    names: Mapping[str, Type]
    elsewhere: Mapping[str, str] = {}
    """Names that are not seen here → why, and what to write instead; `names` goes first."""
    steps: frozenset[str] | None = None
    """Where outputs of steps are seen: the steps of this workstream; None where they are not."""
    workstreams: Mapping[str, frozenset[str]] = {}
    """The steps of each workstream."""
    skippable: Mapping[str, str] = {}
    """`workstream.step` of those that may leave no output behind → why."""
    workstream: str = ""
    previous_is_sure: bool = True
    present: frozenset[Path] = frozenset()
    """What is known to be there before the expression is evaluated: what the `when` beside it asked for."""
    unsure: Callable[[str], bool] = str.isspace
    """Whether a workstream that is not known may stand in a file that could not be read."""

    def with_names(self, **more: Type) -> Scope:
        """The same scope with further names."""
        return self._replace(names={**self.names, **more})

    def where(self, condition: str | None) -> Scope:
        """The same scope once `condition` holds."""
        if not condition:
            return self
        try:
            held = holding(parse(condition)) | _read_without_asking(condition)
        except UnparsableError:
            return self
        return self._replace(present=self.present | held) if held else self


def _read_without_asking(condition: str) -> frozenset[Path]:
    """What a condition reads as if it were there: where that is a mistake, it is told at the condition alone."""
    uses = [use for use in uses_of(condition) if not use.tested]
    read = (use.written[:length] for use in uses for length in range(1, len(use.written) + 1))
    asked = frozenset(path for use in uses for path in use.guarded)
    return frozenset(path for path in read if path not in asked)


Output = tuple[Literal["steps", "workstreams"], str, str, bool]
"""How a step's output is read: by which name, workstream, step, and whether all of them (`outputs`)."""

Expected = Literal["condition", "count", "integer", "number", "text", "list", "time", "duration", "object", "any"]

_FITTING: dict[Expected, tuple[frozenset[str], str]] = {
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


def mistakes_in(expression: str, scope: Scope, expected: Expected = "any") -> list[Mistake]:
    """What is wrong with a bare expression in this scope; one mistake is told once."""
    try:
        uses = uses_of(expression)
    except UnparsableError as error:
        return [of_syntax(expression, str(error))]
    found = list(_wrong_names(expression, uses, scope))
    if found:
        return found
    kind, mistake = _checked(expression, _signature(uses, scope))
    if mistake is not None:
        return [mistake]
    if expected != "any" and kind not in ("dyn", "error"):
        fitting, words = _FITTING[expected]
        if kind not in fitting:
            return [Mistake("expression-type", 0, f"this must give {words}, and gives {type_words(kind)}")]
    return []


@lru_cache(maxsize=100_000)
def outputs_read(expression: str) -> tuple[tuple[Output, int], ...]:
    """The outputs of steps that an expression reads, each with its offset. The workstream is empty for `steps`."""
    try:
        uses = uses_of(expression)
    except UnparsableError:
        return ()
    found: list[tuple[Output, int]] = []
    for use in uses:
        if use.path[0] == "steps" and len(use.path) >= 3:
            found.append((("steps", "", use.path[1], False), use.offset))
        elif use.path[0] == "workstreams" and len(use.path) >= 4:
            found.append((("workstreams", use.path[1], use.path[2], use.path[3] == "outputs"), use.offset))
    return tuple(found)


def _signature(uses: tuple[Use, ...], scope: Scope) -> Signature:
    """The names that are used, objects cut down to the fields that are."""
    signature: dict[str, Type] = {}
    for root, fields in _fields_read(uses):
        whole = scope.names.get(root, DYN)
        signature[root] = only(whole, fields) if whole.kind == "object" and "" not in fields else whole
    return tuple(signature.items())


@lru_cache(maxsize=100_000)
def _fields_read(uses: tuple[Use, ...]) -> tuple[tuple[str, frozenset[str]], ...]:
    """Of each name that is read its fields, "" for the whole of it; sorted by name."""
    fields: dict[str, set[str]] = {}
    for use in uses:
        fields.setdefault(use.path[0], set()).add(use.path[1] if len(use.path) > 1 else "")
    return tuple((root, frozenset(read)) for root, read in sorted(fields.items()))


@lru_cache(maxsize=200_000)
def _checked(expression: str, signature: Signature) -> tuple[str, Mistake | None]:
    """The kind of the expression's value, or what is wrong with its types."""
    try:
        returned = environment(signature).compile(expression).return_type()
    except (RuntimeError, ValueError, TypeError) as error:
        return "error", of_types(expression, parse(expression), str(error))
    name = returned.name().lower()
    kind = "object" if returned.is_message() else name.split("<")[0]
    return kind, None


def _wrong_names(expression: str, uses: tuple[Use, ...], scope: Scope) -> Iterator[Mistake]:
    told: set[Path] = set()
    for use, mistake in ((use, mistake) for use in uses if (mistake := _wrong(use, scope)) is not None):
        if any(use.path[:length] in told for length in range(1, len(use.path) + 1)):
            continue
        told.add(use.path)
        hyphenated = _hyphenated(expression, mistake)
        if hyphenated is not None:
            yield hyphenated
            return
        yield mistake


def _hyphenated(expression: str, mistake: Mistake) -> Mistake | None:
    """`attributes.camera-model`: a subtraction to the machine, a name to the person."""
    rest = expression[mistake.offset :]
    length = next((i for i, character in enumerate(rest) if not (character.isalnum() or character in "_-.")), len(rest))
    word = rest[:length]
    before = expression[: mistake.offset]
    if "-" not in word and before.endswith("-"):
        start = mistake.offset
        while start and (expression[start - 1].isalnum() or expression[start - 1] in "_-."):
            start -= 1
        word = expression[start : mistake.offset] + word
    if "-" not in word or mistake.code != "name-unknown":
        return None
    return Mistake("expression-hyphen", mistake.offset, f"`{word}` is a subtraction here: names are joined by `_`")


def _wrong(use: Use, scope: Scope) -> Mistake | None:
    root = use.path[0]
    if root == "steps" and scope.steps is not None:
        return _wrong_output(use, scope, scope.workstream, use.path[1:2], 2, ("output",))
    if root == "workstreams" and scope.steps is not None:
        return _wrong_workstream(use, scope)
    kind = scope.names.get(root)
    if kind is None:
        return _unseen(use, scope)
    if (
        root == "previous"
        and not scope.previous_is_sure
        and ("previous",) not in use.guarded | scope.present
        and not use.tested
    ):
        message = 'only modify and delete lines have a `previous`: limit `actions`, or ask `action == "modify" && …`'
        return Mistake("value-may-be-missing", use.offset, message)
    return _wrong_field(use, kind, use.guarded | scope.present)


def _unseen(use: Use, scope: Scope) -> Mistake:
    root = use.path[0]
    if root in scope.elsewhere:
        return Mistake("name-not-here", use.offset, scope.elsewhere[root])
    attributes = scope.names.get("attributes")
    if attributes is not None and attributes.field(root):
        return Mistake("name-unknown", use.offset, f"there is no `{root}` here: write `attributes.{root}`")
    literal = {"True": "true", "False": "false", "None": "null", "nil": "null", "undefined": "null"}.get(root)
    if literal:
        return Mistake("name-unknown", use.offset, f"write `{literal}` for `{root}`")
    known = [*scope.names, *(["steps", "workstreams"] if scope.steps is not None else [])]
    if root in (scope.steps or ()):
        return Mistake("name-unknown", use.offset, f"there is no `{root}` here: write `steps.{root}.output`")
    if "env" in scope.names and len(use.path) == 1:
        return Mistake("name-unknown", use.offset, f"there is no `{root}` here: write `env.{root}`")
    near = did_you_mean(root, known)
    if near:
        near += " Known here:"
    elif len(use.path) == 1:
        near = f": text needs quotes (`'{root}'`); known here:"
    else:
        near = "; known here:"
    return Mistake("name-unknown", use.offset, f"there is no `{root}` here{near} {', '.join(sorted(known))}")


def _wrong_field(use: Use, kind: Type, present: frozenset[Path]) -> Mistake | None:
    hidden = len(use.path) - len(use.written)
    for position, name in enumerate(use.path[1:], 1):
        if name == ITEM and kind.kind == "list":
            kind = kind.items or DYN
            continue
        if kind.kind != "object":
            return None
        declared = kind.field(name)
        written = use.written[: position - hidden + 1] if position > hidden else use.path[: position + 1]
        owner = ".".join(written[:-1])
        offset = use.ends[position - 1]
        if declared is None:
            known = [one.name for one in kind.fields]
            near = did_you_mean(name, known) or (f"; there is {', '.join(known)}" if known else "")
            return Mistake("name-unknown", offset, f"`{owner}` has no `{name}`{near}")
        asked = use.tested and position == len(use.path) - 1
        if declared.optional and not asked and written not in present:
            spelled = ".".join(written)
            message = f"`{spelled}` may be missing: write `has({spelled}) && …`, give it a default, or make it required"
            return Mistake("value-may-be-missing", offset, message)
        kind = declared.type
    return None


def _wrong_workstream(use: Use, scope: Scope) -> Mistake | None:
    if len(use.path) < 2 or use.path[1] not in scope.workstreams:
        offset = use.ends[0] if use.ends else use.offset
        if len(use.path) < 2:
            return Mistake("name-unknown", offset, "write `workstreams.<workstream>.<step>.output`")
        name = use.path[1]
        if scope.unsure(name):
            return None
        near = did_you_mean(name, scope.workstreams)
        return Mistake("reference-unknown", offset, f"there is no workstream `{name}`{near}", name)
    return _wrong_output(use, scope, use.path[1], use.path[2:3], 3, ("output", "outputs"))


def _wrong_output(
    use: Use, scope: Scope, workstream: str, step: Path, depth: int, words: tuple[str, ...]
) -> Mistake | None:
    """`steps.<step>.output` is the only way to a step; what is inside the output is not known beforehand."""
    known = scope.steps if depth == 2 else scope.workstreams[workstream]
    spelled = "steps.<step>.output" if depth == 2 else f"workstreams.{workstream}.<step>.output"
    if not step:
        return Mistake("name-unknown", use.offset, f"write `{spelled}`")
    offset = use.ends[depth - 2]
    if step[0] not in (known or ()):
        near = did_you_mean(step[0], known or ())
        message = f"workstream `{workstream}` has no step `{step[0]}`{near}"
        return Mistake("reference-unknown", offset, message, f"{workstream}.{step[0]}")
    if len(use.path) <= depth or use.path[depth] not in words:
        whole = ".".join([spelled.replace("<step>", step[0]), *use.path[depth:]])
        return Mistake("name-unknown", offset, f"write `{whole}`")
    path = use.path[: depth + 1]
    single = use.path[depth] == "output"
    asked = use.tested and len(use.path) == depth + 1
    if (
        single
        and f"{workstream}.{step[0]}" in scope.skippable
        and not asked
        and path not in use.guarded | scope.present
    ):
        whole = ".".join(path)
        why = scope.skippable[f"{workstream}.{step[0]}"]
        message = f"{why}: write `has({whole}) ? … : …`"
        message += ", or give it a `default_output`" if "skipped" in why else ""
        return Mistake("output-may-be-missing", offset, message)
    return None
