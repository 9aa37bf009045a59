"""The parsed tree of an expression, small enough to analyse: which names it reads, and what `has` guards them."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cel_expr_python import cel

from compiler.cel.evaluation import EXTENSIONS, functions

SIZE_LIMIT = 10_000
Path = tuple[str, ...]
NO_PATHS: frozenset[Path] = frozenset()
ITEM = "[]"
"""In a path: any item of a list."""
Local = Mapping[str, Path | None]
"""A loop's variables → the items that they stand for; None where that is not known."""


@dataclass(frozen=True, slots=True)
class Node:
    """One node: `kind` is literal, name, select, test (`has`), call, list, map or loop (`all`, `map`, `filter`, …)."""

    kind: str
    offset: int
    """In the expression's text: of a name its beginning, of a select its dot, of an operator the operator."""
    name: str = ""
    """Of a name, a selected field, a called function, a loop's variable."""
    value: Any = None
    children: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Use:
    """One reading of a path such as `attributes.model`; `lines.map(l, l.id)` reads `lines`, and `lines` ITEM `id`."""

    path: Path
    written: Path
    """The path as it is written: it may begin with a loop's variable."""
    offset: int
    ends: tuple[int, ...]
    """Where each part after the first begins."""
    guarded: frozenset[Path]
    """What is known to be there at this point."""
    tested: bool = False
    """True inside `has(…)`: the last part may be missing."""


class UnparsableError(Exception):
    """The text is no expression; the message is the parser's own, for typecheck/error_messages.py to put into words."""


@lru_cache(maxsize=100_000)
def parse(expression: str) -> Node:
    """The tree of `expression`. Raises UnparsableError."""
    if len(expression) > SIZE_LIMIT:
        raise UnparsableError(f"too long: {len(expression)} characters")
    try:
        serialized = _environment().compile(expression, disable_check=True).serialize()
        return _tree(serialized)
    except RecursionError:
        raise UnparsableError("too deeply nested") from None
    except (RuntimeError, ValueError, TypeError) as error:
        raise UnparsableError(str(error)) from None


@lru_cache(maxsize=100_000)
def uses_of(expression: str) -> tuple[Use, ...]:
    """Every path that `expression` reads, longest first said, in the order of the text. Raises UnparsableError."""
    return tuple(sorted(_uses(parse(expression), NO_PATHS, {}), key=lambda use: use.offset))


@lru_cache(maxsize=1)
def _environment() -> cel.Env:
    return cel.NewEnv(extensions=EXTENSIONS, functions=functions())


def _uses(node: Node, guarded: frozenset[Path], local: Local) -> Iterator[Use]:
    path = path_of(node)
    if path is not None:
        items = local.get(path[0], ())
        if items is not None and (not items or len(path) > 1):
            yield _use(node, path, items, guarded)
        return
    if node.kind == "call" and node.name in ("_&&_", "_||_"):
        known = holding if node.name == "_&&_" else failing
        left, right = node.children
        yield from _uses(left, guarded | known(right), local)
        yield from _uses(right, guarded | known(left), local)
    elif node.kind == "call" and node.name == "_?_:_":
        condition, yes, no = node.children
        yield from _uses(condition, guarded, local)
        yield from _uses(yes, guarded | holding(condition), local)
        yield from _uses(no, guarded | failing(condition), local)
    elif node.kind == "loop":
        yield from _uses(node.children[0], guarded, local)
        inner = {**local, node.name: _items(node.children[0], local), node.value: None}
        for child in node.children[1:]:
            yield from _uses(child, guarded, inner)
    else:
        for child in node.children:
            yield from _uses(child, guarded, local)


def _items(range_: Node, local: Local) -> Path | None:
    """The path of the items that a loop goes over, where it goes over a path (but not over steps' outputs)."""
    path = path_of(range_)
    if path is None or path[0] in ("steps", "workstreams"):
        return None
    items = local.get(path[0], ())
    if items is None:
        return None
    return (*items, *path[1:], ITEM) if items else (*path, ITEM)


def _use(node: Node, path: Path, items: Path, guarded: frozenset[Path]) -> Use:
    """`items` is what the path's first part stands for, where that is a loop's variable."""
    ends = []
    inner = node
    while inner.kind in ("select", "test"):
        ends.append(inner.offset + 1)
        inner = inner.children[0]
    whole = (*items, *path[1:]) if items else path
    ends += [inner.offset] * (len(whole) - len(path))
    return Use(whole, path, inner.offset, tuple(reversed(ends)), guarded, node.kind == "test")


def path_of(node: Node) -> Path | None:
    """`attributes.model` as ("attributes", "model"); None for anything but names and selections."""
    parts: list[str] = []
    while node.kind in ("select", "test"):
        parts.append(node.name)
        node = node.children[0]
    if node.kind != "name":
        return None
    return (node.name, *reversed(parts))


def literal_of(node: Node) -> bool | int | float | str | None:
    """The value of a literal; None for anything else, `null` and bytes."""
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
        return float(struct.unpack("<d", value)[0])
    return str(value) if node.name == "string" else None


