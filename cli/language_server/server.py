"""The server: receives the editor's requests, and answers them from the core."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path
from pygls.workspace import PositionCodec

from cli.language_server.convert import lines_of, to_completion_list, to_diagnostic, to_position, to_uri
from cli.language_server.failures import FailureReport
from cli.language_server.open_catalogue import OpenCatalogue
from compiler.editing.completion import complete
from compiler.editing.cursor import Position
from compiler.editing.workspace import Diagnostic

P = ParamSpec("P")
T = TypeVar("T")
TRIGGER_CHARACTERS = [".", "{", "[", "$", '"', "'", " ", "-"]
WATCHED_FILES = "**/*.{yaml,yml,json}"


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
        def on(method: str, handler: Callable[P, T], default: T, options: Any = None) -> None:
            self.feature(method, options)(self._failures.guard(handler, default))

        on(types.INITIALIZED, self._start, None)
        on(types.SHUTDOWN, self._stop, None)
        on(types.TEXT_DOCUMENT_DID_OPEN, self._open, None)
        on(types.TEXT_DOCUMENT_DID_CHANGE, self._change, None)
        on(types.TEXT_DOCUMENT_DID_SAVE, self._save, None)
        on(types.TEXT_DOCUMENT_DID_CLOSE, self._close, None)
        on(types.WORKSPACE_DID_CHANGE_WATCHED_FILES, self._files_changed, None)
        completion = types.CompletionOptions(trigger_characters=TRIGGER_CHARACTERS)
        on(types.TEXT_DOCUMENT_COMPLETION, self._complete, None, completion)

    def _start(self, _: types.InitializedParams) -> None:
        root = Path(self.workspace.root_path or ".")
        folder = root / self._definitions
        if not folder.is_dir():
            self._tell(f"There is no folder {folder}: the definitions are looked for in {root}")
            folder = root
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
            self._catalogue.schedule_check(0)

    def _close(self, params: types.DidCloseTextDocumentParams) -> None:
        file = _file(params.text_document.uri)
        if self._catalogue is not None and file is not None:
            self._catalogue.set_text(file, None, at_once=True)
            self._uris.pop(file, None)

    def _files_changed(self, _: types.DidChangeWatchedFilesParams) -> None:
        if self._catalogue is not None:
            self._catalogue.schedule_check()

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
            self._uris.get(file) or to_uri(file): [to_diagnostic(self._codec, texts[file], one) for one in diagnostics]
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

    def _complete(self, params: types.CompletionParams) -> types.CompletionList | None:
        if self._catalogue is None:
            return None
        text, position = self._locate(params.text_document, params.position)
        found = complete(text, position, self._catalogue.index)
        return to_completion_list(self._codec, lines_of(text), found, position)


def _file(uri: str) -> Path | None:
    """None for what is not a file, such as a text without a name."""
    path = to_fs_path(uri)
    return Path(path) if path and uri.startswith("file:") else None
