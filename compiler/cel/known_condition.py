"""What is known of a condition now: its value, the values that decide it, and the names that have no value yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from compiler.cel.evaluation import EvaluationError, evaluate
from compiler.cel.syntax_tree import ANY_ITEM, ExpressionNode, Path, UnparsableError, parse_expression, path_uses
from compiler.values import as_text

OPERATORS: Mapping[str, str] = {"_&&_": "&&", "_||_": "||"}
LATER_NAMES = frozenset({"steps", "workstreams", "response", "payload", "event", "output", "callback"})
"""Names that have a value only while an order runs."""
MAX_ITEMS = 5
"""Of a list of values that is shown."""


@dataclass(frozen=True, slots=True)
class ReadValue:
    """A name that an expression reads, with its value; `is_missing` if it has none."""

    name: str
    value: Any = None
    is_missing: bool = False

    def __str__(self) -> str:
        return f"{self.name} is not given" if self.is_missing else f"{self.name} = {_shown(self.value)}"


@dataclass(frozen=True, slots=True)
class KnownCondition:
    """A condition as far as it can be evaluated now."""

    condition: str
    value: bool | None
    """None: it depends on names that have no value yet, or it has an error."""
    values: tuple[ReadValue, ...]
    """The values that it reads. If parts of it decide (`false && …`), only theirs."""
    later_names: tuple[str, ...] = ()
    """If its value is None, the names that have no value yet."""
    decided_parts: tuple[tuple[str, bool], ...] = ()
    """If its value is None: the parts of `&&` or `||` whose value is known."""


def known_condition(condition: str, bindings: Mapping[str, Any]) -> KnownCondition:
    """Evaluates `condition` with names that may lack values. As in CEL, `false && x` is false whatever x is."""
    value = _evaluate(condition, bindings)
    operator, parts = split_condition(condition)
    known = [(part, _evaluate(part, bindings)) for part in parts]
    if value is None:
        later = tuple(dict.fromkeys(_later_names(condition, bindings)))
        decided = tuple((part, one) for part, one in known if one is not None)
        return KnownCondition(condition, None, tuple(read_values(condition, bindings)), later, decided)
    deciding = [part for part, one in known if one is value] if (operator == "||") is value else parts
    texts = deciding if deciding and len(deciding) < len(parts) else [condition]
    values = {named.name: named for text in texts for named in read_values(text, bindings)}
    return KnownCondition(condition, value, tuple(values.values()))


def read_values(expression: str, bindings: Mapping[str, Any]) -> Iterator[ReadValue]:
    """The values that the expression reads, each name once, in the order of the text. Names of later are left out."""
    seen: set[str] = set()
    for path in _paths(expression):
        name = _path_text(path)
        if path[0] in LATER_NAMES - bindings.keys() or name in seen:
            continue
        seen.add(name)
        found = list(_look_up(path, bindings))
        if ANY_ITEM in path:
            yield ReadValue(name, found)
        else:
            yield ReadValue(name, found[0]) if found else ReadValue(name, is_missing=True)


@lru_cache(maxsize=10_000)
def split_condition(condition: str) -> tuple[str, tuple[str, ...]]:
    """`&&` or `||` and the parts that it joins at the outermost level; `("", ())` if there is none."""
    text = condition.strip()
    try:
        while text.startswith("(") and text.endswith(")") and _parses(text[1:-1]):
            text = text[1:-1].strip()
        root = parse_expression(text)
        operator = OPERATORS.get(root.name, "") if root.kind == "call" else ""
        if not operator:
            return "", ()
        offsets = sorted(_operator_offsets(root, root.name, text))
    except UnparsableError:
        return "", ()
    starts, ends = [0, *(offset + 2 for offset in offsets)], [*offsets, len(text)]
    parts = tuple(text[start:end].strip() for start, end in zip(starts, ends, strict=True))
    is_split = len(parts) > 1 and all(map(_parses, parts))
    return (operator, parts) if is_split else ("", ())


def _operator_offsets(node: ExpressionNode, name: str, text: str) -> Iterator[int]:
    """Positions of the operator at the outermost level, not those inside brackets."""
    if node.kind == "call" and node.name == name:
        if text[: node.offset].count("(") == text[: node.offset].count(")"):
            yield node.offset
        for child in node.children:
            yield from _operator_offsets(child, name, text)


def _parses(text: str) -> bool:
    try:
        parse_expression(text)
    except UnparsableError:
        return False
    return True


def _evaluate(condition: str, bindings: Mapping[str, Any]) -> bool | None:
    try:
        value = evaluate(condition, bindings)
    except EvaluationError:
        return None
    return value if isinstance(value, bool) else None


def _later_names(condition: str, bindings: Mapping[str, Any]) -> Iterator[str]:
    for path in _paths(condition):
        if path[0] in bindings:
            continue
        ends = [at for at, part in enumerate(path) if part in ("output", "outputs")]
        yield _path_text(path[: ends[0] + 1] if ends else path)


@lru_cache(maxsize=10_000)
def _paths(expression: str) -> tuple[Path, ...]:
    """The paths that the expression reads, without those that a longer one begins with."""
    try:
        paths = dict.fromkeys(use.path for use in path_uses(expression))
    except UnparsableError:
        return ()
    inner = {path[:length] for path in paths for length in range(1, len(path))}
    return tuple(path for path in paths if path not in inner)


def _look_up(path: Path, value: Any) -> Iterator[Any]:
    """The values at the path: one, or with ANY_ITEM those of all items that have it."""
    if not path:
        yield value
    elif path[0] == ANY_ITEM:
        for item in value if isinstance(value, list | tuple) else ():
            yield from _look_up(path[1:], item)
    elif isinstance(value, Mapping) and path[0] in value:
        yield from _look_up(path[1:], value[path[0]])


def _path_text(path: Path) -> str:
    return ".".join(path).replace(f".{ANY_ITEM}", ANY_ITEM)


def _shown(value: Any) -> str:
    if isinstance(value, list) and len(value) > MAX_ITEMS:
        return f"{as_text(value[:MAX_ITEMS])[:-1]}, … {len(value)} in all]"
    if isinstance(value, str):
        return f'"{value}"' if len(value) <= 60 else f'"{value[:57]}…"'
    text = as_text(value)
    return text if len(text) <= 80 else text[:79] + "…"
