"""What is at a position in the text of a definition or an order, also while the text is not valid YAML.

A mark is inserted at the position, and the text is read with the ordinary reader. Where that fails, as in the middle of
an edit, small repairs are tried: a colon after what may be a key, closing quotes and brackets, the text only up to the
position, and the text without the lines that cannot be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from compiler.source.document import Document, KeyPath
from compiler.source.yaml_reader import read_documents

_MARK = "\ue000"
"""A character of Unicode's private use area, which YAML allows."""
_MAX_REPAIRS = 4
_SEPARATOR = re.compile(r"^---(?:[ \t].*)?$", re.MULTILINE)
_MAYBE_KEY = re.compile(r"\s*(?:- +)*[\w.]*")
_REST_OF_KEY = re.compile(r"([\w.]*)\s*(?:#.*)?")


class Position(NamedTuple):
    """A place between two characters. Line and column count from 0, in characters."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Cursor:
    """One reading of what is at a position."""

    path: KeyPath
    """Of the value that the position is in; or of the mapping whose key it is in, and the key."""
    is_key: bool
    text: str
    """The key, or the text, that the position is in. Empty if nothing is written there yet."""
    offset: int
    """Of the position in `text`."""
    data: Any
    """The document, as far as it could be read."""

    @property
    def kind(self) -> str:
        kind = self.data.get("kind") if isinstance(self.data, dict) else None
        return kind if isinstance(kind, str) else ""


def find_cursors(text: str, position: Position) -> list[Cursor]:
    """The readings of what is at `position`: none in a comment, two where a list's item begins (a key or a text)."""
    part, index = _document_around(text, _text_index(text, position))
    found: list[Cursor] = []
    for candidates in _readings(part, index):
        cursor = next((one for candidate in candidates if (one := _read(candidate, part, index))), None)
        if cursor is not None and (cursor.path, cursor.is_key) not in [(one.path, one.is_key) for one in found]:
            found.append(cursor)
    return found


def word_at(text: str, position: Position) -> tuple[Position, str]:
    """The word around the position, and where it begins."""
    lines = text.split("\n")
    line = lines[position.line] if position.line < len(lines) else ""
    before = re.search(r"\w*$", line[: position.column])
    after = re.match(r"\w*", line[position.column :])
    start = before.start() if before and line else position.column
    return Position(position.line, start), line[start : position.column + (after.end() if after else 0)]


def _text_index(text: str, position: Position) -> int:
    index = 0
    for _ in range(position.line):
        end = text.find("\n", index)
        if end < 0:
            return len(text)
        index = end + 1
    end = text.find("\n", index)
    return min(index + position.column, len(text) if end < 0 else end)


def _document_around(text: str, index: int) -> tuple[str, int]:
    """The document that has the character at `index`, and the index in it."""
    start, end = 0, len(text)
    for separator in _SEPARATOR.finditer(text):
        if separator.end() <= index:
            start = separator.end()
        else:
            end = separator.start()
            break
    return text[start:end], index - start


def _readings(text: str, index: int) -> Iterator[Iterator[str]]:
    """For each reading, the texts to try."""
    start = text.rfind("\n", 0, index) + 1
    end = text.find("\n", index)
    end = len(text) if end < 0 else end
    rest = _REST_OF_KEY.fullmatch(text, index, end)
    if rest and _MAYBE_KEY.fullmatch(text, start, index):
        yield _cut(text[:index] + _MARK + rest[1] + ":", "", text[end:])
        yield iter([text[:index] + _MARK + text[index:]])
    else:
        yield _cut(text[:index] + _MARK, text[index:end], text[end:])


def _cut(before: str, line_end: str, after: str) -> Iterator[str]:
    """The whole text; with what is open closed; and both without what follows the line."""
    yield before + line_end + after
    closing = _closing(before)
    if closing:
        yield before + closing + after
        yield before + line_end + closing + after
    yield before + line_end
    if closing:
        yield before + closing
        yield before + line_end + closing


def _closing(text: str) -> str:
    """What closes the quote and the brackets that are open at the end of the text."""
    stack: list[str] = []
    quote = ""
    for line in text.split("\n"):
        quote = quote if stack else ""
        previous = " "
        for character in line:
            if quote:
                quote = "" if character == quote else quote
            elif character in "'\"" and previous in " [{,(:":
                quote = character
            elif character == "#" and previous == " ":
                break
            elif character in "[{" and (stack or previous in " -:"):
                stack.append("]" if character == "[" else "}")
            elif character in "]}" and stack:
                stack.pop()
            previous = character
    return quote + "".join(reversed(stack))


def _read(candidate: str, original: str, index: int) -> Cursor | None:
    """The cursor in a text with the mark."""
    cursor_line = original.count("\n", 0, index)
    document = _read_repaired(candidate, cursor_line)
    if document is None:
        return None
    found = _find_mark(document.data, ())
    if found is None:
        return None
    path, is_key, text = found
    if not is_key and _is_continued(document, path, cursor_line):
        return None
    data = _without_mark(document.data)
    clean = text.replace(_MARK, "")
    where = (*path[:-1], clean) if is_key else path
    return Cursor(where, is_key, clean, text.index(_MARK), data)


def _read_repaired(text: str, cursor_line: int) -> Document | None:
    """The document. Lines before the cursor's that cannot be read are left out."""
    for _ in range(_MAX_REPAIRS):
        result = read_documents(text, "")
        if result.documents:
            return result.documents[0]
        if not result.findings:
            return None
        lines = text.split("\n")
        broken = _broken_line(lines, result.findings[0].line - 1, cursor_line)
        if broken is None:
            return None
        lines[broken] = ""
        text = "\n".join(lines)
    return None


def _broken_line(lines: list[str], reported: int, cursor_line: int) -> int | None:
    """The line to leave out. What is wrong with a line without a colon is reported for the line after it."""
    if reported < cursor_line:
        return reported if lines[reported].strip() else None
    before = (line for line in range(min(cursor_line, len(lines)) - 1, -1, -1) if lines[line].strip())
    line = next(before, None)
    return line if line is not None and ":" not in lines[line] and reported == cursor_line else None


def _is_continued(document: Document, path: KeyPath, cursor_line: int) -> bool:
    """Whether the text at `path` is a plain text that begins in an earlier line: typing there begins a new key."""
    start = document.location(path)
    if start.line - 1 == cursor_line:
        return False
    line = document.text.split("\n")[start.line - 1]
    return line[start.column - 1 : start.column] not in ("|", ">", "'", '"')


def _find_mark(data: Any, path: KeyPath) -> tuple[KeyPath, bool, str] | None:
    """The path of the key or text with the mark, whether it is a key, and the key or text."""
    if isinstance(data, str):
        return (path, False, data) if _MARK in data else None
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        if isinstance(key, str) and _MARK in key:
            return (*path, key), True, key
        if (found := _find_mark(value, (*path, key))) is not None:
            return found
    return None


def _without_mark(data: Any) -> Any:
    if isinstance(data, str):
        return (data.replace(_MARK, "") or None) if _MARK in data else data
    if isinstance(data, dict):
        return {
            key.replace(_MARK, ""): _without_mark(value)
            for key, value in data.items()
            if key != _MARK  # nothing is written there yet
        }
    return [_without_mark(one) for one in data] if isinstance(data, list) else data
