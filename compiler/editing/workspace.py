"""The definitions and orders that an editor has open, with their unsaved texts, and what is wrong with them."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from compiler.catalogue.definition_index import DefinitionIndex
from compiler.editing.cursor import Position
from compiler.editing.documents import SourceDocument, document_kind, find_other_files, read_other_documents
from compiler.editing.navigation import SymbolTable
from compiler.editing.occurrences import Occurrence
from compiler.editing.rename import RenameRefused, renamable_at, rename, replace_occurrences
from compiler.finding_pages.finding_page import PAGES_FOLDER
from compiler.incremental_loader import IncrementalLoader
from compiler.loaded_definitions import LoadedDefinitions, OrderText, order_findings
from compiler.source.files import YAML_SUFFIXES
from compiler.source.findings import Finding
from compiler.source.garbage_collection import gc_paused, promote_gc_generation
from compiler.source.yaml_reader import read_documents

_TOKEN = re.compile(r"\$\{[^}]*\}?|[\w.@/-]+|.")


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A finding, with the text that it is about."""

    finding: Finding
    start: Position
    end: Position

    @property
    def page(self) -> Path | None:
        """The page that explains the finding."""
        page = PAGES_FOLDER / f"{self.finding.code}.md"
        return page if page.is_file() else None


class Workspace:
    """One catalogue, and the orders that are open. For one thread at a time."""

    def __init__(self, definitions: Path) -> None:
        self.definitions = definitions
        self._loader = IncrementalLoader([definitions])
        self._texts: dict[Path, str] = {}
        """File → its text in the editor."""
        self._symbols: tuple[object, LoadedDefinitions, SymbolTable] | None = None
        """What they were built from, which must stay alive, and the symbols."""
        self.loaded: LoadedDefinitions = self._loader.load()

    @property
    def index(self) -> DefinitionIndex:
        return self.loaded.index

    def set_text(self, file: Path, text: str) -> None:
        """The file is open, and has this text."""
        self._texts[file] = text
        if self.has_definitions(file):
            self._loader.set_unsaved(file, text)

    def close(self, file: Path) -> None:
        """The file has the text that is on disk."""
        self._texts.pop(file, None)
        self._loader.forget_unsaved(file)

    def text(self, file: Path) -> str:
        """The text in the editor, else that on disk; empty if the file cannot be read."""
        if file in self._texts:
            return self._texts[file]
        try:
            return file.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""

    def has_definitions(self, file: Path) -> bool:
        """Whether the file is a part of the catalogue."""
        return file.suffix in YAML_SUFFIXES and is_below(file, self.definitions)

    def reload(self) -> None:
        """Loads the definitions as they are now."""
        self.loaded = self._loader.load()
        promote_gc_generation()

    def symbols(self, root: Path) -> SymbolTable:
        """What is named in the definitions, and in the orders and environments below the folder `root`."""
        key = (id(self.loaded), root, *((file, text) for file, text in self._texts.items()))
        if self._symbols is None or self._symbols[0] != key:
            with gc_paused():
                table = SymbolTable([*self.definition_documents(), *self._other_documents(root)], self.index)
            promote_gc_generation()
            self._symbols = key, self.loaded, table
        return self._symbols[2]

    def symbols_near(self, file: Path, position: Position) -> SymbolTable:
        """What is named in this file, and where the definition is that is named at the position. Much faster."""
        documents = self.file_documents(file)
        occurrence = SymbolTable(documents, self.index).at(str(file), position)
        symbols = occurrence.symbols if occurrence else ()
        ids = {name for symbol in symbols for name in (symbol.name, symbol.owner.removeprefix("class "))}
        declaring = [one for one in self.definition_documents() if one.id in ids and one.document.file != str(file)]
        return SymbolTable([*documents, *declaring], self.index)

    def definition_documents(self) -> list[SourceDocument]:
        return [SourceDocument(document, is_definition=True) for document in self.loaded.documents]

    def file_documents(self, file: Path) -> list[SourceDocument]:
        """The documents of one file."""
        if self.has_definitions(file):
            return [one for one in self.definition_documents() if one.document.file == str(file)]
        return list(read_other_documents(file, self.text(file)))

    def _other_documents(self, root: Path) -> Iterator[SourceDocument]:
        for file in find_other_files(root):
            if not self.has_definitions(file):
                yield from read_other_documents(file, self.text(file))

    def rename(self, root: Path, file: Path, position: Position, new_name: str) -> list[Occurrence]:
        """The places to change, as the files are now.

        Raises RenameRefused if that would not be all, or would change what is found wrong.
        """
        self.reload()
        occurrence = renamable_at(self.symbols_near(file, position), str(file), position)
        table, documents = self.symbols(root), self.definition_documents()
        places = rename(table, documents, self.loaded.findings, occurrence, new_name)
        self._check_renamed(places, new_name)
        return places

    def _check_renamed(self, places: Sequence[Occurrence], new_name: str) -> None:
        """Loads the definitions with the new name, and then those with the old name again."""
        before = Counter(finding.code for finding in self.loaded.definition_findings)
        changed = {Path(one.file) for one in places if self.has_definitions(Path(one.file))}
        try:
            for file in changed:
                inside = [one for one in places if Path(one.file) == file]
                self._loader.set_unsaved(file, replace_occurrences(self.text(file), inside, new_name))
            after = self._loader.load().definition_findings
        finally:
            for file in changed:
                self._loader.forget_unsaved(file)
                if file in self._texts:
                    self._loader.set_unsaved(file, self._texts[file])
        more = next(
            (finding for finding in after if Counter(one.code for one in after)[finding.code] > before[finding.code]),
            None,
        )
        if more is not None:
            raise RenameRefused(
                f"With the name `{new_name}` there would be a new finding at {more.file}:{more.line}: {more.message}"
            )

    def diagnostics(self) -> dict[Path, list[Diagnostic]]:
        """File → what is wrong with it, for all definitions and for the open orders."""
        found: dict[Path, list[Diagnostic]] = {}
        for finding in [*self.loaded.findings, *self._order_findings()]:
            file = Path(finding.file)
            found.setdefault(file, []).append(_diagnostic(finding, self.text(file)))
        return found

    def _order_findings(self) -> Iterable[Finding]:
        for file, text in self._texts.items():
            if self.has_definitions(file):
                continue
            result = read_documents(text, str(file))
            if any(document_kind(document.data) == "order" for document in result.documents):
                if not self.loaded.refused:
                    yield from order_findings(OrderText(str(file), text), self.loaded.catalogue)
                else:
                    yield from result.findings


def is_below(file: Path, folder: Path) -> bool:
    return Path(os.path.realpath(file)).is_relative_to(os.path.realpath(folder))


def _diagnostic(finding: Finding, text: str) -> Diagnostic:
    lines = text.split("\n")
    line = min(max(finding.line - 1, 0), len(lines) - 1)
    content = lines[line].rstrip("\r")
    start = min(max(finding.column - 1, 0), len(content))
    token = _TOKEN.match(content, start)
    end = token.end() if finding.line and token else len(content)
    return Diagnostic(finding, Position(line, start), Position(line, end))
