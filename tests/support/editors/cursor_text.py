"""Texts with a mark where the cursor is."""

from __future__ import annotations

from compiler.editing.cursor import Position

CURSOR = "‸"


def split_cursor(text: str) -> tuple[str, Position]:
    """The text without the mark `‸`, and the mark's position."""
    before, mark, after = text.partition(CURSOR)
    assert mark, "the text has no cursor"
    return before + after, Position(before.count("\n"), len(before) - before.rfind("\n") - 1)
