"""The syntax tree of an expression: which names it reads, and which `has` tests guard them."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from cel_expr_python import cel
from google.protobuf.empty_pb2 import Empty
from google.protobuf.unknown_fields import UnknownFieldSet

from compiler.cel.functions import CEL_EXTENSIONS, NAMESPACES, runtime_functions
from compiler.cel.let_name import for_parser, from_parser
from compiler.language.steps import ACTIONS_WITH_PREVIOUS

MAX_EXPRESSION_LENGTH = 10_000
Path = tuple[str, ...]
NO_PATHS: frozenset[Path] = frozenset()
ANY_ITEM = "[]"
"""In a path: any item of a list."""
_PART_AND_DOT = re.compile(r"\s*\w+\s*\.\s*")
LoopVariables = Mapping[str, Path | None]
"""Variable of a loop → path of the items that it stands for; None if unknown."""


@dataclass(frozen=True, slots=True)
class ExpressionNode:
    """One node: `kind` is literal, name, select, test (`has`), call, list, map or loop (`all`, `map`, `filter`, …)."""

    kind: str
    offset: int
    """Position in the expression's text of a name, of the dot of a select, or of an operator."""
    name: str = ""
    """The name itself, the selected field, the called function, or the loop's variable."""
    value: Any = None
    children: tuple[ExpressionNode, ...] = ()


@dataclass(frozen=True, slots=True)
class PathUse:
    """One use of a path such as `attributes.model`. `lines.map(l, l.id)` uses `lines`, and `lines` ANY_ITEM `id`."""

    path: Path
    written_path: Path
    """The path as written: it may begin with a loop's variable."""
    offset: int
    part_offsets: tuple[int, ...]
    """The offset of each part after the first."""
    guarded_paths: frozenset[Path]
    """The paths that certainly exist at this point."""
    is_has_test: bool = False
    """True inside `has(…)`: the last part may be missing."""


class UnparsableError(Exception):
    """The text is not an expression. The message is the parser's own; typecheck/error_messages.py rewords it."""


@lru_cache(maxsize=100_000)
def parse_expression(expression: str) -> ExpressionNode:
    """The tree of `expression`. Raises UnparsableError."""
    if len(expression) > MAX_EXPRESSION_LENGTH:
        raise UnparsableError(f"too long: {len(expression)} characters")
    try:
        serialized = _cel_environment().compile(for_parser(expression), disable_check=True).serialize()
        return _parse_tree(serialized)
    except RecursionError:
        raise UnparsableError("too deeply nested") from None
    except (RuntimeError, ValueError, TypeError) as error:
        raise UnparsableError(str(error)) from None


@lru_cache(maxsize=100_000)
def path_uses(expression: str) -> tuple[PathUse, ...]:
    """Every path that `expression` uses, in the order of the text. Raises UnparsableError."""
    uses = _collect_uses(parse_expression(expression), NO_PATHS, {})
    located = (_locate_tested_part(use, expression) if use.is_has_test else use for use in uses)
    return tuple(sorted(located, key=lambda use: use.offset))


def _locate_tested_part(use: PathUse, expression: str) -> PathUse:
    """For `b` in `has(a.b)`, CEL gives the offset of the bracket. Here it is that of `b`."""
    starts = use.offset, *use.part_offsets
    found = _PART_AND_DOT.match(expression, starts[-2])
    return replace(use, part_offsets=(*use.part_offsets[:-1], found.end())) if found else use


@lru_cache(maxsize=1)
def _cel_environment() -> cel.Env:
    return cel.NewEnv(extensions=CEL_EXTENSIONS, functions=runtime_functions())