def holding(node: Node) -> frozenset[Path]:
    """The paths that are certainly there where `node` is true."""
    if node.kind == "test":
        path = path_of(node)
        return frozenset(path[:length] for length in range(1, len(path) + 1)) if path else NO_PATHS
    if node.kind == "call" and node.name == "_&&_":
        return holding(node.children[0]) | holding(node.children[1])
    if node.kind == "call" and node.name == "_||_":
        return holding(node.children[0]) & holding(node.children[1])
    if node.kind == "call" and node.name == "!_":
        return failing(node.children[0])
    if node.kind == "call" and node.name == "_==_" and _compares_action(node, ("modify", "delete")):
        return frozenset({("previous",)})
    return NO_PATHS


def failing(node: Node) -> frozenset[Path]:
    """The paths that are certainly there where `node` is false."""
    if node.kind == "call" and node.name == "!_":
        return holding(node.children[0])
    if node.kind == "call" and node.name == "_||_":
        return failing(node.children[0]) | failing(node.children[1])
    if node.kind == "call" and node.name == "_&&_":
        return failing(node.children[0]) & failing(node.children[1])
    if node.kind == "call" and node.name == "_!=_" and _compares_action(node, ("modify", "delete")):
        return frozenset({("previous",)})
    return NO_PATHS


def _compares_action(node: Node, values: tuple[str, ...]) -> bool:
    """`action == "modify"`: only such lines have a `previous`."""
    left, right = node.children
    if left.kind == "literal":
        left, right = right, left
    return path_of(left) == ("action",) and right.kind == "literal" and right.value in values


class _Message:
    """A protobuf message's fields by number: only what cel.expr.ParsedExpr needs (cel-spec, syntax.proto)."""

    __slots__ = ("fields",)

    def __init__(self, data: bytes) -> None:
        self.fields: dict[int, list[Any]] = {}
        position, end = 0, len(data)
        while position < end:
            tag, position = _varint(data, position)
            wire = tag & 7
            value: int | bytes
            if wire == 0:
                value, position = _varint(data, position)
            elif wire == 2:
                length, position = _varint(data, position)
                value, position = data[position : position + length], position + length
            else:
                length = 8 if wire == 1 else 4
                value, position = data[position : position + length], position + length
            self.fields.setdefault(tag >> 3, []).append(value)

    def number(self, field: int) -> int:
        value: int = self.fields.get(field, [0])[-1]
        return value

    def text(self, field: int) -> str:
        value: bytes = self.fields.get(field, [b""])[-1]
        return value.decode()

    def messages(self, field: int) -> list[_Message]:
        return [_Message(data) for data in self.fields.get(field, [])]


def _varint(data: bytes, position: int) -> tuple[int, int]:
    result = shift = 0
    while True:
        byte = data[position]
        position += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, position
        shift += 7


Offsets = dict[int, int]


def _tree(serialized: bytes) -> Node:
    """The tree in a serialized google.protobuf.Any that holds a ParsedExpr."""
    parsed = _Message(_Message(serialized).fields[2][0])
    offsets: Offsets = {}
    for info in parsed.messages(3):
        for entry in info.messages(4):
            offsets[entry.number(1)] = entry.number(2)
    return _node(parsed.messages(2)[0], offsets)


def _node(expression: _Message, offsets: Offsets) -> Node:
    offset = offsets.get(expression.number(2), 0)
    for kind, build in _BUILDERS.items():
        if kind in expression.fields:
            return build(expression.messages(kind)[0], offset, offsets)
    return Node("literal", offset, "unknown")


def _nodes(message: _Message, field: int, offsets: Offsets) -> tuple[Node, ...]:
    return tuple(_node(one, offsets) for one in message.messages(field))


def _literal(constant: _Message, offset: int, _: Offsets) -> Node:
    for field, name in _LITERALS.items():
        if field in constant.fields:
            value = constant.text(field) if name == "string" else constant.fields[field][-1]
            return Node("literal", offset, name, value)
    return Node("literal", offset, "null")


def _name(identifier: _Message, offset: int, _: Offsets) -> Node:
    return Node("name", offset, identifier.text(1).removeprefix("."))


def _select(select: _Message, offset: int, offsets: Offsets) -> Node:
    return Node("test" if select.number(3) else "select", offset, select.text(2), None, _nodes(select, 1, offsets))


def _call(call: _Message, offset: int, offsets: Offsets) -> Node:
    return Node("call", offset, call.text(2), None, _nodes(call, 1, offsets) + _nodes(call, 3, offsets))


def _list(made: _Message, offset: int, offsets: Offsets) -> Node:
    return Node("list", offset, "", None, _nodes(made, 1, offsets))


def _map(made: _Message, offset: int, offsets: Offsets) -> Node:
    children = [node for entry in made.messages(2) for field in (3, 4) for node in _nodes(entry, field, offsets)]
    return Node("map", offset, made.text(1), None, tuple(children))


def _loop(loop: _Message, offset: int, offsets: Offsets) -> Node:
    children = tuple(node for field in (2, 4, 5, 6, 7) for node in _nodes(loop, field, offsets))
    return Node("loop", offset, loop.text(1), loop.text(3), children)


_LITERALS = {2: "bool", 3: "int", 4: "uint", 5: "double", 6: "string", 7: "bytes"}
_BUILDERS = {3: _literal, 4: _name, 5: _select, 6: _call, 7: _list, 8: _map, 9: _loop}
"""By the number of the field of cel.expr.Expr that is given."""
