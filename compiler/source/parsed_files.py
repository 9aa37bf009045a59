"""Files that are read again and again: each is parsed only when its text has changed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from compiler.source.document import ReadResult
from compiler.source.files import YAML_SUFFIXES
from compiler.source.yaml_reader import read_documents

_Parsed = dict[str, tuple[bytes, ReadResult]]


class ParsedFiles:
    """The parsed content of files by name, and the texts that an editor has not saved yet."""

    def __init__(self) -> None:
        self._parsed: _Parsed = {}
        self._used: _Parsed = {}
        self._unsaved: dict[str, bytes] = {}
        """Path without links → text."""

    def parse(self, raw: bytes, file: str) -> ReadResult:
        """The documents of a file that has the bytes `raw` on disk. The result is shared: do not change it."""
        if self._unsaved:
            raw = self._unsaved.get(os.path.realpath(file), raw)
        known = self._parsed.get(file)
        if known is None or known[0] != raw:
            known = raw, read_documents(raw, file)
        self._used[file] = known
        return known[1]

    def forget_unused(self) -> None:
        """Forgets the files that were not parsed since the last call: they no longer exist."""
        self._parsed, self._used = self._used, {}

    def set_unsaved(self, file: Path, text: str) -> None:
        self._unsaved[os.path.realpath(file)] = text.encode("utf-8", "surrogatepass")

    def forget_unsaved(self, file: Path) -> None:
        self._unsaved.pop(os.path.realpath(file), None)

    def unsaved_below(self, folder: Path) -> Iterator[Path]:
        """The unsaved definitions below `folder` that are not on disk, as paths that begin with `folder`."""
        root = Path(os.path.realpath(folder))
        for file in map(Path, self._unsaved):
            if file.suffix in YAML_SUFFIXES and file.is_relative_to(root) and not file.exists():
                inside = file.relative_to(root)
                if not any(part.startswith(".") for part in inside.parts):
                    yield folder / inside