def _collect_uses(node: ExpressionNode, guarded: frozenset[Path], loop_variables: LoopVariables) -> Iterator[PathUse]:
    path = node_path(node)
    if path is not None:
        items = loop_variables.get(path[0], ())
        if items is not None and (not items or len(path) > 1):
            yield _path_use(node, path, items, guarded)
        return
    if node.kind == "call" and node.name in ("_&&_", "_||_"):
        known = present_if_true if node.name == "_&&_" else present_if_false
        left, right = node.children
        yield from _collect_uses(left, guarded | known(right), loop_variables)
        yield from _collect_uses(right, guarded | known(left), loop_variables)
    elif node.kind == "call" and node.name == "_?_:_":
        condition, yes, no = node.children
        yield from _collect_uses(condition, guarded, loop_variables)
        yield from _collect_uses(yes, guarded | present_if_true(condition), loop_variables)
        yield from _collect_uses(no, guarded | present_if_false(condition), loop_variables)
    elif node.kind == "loop":
        yield from _collect_uses(node.children[0], guarded, loop_variables)
        inner = {**loop_variables, node.name: _loop_item_path(node.children[0], loop_variables), node.value: None}
        for child in node.children[1:]:
            yield from _collect_uses(child, guarded, inner)
    else:
        for child in node.children:
            yield from _collect_uses(child, guarded, loop_variables)


def _loop_item_path(iterated: ExpressionNode, loop_variables: LoopVariables) -> Path | None:
    """The path of a loop's items if it iterates over a path (but not over outputs of steps); else None."""
    path = node_path(iterated)
    if path is None or path[0] in ("steps", "workstreams"):
        return None
    items = loop_variables.get(path[0], ())
    if items is None:
        return None
    return (*items, *path[1:], ANY_ITEM) if items else (*path, ANY_ITEM)


def _path_use(node: ExpressionNode, path: Path, items: Path, guarded: frozenset[Path]) -> PathUse:
    """`items` is the path that the first part stands for if it is a loop's variable; else empty."""
    ends = []
    inner = node
    while inner.kind in ("select", "test"):
        ends.append(inner.offset + 1)
        inner = inner.children[0]
    whole = (*items, *path[1:]) if items else path
    ends += [inner.offset] * (len(whole) - len(path))
    return PathUse(whole, path, inner.offset, tuple(reversed(ends)), guarded, node.kind == "test")


def node_path(node: ExpressionNode) -> Path | None:
    """`attributes.model` as ("attributes", "model"); None for anything but names and selections."""
    parts: list[str] = []
    while node.kind in ("select", "test"):
        parts.append(node.name)
        node = node.children[0]
    if node.kind != "name":
        return None
    return (node.name, *reversed(parts))


def literal_value(node: ExpressionNode) -> bool | int | float | str | None:
    """The value of a literal; None for `null`, bytes, and nodes that are not literals."""
    if node.kind != "literal":
        return None
    value: Any = node.value
    if node.name == "bool":
        return bool(value)
    if node.name == "int":
        return int(value) - 2**64 if value >= 2**63 else int(value)
    if node.name == "uint":
        return int(value)
    if node.name == "double":
        return float(struct.unpack("<d", struct.pack("<Q", value))[0])
    return str(value) if node.name == "string" else None


def present_if_true(node: ExpressionNode) -> frozenset[Path]:
    """The paths that certainly exist if `node` is true."""
    if node.kind == "test":
        path = node_path(node)
        return frozenset(path[:length] for length in range(1, len(path) + 1)) if path else NO_PATHS
    if node.kind == "call" and node.name == "_&&_":
        return present_if_true(node.children[0]) | present_if_true(node.children[1])
    if node.kind == "call" and node.name == "_||_":
        return present_if_true(node.children[0]) & present_if_true(node.children[1])
    if node.kind == "call" and node.name == "!_":
        return present_if_false(node.children[0])
    if node.kind == "call" and node.name == "_==_" and _compares_to_action_with_previous(node):
        return frozenset({("previous",)})
    return NO_PATHS


def present_if_false(node: ExpressionNode) -> frozenset[Path]:
    """The paths that certainly exist if `node` is false."""
    if node.kind == "call" and node.name == "!_":
        return present_if_true(node.children[0])
    if node.kind == "call" and node.name == "_||_":
        return present_if_false(node.children[0]) | present_if_false(node.children[1])
    if node.kind == "call" and node.name == "_&&_":
        return present_if_false(node.children[0]) & present_if_false(node.children[1])
    if node.kind == "call" and node.name == "_!=_" and _compares_to_action_with_previous(node):
        return frozenset({("previous",)})
    return NO_PATHS


