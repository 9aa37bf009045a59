"""The documents of a workspace, with the places of their keys and texts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from compiler.editing.cursor import Position
from compiler.language.documents import DOCUMENT_MODELS
from compiler.source.document import Document, KeyPath
from compiler.source.files import YAML_SUFFIXES
from compiler.source.yaml_reader import read_documents

_LINES_SUFFIXES = (".jsonl", ".ndjson")
ORDER_SUFFIXES = (*YAML_SUFFIXES, ".json", *_LINES_SUFFIXES)


_FOREIGN_FOLDERS = frozenset({"node_modules", "venv", "__pycache__", "build", "dist"})
_MAX_BYTES = 4 * 1024 * 1024
"""A larger file is not searched for orders."""


@dataclass(frozen=True)
class SourceDocument:
    document: Document
    is_definition: bool
    """Whether it is a part of the catalogue, rather than an order or an environment file."""
    first_line: int = 0
    """Of the document's text in its file."""

    @property
    def kind(self) -> str:
        """The kind of definition, `order`, or nothing."""
        return document_kind(self.document.data)

    @property
    def id(self) -> str:
        data = self.document.data
        return str(data.get("id")) if isinstance(data, dict) else ""

    @cached_property
    def _lines(self) -> list[str]:
        return self.document.text.split("\n")

    def position(self, path: KeyPath, offset: int, *, is_key: bool) -> Position:
        """Of a character of the key or text at `path`."""
        document = self.document
        if not is_key:
            found = document.location_in_text(path, offset)
            return Position(found.line - 1 + self.first_line, found.column - 1)
        found = document.location(path, key=True)
        quote = self._lines[found.line - 1][found.column - 1 : found.column] in ("'", '"')
        return Position(found.line - 1 + self.first_line, found.column - 1 + offset + int(quote))


def document_kind(data: object) -> str:
    """The kind of definition, `order`, or nothing."""
    if not isinstance(data, dict):
        return ""
    return str(data["kind"]) if "kind" in data else "order" if "lines" in data else ""


def read_other_documents(file: Path, text: str) -> Iterator[SourceDocument]:
    """The orders and the documents of environments in a file outside the catalogue."""
    if file.suffix in _LINES_SUFFIXES:
        for number, line in enumerate(text.split("\n")):
            yield from _documents(file, line, number)
    else:
        yield from _documents(file, text, 0)


def _documents(file: Path, text: str, first_line: int) -> Iterator[SourceDocument]:
    for document in read_documents(text, str(file)).documents:
        source = SourceDocument(document, False, first_line)
        if source.kind == "order" or source.kind in DOCUMENT_MODELS:
            yield source


def find_other_files(root: Path) -> Iterator[Path]:
    """Files that may hold orders or environments. Not in hidden folders, nor in Python environments and the like."""
    for parent, folders, files in os.walk(root):
        if "pyvenv.cfg" in files:
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _FOREIGN_FOLDERS)
        for name in sorted(files):
            file = Path(parent, name)
            if file.suffix in ORDER_SUFFIXES and not name.startswith(".") and file.stat().st_size <= _MAX_BYTES:
                yield file
