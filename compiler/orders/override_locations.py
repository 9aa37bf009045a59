"""Where the values of an order with overrides come from: the order's text, or the place of the overrides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from compiler.orders.reader import OrderSource
from compiler.source.document import KeyPath
from compiler.source.findings import SourceLocation


def override_locations(
    before: Any, after: Any, source: OrderSource, location: SourceLocation
) -> dict[KeyPath, SourceLocation]:
    """For each path of `after` whose value is not at the same path of `before`: `location` if it is a new value, else
    its place in the text. Lines are compared by their ids, since others may be taken away before them."""
    return dict(_changed(before, after, (), source, location))


def _changed(
    before: Any, after: Any, path: KeyPath, source: OrderSource, location: SourceLocation
) -> Iterator[tuple[KeyPath, SourceLocation]]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key, value in after.items():
            if key in before:
                yield from _changed(before[key], value, (*path, key), source, location)
            else:
                yield (*path, key), location
    elif isinstance(before, list | tuple) and isinstance(after, list | tuple):
        positions = {_line_id(line, at): at for at, line in reversed([*enumerate(before)])}
        for at, value in enumerate(after):
            earlier = positions.get(_line_id(value, at))
            if earlier is None:
                yield (*path, at), location
            elif earlier == at:
                yield from _changed(before[at], value, (*path, at), source, location)
            else:
                yield (*path, at), source.location((*path, earlier))
    elif before != after:
        yield path, location


def _line_id(line: Any, position: int) -> object:
    """The id of a line; what has none is known by its position."""
    id_ = line.get("id") if isinstance(line, Mapping) else None
    return id_ if isinstance(id_, str) else position
