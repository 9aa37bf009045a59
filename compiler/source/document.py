"""Plain data read from text, with the position of every value and key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from compiler.source.findings import Finding, SourceLocation
from compiler.source.scalar_positions import character_position

Key = str | int
KeyPath = tuple[Key, ...]


class CollectionMarks(NamedTuple):
    """The positions of a mapping or a list and of what is in it. A text or number has only a mark."""

    mark: Any
    """The parser's mark: index, line and column, from 0."""
    keys: dict[Key, Any] | None
    """Of a mapping: the mark of each key."""
    values: dict[Key, NodeMark] | list[NodeMark]


NodeMark = Any
"""A mark, or CollectionMarks."""


class FileMarks:
    """The positions in one file. They are read when somebody asks: most files are right, and nobody does."""

    def __init__(self, read: Callable[[], list[NodeMark]]) -> None:
        """`read` gives those of each document."""
        self._read = read

    @cached_property
    def of_documents(self) -> list[NodeMark]:
        return self._read()


class _NoMark:
    """The position of a document that was not read from a file."""

    index = line = column = 0


_NO_MARKS = FileMarks(lambda: [_NoMark])


def _start_mark(spot: NodeMark) -> Any:
    return spot.mark if type(spot) is CollectionMarks else spot


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document: plain data (str, int, float, bool, None, list, dict with text keys) and its positions."""

    file: str
    data: Any
    text: str = field(default="", repr=False)
    """That of the whole file; empty if the document was not read from one."""
    marks: FileMarks = field(default=_NO_MARKS, repr=False, compare=False)
    number: int = 0
    """The position among the documents of the file that are not empty, from 0."""

    @property
    def root_mark(self) -> NodeMark:
        return self.marks.of_documents[self.number]

    @property
    def start_index(self) -> int:
        """The position in `text` of its first character."""
        return int(_start_mark(self.root_mark).index)

    def has_kind(self, kind: str) -> bool:
        return isinstance(self.data, dict) and self.data.get("kind") == kind

    def location(self, path: KeyPath = (), *, key: bool = False) -> SourceLocation:
        """Where the value at `path` (or its key) begins; if there is none, the nearest value around it.

        A position is skipped where a list's only item is written without the list.
        """
        spot = self.root_mark
        for position, part in enumerate(path):
            if type(spot) is not CollectionMarks:
                break
            if isinstance(part, int) and spot.keys is not None:
                continue
            if key and position == len(path) - 1 and spot.keys is not None and part in spot.keys:
                spot = spot.keys[part]
                break
            values: Any = spot.values
            try:
                spot = values[part]
            except (KeyError, IndexError, TypeError):
                break
        mark = _start_mark(spot)
        return SourceLocation(self.file, mark.line + 1, mark.column + 1)

    def location_in_text(self, path: KeyPath, offset: int) -> SourceLocation:
        """The position in the file of the character at `offset` in the text at `path`."""
        spot, value = self.root_mark, self.data
        try:
            for part in path:
                spot, value = spot.values[part], value[part]
        except (AttributeError, KeyError, IndexError, TypeError):
            return self.location(path)
        if not isinstance(value, str) or type(spot) is CollectionMarks:
            return self.location(path)
        line, column = character_position(self.text, spot, value, offset)
        return SourceLocation(self.file, line + 1, column + 1)

    def value(self, path: KeyPath) -> Any:
        """The value at `path`; None if there is none."""
        found: Any = self.data
        for part in path:
            if isinstance(found, dict) and part in found:
                found = found[str(part)]
            elif isinstance(found, list) and isinstance(part, int) and part < len(found):
                found = found[part]
            else:
                return None
        return found


class Place(NamedTuple):
    """A place in a document, by path. Its line and column are read when somebody asks."""

    document: Document
    path: KeyPath = ()
    at_key: bool = False

    @property
    def location(self) -> SourceLocation:
        return self.document.location(self.path, key=self.at_key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Place) and self.location == other.location

    def __hash__(self) -> int:
        return hash(self.location)


@dataclass(slots=True)
class ReadResult:
    """The documents that could be read, in order, and what is wrong with the others."""

    documents: list[Document] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
