"""The server: receives the editor's requests, and answers them from the core."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path
from pygls.workspace import PositionCodec

from cli.language_server.convert import (
    lines_of,
    to_completion_list,
    to_diagnostic,
    to_hover,
    to_position,
    to_range,
    to_symbol,
    to_uri,
)
from cli.language_server.failures import FailureReport
from cli.language_server.open_catalogue import OpenCatalogue
from compiler.editing.completion import complete
from compiler.editing.cursor import Position
from compiler.editing.hover import hover
from compiler.editing.navigation import outline
from compiler.editing.occurrences import Occurrence
from compiler.editing.rename import RenameRefused, renamable_at
from compiler.editing.workspace import Diagnostic, Workspace

FindPlaces = Callable[[Workspace, Path, Position], list[Occurrence]]
TRIGGER_CHARACTERS = [".", "{", "[", "$", '"', "'", " ", "-"]
WATCHED_FILES = "**/*.{yaml,yml,json,jsonl,ndjson}"


class CatalogueServer(LanguageServer):
    """`definitions`: the folder of the catalogue, from the folder that the editor has open."""

    def __init__(self, definitions: Path) -> None:
        super().__init__("ordo", version("ordo"))
        self._definitions = definitions
        self._failures = FailureReport(self)
        self._catalogue: OpenCatalogue | None = None
        self._uris: dict[Path, str] = {}
        """Open file → its URI as the editor writes it."""
        self._with_diagnostics: set[str] = set()
        self._register()

    @property
    def _codec(self) -> PositionCodec:
        return PositionCodec(self.workspace.position_encoding)

    def _register(self) -> None:
        notifications: dict[str, Callable[..., None]] = {
            types.INITIALIZED: self._start,
            types.SHUTDOWN: self._stop,
            types.TEXT_DOCUMENT_DID_OPEN: self._open,
            types.TEXT_DOCUMENT_DID_CHANGE: self._change,
            types.TEXT_DOCUMENT_DID_SAVE: self._save,
            types.TEXT_DOCUMENT_DID_CLOSE: self._close,
            types.WORKSPACE_DID_CHANGE_WATCHED_FILES: self._files_changed,
        }
        requests: dict[str, tuple[Callable[..., Awaitable[Any]], Any]] = {
            types.TEXT_DOCUMENT_COMPLETION: (
                self._complete,
                types.CompletionOptions(trigger_characters=TRIGGER_CHARACTERS),
            ),
            types.TEXT_DOCUMENT_HOVER: (self._hover, None),
            types.TEXT_DOCUMENT_DEFINITION: (self._go_to_definition, None),
            types.TEXT_DOCUMENT_REFERENCES: (self._find_references, None),
            types.TEXT_DOCUMENT_PREPARE_RENAME: (self._prepare_rename, None),
            types.TEXT_DOCUMENT_RENAME: (self._rename, types.RenameOptions(prepare_provider=True)),
            types.TEXT_DOCUMENT_DOCUMENT_SYMBOL: (self._list_symbols, None),
        }
        for method, notified in notifications.items():
            self.feature(method)(self._failures.guard(notified))
        for method, (requested, options) in requests.items():
            self.feature(method, options)(self._failures.guard_request(requested))

    @property
    def _root(self) -> Path:
        """The folder that the editor has open."""
        return Path(self.workspace.root_path or ".").absolute()

    def _start(self, _: types.InitializedParams) -> None:
        folder = self._root / self._definitions
        if not folder.is_dir():
            self._tell(f"There is no folder {folder}: the definitions are looked for in {self._root}")
            folder = self._root
        self._catalogue = OpenCatalogue(folder, self._publish, self._failures)
        for document in self.workspace.text_documents.values():
            self._set_text(document.uri, at_once=True)
        self._catalogue.schedule_check(0)
        self._watch_files()

    def _watch_files(self) -> None:
        watching = self.client_capabilities.workspace
        watched = watching.did_change_watched_files if watching else None
        if watched is not None and watched.dynamic_registration:
            options = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher(WATCHED_FILES)])
            registration = types.Registration("files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
            self.client_register_capability(types.RegistrationParams([registration]))

    def _stop(self, _: None) -> None:
        if self._catalogue is not None:
            self._catalogue.close()

    def _tell(self, message: str) -> None:
        self.window_show_message(types.ShowMessageParams(types.MessageType.Warning, message))

    def _open(self, params: types.DidOpenTextDocumentParams) -> None:
        self._set_text(params.text_document.uri, at_once=True)

    def _change(self, params: types.DidChangeTextDocumentParams) -> None:
        self._set_text(params.text_document.uri)

    def _save(self, _: types.DidSaveTextDocumentParams) -> None:
        if self._catalogue is not None:
            self._catalogue.files_changed()

    def _close(self, params: types.DidCloseTextDocumentParams) -> None:
        file = _file(params.text_document.uri)
        if self._catalogue is not None and file is not None:
            self._catalogue.set_text(file, None, at_once=True)
            self._uris.pop(file, None)

    def _files_changed(self, _: types.DidChangeWatchedFilesParams) -> None:
        if self._catalogue is not None:
            self._catalogue.files_changed()

    def _set_text(self, uri: str, *, at_once: bool = False) -> None:
        file = _file(uri)
        if file is None or self._catalogue is None:
            return
        self._uris[file] = uri
        self._catalogue.set_text(file, self.workspace.get_text_document(uri).source, at_once=at_once)

    def _publish(self, found: dict[Path, list[Diagnostic]]) -> None:
        """Also takes back what was found before."""
        texts = {file: lines_of(self._text(file)) for file in found}
        by_uri = {
            self._uri(file): [to_diagnostic(self._codec, texts[file], one) for one in diagnostics]
            for file, diagnostics in found.items()
        }
        for uri in {*by_uri, *self._with_diagnostics}:
            diagnostics = by_uri.get(uri, [])
            self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, diagnostics))
        self._with_diagnostics = set(by_uri)

    def _text(self, file: Path) -> str:
        """The text in the editor; else that on disk."""
        if file in self._uris:
            return self.workspace.get_text_document(self._uris[file]).source
        try:
            return file.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""

    def _locate(self, document: types.TextDocumentIdentifier, position: types.Position) -> tuple[str, Position]:
        """The text of a document of the editor, and the position in it."""
        text = self.workspace.get_text_document(document.uri).source
        return text, to_position(self._codec, lines_of(text), position)

    async def _complete(self, params: types.CompletionParams) -> types.CompletionList | None:
        if self._catalogue is None:
            return None
        text, position = self._locate(params.text_document, params.position)
        found = complete(text, position, self._catalogue.index, _folder(params.text_document.uri))
        return to_completion_list(self._codec, lines_of(text), found, position)

    async def _hover(self, params: types.HoverParams) -> types.Hover | None:
        if self._catalogue is None:
            return None
        text, position = self._locate(params.text_document, params.position)
        found = hover(text, position, self._catalogue.index, _folder(params.text_document.uri))
        return to_hover(self._codec, lines_of(text), found) if found else None

    async def _go_to_definition(self, params: types.DefinitionParams) -> list[types.Location] | None:
        def find(workspace: Workspace, file: Path, position: Position) -> list[Occurrence]:
            table = workspace.symbols_near(file, position)
            occurrence = table.at(str(file), position)
            return table.declarations(occurrence.symbols) if occurrence else []

        return await self._find_places(params, find)

    async def _find_references(self, params: types.ReferenceParams) -> list[types.Location] | None:
        def find(workspace: Workspace, file: Path, position: Position) -> list[Occurrence]:
            occurrence = workspace.symbols_near(file, position).at(str(file), position)
            if occurrence is None:
                return []
            table = workspace.symbols(self._root)
            return table.references(occurrence.symbols, with_declarations=params.context.include_declaration)

        return await self._find_places(params, find)

    async def _find_places(
        self, params: types.DefinitionParams | types.ReferenceParams, find: FindPlaces
    ) -> list[types.Location] | None:
        file = _file(params.text_document.uri)
        if self._catalogue is None or file is None:
            return None
        _, position = self._locate(params.text_document, params.position)
        places = await self._catalogue.ask(lambda workspace: find(workspace, file, position))
        return [types.Location(self._uri(Path(one.file)), self._range(one)) for one in places] or None

    async def _prepare_rename(self, params: types.PrepareRenameParams) -> types.Range | None:
        file = _file(params.text_document.uri)
        if self._catalogue is None or file is None:
            return None
        _, position = self._locate(params.text_document, params.position)
        with _refusals():
            occurrence = await self._catalogue.ask(
                lambda workspace: renamable_at(workspace.symbols_near(file, position), str(file), position)
            )
        return self._range(occurrence)

    async def _rename(self, params: types.RenameParams) -> types.WorkspaceEdit | None:
        file = _file(params.text_document.uri)
        if self._catalogue is None or file is None:
            return None
        _, position = self._locate(params.text_document, params.position)
        with _refusals():
            places = await self._catalogue.ask(
                lambda workspace: workspace.rename(self._root, file, position, params.new_name)
            )
        edits: dict[str, list[types.TextEdit]] = {}
        for one in places:
            edits.setdefault(self._uri(Path(one.file)), []).append(types.TextEdit(self._range(one), params.new_name))
        return types.WorkspaceEdit(changes=edits)

    async def _list_symbols(self, params: types.DocumentSymbolParams) -> list[types.DocumentSymbol] | None:
        file = _file(params.text_document.uri)
        if self._catalogue is None or file is None:
            return None
        lines = lines_of(self._text(file))
        items = await self._catalogue.ask(
            lambda workspace: outline(workspace.file_documents(file), len(lines) - 1, workspace.index)
        )
        return [to_symbol(self._codec, lines, item) for item in items]

    def _uri(self, file: Path) -> str:
        return self._uris.get(file) or to_uri(file)

    def _range(self, occurrence: Occurrence) -> types.Range:
        lines = lines_of(self._text(Path(occurrence.file)))
        return to_range(self._codec, lines, occurrence.start, occurrence.end)


@contextmanager
def _refusals() -> Iterator[None]:
    """A refusal is the answer to the request: editors show its message."""
    try:
        yield
    except RenameRefused as refused:
        raise JsonRpcException(str(refused), code=types.LSPErrorCodes.RequestFailed.value) from None


def _file(uri: str) -> Path | None:
    """None for what is not a file, such as a text without a name."""
    path = to_fs_path(uri)
    return Path(path) if path and uri.startswith("file:") else None


def _folder(uri: str) -> Path | None:
    file = _file(uri)
    return file.parent if file else None