def _compares_to_action_with_previous(node: ExpressionNode) -> bool:
    """Whether it is `action == "modify"` or the like."""
    left, right = node.children
    if left.kind == "literal":
        left, right = right, left
    return node_path(left) == ("action",) and right.kind == "literal" and right.value in ACTIONS_WITH_PREVIOUS


class _ProtoMessage:
    """A protobuf message's fields by their number (cel-spec, syntax.proto): no package has the generated classes."""

    __slots__ = ("fields",)

    def __init__(self, data: bytes) -> None:
        self.fields: dict[int, list[Any]] = {}
        unknown = UnknownFieldSet(Empty.FromString(data))
        for field in (unknown[at] for at in range(len(unknown))):
            self.fields.setdefault(field.field_number, []).append(field.data)

    def number(self, field: int) -> int:
        value: int = self.fields.get(field, [0])[-1]
        return value

    def text(self, field: int) -> str:
        value: bytes = self.fields.get(field, [b""])[-1]
        return value.decode()

    def messages(self, field: int) -> list[_ProtoMessage]:
        return [_ProtoMessage(data) for data in self.fields.get(field, [])]


Offsets = dict[int, int]


def _parse_tree(serialized: bytes) -> ExpressionNode:
    """The tree in a serialized google.protobuf.Any that contains a ParsedExpr."""
    parsed = _ProtoMessage(_ProtoMessage(serialized).fields[2][0])
    offsets: Offsets = {}
    for info in parsed.messages(3):
        for entry in info.messages(4):
            offsets[entry.number(1)] = entry.number(2)
    return _build_node(parsed.messages(2)[0], offsets)


def _build_node(expression: _ProtoMessage, offsets: Offsets) -> ExpressionNode:
    """The node of a cel.expr.Expr. Numbers below are those of the fields in cel-spec's syntax.proto."""
    offset = offsets.get(expression.number(2), 0)
    kind = next((field for field in range(3, 10) if field in expression.fields), None)
    if kind is None:
        return ExpressionNode("literal", offset, "unknown")
    part = expression.messages(kind)[0]

    def children(message: _ProtoMessage, *fields: int) -> tuple[ExpressionNode, ...]:
        return tuple(_build_node(one, offsets) for field in fields for one in message.messages(field))

    match kind:
        case 3:
            return _build_literal(part, offset)
        case 4:
            return ExpressionNode("name", offset, from_parser(part.text(1).removeprefix(".")))
        case 5:
            return ExpressionNode("test" if part.number(3) else "select", offset, part.text(2), None, children(part, 1))
        case 6:
            return _build_call(part, offset, children(part, 1), children(part, 3))
        case 7:
            return ExpressionNode("list", offset, "", None, children(part, 1))
        case 8:
            entries = tuple(node for entry in part.messages(2) for node in children(entry, 3, 4))
            return ExpressionNode("map", offset, part.text(1), None, entries)
        case _:
            return ExpressionNode(
                "loop", offset, from_parser(part.text(1)), part.text(3), children(part, 2, 4, 5, 6, 7)
            )


def _build_call(
    part: _ProtoMessage, offset: int, target: tuple[ExpressionNode, ...], arguments: tuple[ExpressionNode, ...]
) -> ExpressionNode:
    """`math` in `math.ceil(x)` belongs to the function's name; CEL parses it as the value that has the function."""
    name = part.text(2)
    if target and target[0].kind == "name" and target[0].name in NAMESPACES:
        return ExpressionNode("call", offset, f"{target[0].name}.{name}", None, arguments)
    return ExpressionNode("call", offset, name, None, target + arguments)


_LITERALS = {2: "bool", 3: "int", 4: "uint", 5: "double", 6: "string", 7: "bytes"}


def _build_literal(constant: _ProtoMessage, offset: int) -> ExpressionNode:
    for field, name in _LITERALS.items():
        if field in constant.fields:
            value = constant.text(field) if name == "string" else constant.fields[field][-1]
            return ExpressionNode("literal", offset, name, value)
    return ExpressionNode("literal", offset, "null")
