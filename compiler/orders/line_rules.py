"""What the lines of an order must fulfil together: how deep they are nested, and that their ids are unique."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from compiler.language.order import LINE_ID_PATTERN
from compiler.source.document import KeyPath

MAX_LINE_DEPTH = 30
"""Levels of lines within lines."""


@dataclass(slots=True)
class LinePaths:
    """Where the lines of an order are. Lines may still be invalid otherwise."""

    by_id: dict[str, KeyPath] = field(default_factory=dict)
    duplicates: dict[KeyPath, str] = field(default_factory=dict)
    """Path of a line whose id another line has already → the id."""
    too_deep: list[KeyPath] = field(default_factory=list)
    """Paths of `lines` that are below the deepest level allowed."""


def find_lines(order: object) -> LinePaths:
    """Walks through any data that should be an order."""
    found = LinePaths()
    _find_lines(order, (), 1, found)
    return found


def _find_lines(parent: Any, path: KeyPath, depth: int, found: LinePaths) -> None:
    lines = parent.get("lines") if isinstance(parent, dict) else None
    if not isinstance(lines, list | tuple):
        return
    if depth > MAX_LINE_DEPTH:
        found.too_deep.append((*path, "lines"))
        return
    for position, line in enumerate(lines):
        if not isinstance(line, dict):
            continue
        line_path = (*path, "lines", position)
        id_ = line.get("id")
        if not isinstance(id_, str) or not re.fullmatch(LINE_ID_PATTERN, id_):
            pass  # The models of an order report it.
        elif found.by_id.setdefault(id_, line_path) != line_path:
            found.duplicates[line_path] = id_
        _find_lines(line, line_path, depth + 1, found)
