"""Makes an order smaller while it still shows what it was found to show."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

Shows = Callable[[dict[str, Any]], bool]
MAX_TRIALS = 400
"""A guard: orders are small, and each step removes something."""


def shrink_order(order: dict[str, Any], shows: Shows) -> dict[str, Any]:
    """The smallest order that is found by leaving out lines, keys, attributes and items of lists, one after another.

    `shows` says whether an order still shows it; it holds for `order`, and for the result.
    """
    trials = 0
    smaller = True
    while smaller:
        smaller = False
        for candidate in _smaller_orders(order):
            trials += 1
            if trials > MAX_TRIALS:
                return order
            if shows(candidate):
                order, smaller = candidate, True
                break
    return order


def _smaller_orders(order: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Each differs from the order by one thing that it lacks; what leaves out most comes first."""
    for path in _removable(order):
        yield _without(order, path)


_OPTIONAL_KEYS = ("relies_on", "previous", "quantity", "attributes")
Path = tuple[str | int, ...]


def _removable(order: dict[str, Any]) -> Iterator[Path]:
    yield from _lines(order, ())
    for path, line in _every_line(order, ()):
        if line.get("action") == "add":
            yield (*path, "action")
        yield from ((*path, key) for key in _OPTIONAL_KEYS if key in line)
        if line.get("lines") == []:
            yield (*path, "lines")
        yield from _values(line.get("attributes"), (*path, "attributes"))
        yield from _values((line.get("previous") or {}).get("attributes"), (*path, "previous", "attributes"))
    if "customer" in order:
        yield ("customer",)


def _lines(parent: dict[str, Any], path: Path) -> Iterator[Path]:
    lines = parent.get("lines") or []
    for position in range(len(lines)):
        if path or len(lines) > 1:
            yield (*path, "lines", position)
    for position, line in enumerate(lines):
        yield from _lines(line, (*path, "lines", position))


def _every_line(parent: dict[str, Any], path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    for position, line in enumerate(parent.get("lines") or []):
        inner: Path = (*path, "lines", position)
        yield inner, line
        yield from _every_line(line, inner)


def _values(value: Any, path: Path) -> Iterator[Path]:
    """Parts of attributes: names, properties, items of lists."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield (*path, name)
            yield from _values(inner, (*path, name))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield (*path, position)
            yield from _values(inner, (*path, position))


def _without(order: dict[str, Any], path: Path) -> dict[str, Any]:
    changed = deepcopy(order)
    inner: Any = changed
    for part in path[:-1]:
        inner = inner[part]
    del inner[path[-1]]
    return changed
