"""Loads definitions again and again, as a watcher or an editor does: only what has changed is parsed again."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from compiler.catalogue.definitions import ParsedDocument, parse_document
from compiler.loaded_definitions import LoadedDefinitions, OrderText, define
from compiler.source.document import Document, ReadResult
from compiler.source.files import read_file, read_folder
from compiler.source.garbage_collection import gc_paused
from compiler.source.parsed_files import ParsedFiles


class IncrementalLoader:
    """Loads the folders and files of `paths`, which together are one catalogue.

    Files of orders (no `kind`, but `lines`; also JSON) among them are compiled with that catalogue. Systems and
    receivers in the file `environment` override those of the folders. Each load looks at every file, and gives what a
    first load of the same files would give. For one thread at a time.
    """

    def __init__(self, paths: Iterable[Path], environment: Path | None = None) -> None:
        self._paths = [Path(path) for path in paths]
        self._environment = None if environment is None else Path(environment)
        self._files = ParsedFiles()
        self._known: dict[int, ParsedDocument] = {}
        """Id of the document → what it defines. The value keeps the document, so no other one gets its id."""

    def set_unsaved(self, file: Path, text: str) -> None:
        """From now on `file` has this text, whatever is on disk; it may not even exist there."""
        self._files.set_unsaved(file, text)

    def forget_unsaved(self, file: Path) -> None:
        """From now on `file` has the text that is on disk."""
        self._files.forget_unsaved(file)

    def load(self) -> LoadedDefinitions:
        with gc_paused():
            read, orders = self._read_paths()
            overrides = None if self._environment is None else read_file(self._environment, self._files.parse)
            self._files.forget_unused()
            before, self._known = self._known, {}

            def parse(document: Document) -> ParsedDocument:
                parsed = before.get(id(document)) or parse_document(document)
                self._known[id(document)] = parsed
                return parsed

            return define(read, overrides, orders, parse)

    def _read_paths(self) -> tuple[ReadResult, list[OrderText]]:
        read, orders = ReadResult(), []
        for path in self._paths:
            is_folder = path.is_dir() or not path.suffix
            one = self._read_folder(path) if is_folder else read_file(path, self._files.parse)
            definitions = [document for document in one.documents if is_folder or not _is_order(document)]
            if len(definitions) < len(one.documents):
                orders.append(OrderText(str(path), one.documents[0].text))
            read.documents += definitions
            read.findings += one.findings
        return read, orders

    def _read_folder(self, folder: Path) -> ReadResult:
        return read_folder(folder, self._files.parse, self._files.unsaved_below(folder))


class CatalogueLoader(IncrementalLoader):
    """Loads the catalogue of one folder or file, without its scenarios.

    A mistake in a test of the catalogue does not keep the catalogue from being used.
    """

    def __init__(self, path: Path, environment: Path | None = None) -> None:
        super().__init__([path], environment)

    def _read_paths(self) -> tuple[ReadResult, list[OrderText]]:
        (path,) = self._paths
        read = read_file(path, self._files.parse) if path.is_file() else self._read_folder(path)
        read.documents = [document for document in read.documents if not document.has_kind("scenario")]
        return read, []


def _is_order(document: Document) -> bool:
    return isinstance(document.data, dict) and "kind" not in document.data and "lines" in document.data
