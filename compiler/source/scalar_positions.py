"""Positions of the characters of a text in the YAML source that it was read from."""

from __future__ import annotations

import re
from typing import Any

_NODE_PROPERTIES = re.compile(r"(?:[&!][^\s]*\s+)*")
_HEX_ESCAPES = {"x": 2, "u": 4, "U": 8}


def character_position(text: str, mark: Any, value: str, offset: int) -> tuple[int, int]:
    """Line and column, from 0, of the character at `offset` in the text `value` whose source begins at `mark`.

    Walks through source and value together, because folded lines, indentation and escapes make them differ.
    """
    if "\n" not in value:
        index = mark.index
        if text.startswith(value, index) and text[index : index + 1] not in ("|", ">"):
            return mark.line, mark.column + offset
        if text.startswith(value, index + 1) and text[index] in "'\"":
            return mark.line, mark.column + 1 + offset
    properties = _NODE_PROPERTIES.match(text, mark.index)
    position = properties.end() if properties else mark.index
    style = text[position : position + 1]
    if style in ("|", ">"):
        position = _skip_block_header(text, position)
    elif style in ("'", '"'):
        position += 1
    end = len(text)
    for character in value[:offset]:
        if position >= end:
            break
        written = text[position]
        if character in " \n" and written in " \t\n\r":
            position = _skip_line_break(text, position)
        elif style == '"' and written == "\\":
            position = _skip_escape(text, position)
        elif style == "'" and written == "'":
            position += 2
        else:
            position += 1
    breaks = text.count("\n", mark.index, position)
    column = position - (text.rfind("\n", 0, position) + 1) if breaks else mark.column + position - mark.index
    return mark.line + breaks, column


_BLANK = re.compile(r"[ \n]*")
_BREAK = re.compile(r"[ \t]*\r?\n[ \t]*")


def _skip_block_header(text: str, position: int) -> int:
    """The position after the line of `|` or `>` and the indentation of the first line of text."""
    blank = _BLANK.match(text, text.find("\n", position) + 1)
    return blank.end() if blank else position


def _skip_line_break(text: str, position: int) -> int:
    """The position after one blank, or after a line break and the next line's indentation."""
    match = _BREAK.match(text, position)
    return match.end() if match else position + 1


def _skip_escape(text: str, position: int) -> int:
    kind = text[position + 1 : position + 2]
    return position + 2 + _HEX_ESCAPES.get(kind, 0)
