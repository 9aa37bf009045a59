"""An editor, for tests: a real LSP client that speaks to `starter.py lsp` on standard input and output."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.lsp.client import LanguageClient

from compiler.editing.cursor import Position
from tests.support.paths import ROOT

PATIENCE = 30.0
"""Seconds that a test waits for the server."""


class Editor(LanguageClient):
    """One folder, opened in an editor."""

    def __init__(self, root: Path) -> None:
        super().__init__("editor", "1")
        self.root = root
        self.diagnostics: dict[str, list[types.Diagnostic]] = {}
        self.messages: list[str] = []
        self.logs: list[str] = []
        self._changed = asyncio.Event()
        self._versions: dict[str, int] = {}
        self.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(lambda params: self._take_diagnostics(params))
        self.feature(types.WINDOW_SHOW_MESSAGE)(lambda params: self.messages.append(params.message))
        self.feature(types.WINDOW_LOG_MESSAGE)(lambda params: self.logs.append(params.message))

    def _take_diagnostics(self, params: types.PublishDiagnosticsParams) -> None:
        self.diagnostics[params.uri] = list(params.diagnostics)
        self._changed.set()

    async def start(self, *options: str) -> types.InitializeResult:
        await self.start_io(sys.executable, str(ROOT / "starter.py"), "lsp", *options, cwd=str(self.root))
        result = await self.initialize_async(
            types.InitializeParams(
                capabilities=types.ClientCapabilities(), root_uri=self.root.as_uri(), process_id=None
            )
        )
        self.initialized(types.InitializedParams())
        return result

    async def end(self) -> None:
        await asyncio.wait_for(self.shutdown_async(None), PATIENCE)
        self.exit(None)
        await asyncio.wait_for(self.stop(), PATIENCE)  # type: ignore[no-untyped-call]

    def uri(self, file: str) -> str:
        return (self.root / file).as_uri()

    def at(self, file: str, position: Position) -> tuple[types.TextDocumentIdentifier, types.Position]:
        return types.TextDocumentIdentifier(self.uri(file)), types.Position(*position)

    def open(self, file: str, text: str | None = None) -> None:
        content = (self.root / file).read_text() if text is None else text
        self._versions[file] = 1
        item = types.TextDocumentItem(self.uri(file), "yaml", 1, content)
        self.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def write(self, file: str, text: str) -> None:
        """The user replaces the whole text, and does not save it."""
        self._versions[file] += 1
        document = types.VersionedTextDocumentIdentifier(self._versions[file], self.uri(file))
        changes = [types.TextDocumentContentChangeWholeDocument(text)]
        self.text_document_did_change(types.DidChangeTextDocumentParams(document, changes))

    def close(self, file: str) -> None:
        del self._versions[file]
        self.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(self.uri(file))))

    def close_all(self) -> None:
        for file in list(self._versions):
            self.close(file)

    async def until(self, condition: Callable[[], Any]) -> None:
        """Waits for diagnostics until the condition holds."""
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    def codes(self, file: str) -> list[object]:
        return [one.code for one in self.diagnostics.get(self.uri(file), [])]

    async def labels(self, file: str, position: Position) -> set[str]:
        """What the editor offers at the position."""
        params = types.CompletionParams(types.TextDocumentIdentifier(self.uri(file)), types.Position(*position))
        found = await self.text_document_completion_async(params)
        assert isinstance(found, types.CompletionList)
        return {item.label for item in found.items}
