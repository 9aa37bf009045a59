"""Checks the catalogue while somebody edits it: in a thread of its own, a moment after the last change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from cli.language_server.failures import FailureReport
from compiler.catalogue.definition_index import DefinitionIndex
from compiler.catalogue.definitions import Definitions
from compiler.editing.schema_place import schema_place
from compiler.editing.workspace import Diagnostic, Workspace
from compiler.language.documents import DOCUMENT_MODELS

QUIET_SECONDS = 0.2
"""How long nothing is typed before the catalogue is checked."""

T = TypeVar("T")
Publish = Callable[[dict[Path, list[Diagnostic]]], None]


class OpenCatalogue:
    """The catalogue of one folder. All its methods are called in the event loop."""

    def __init__(self, definitions: Path, publish: Publish, failures: FailureReport) -> None:
        """Loads nothing yet: the first question does."""
        self._definitions = definitions
        self._workspace: Workspace | None = None
        self._publish = publish
        self._failures = failures
        self._executor = ThreadPoolExecutor(1, "catalogue")
        self._pending: dict[Path, str | None] = {}
        """File → its new text; None if it is closed."""
        self._must_reload = False
        self._timer: asyncio.TimerHandle | None = None
        self._check: asyncio.Task[None] | None = None

    @property
    def index(self) -> DefinitionIndex:
        """As of the last check; empty before the first. Nothing changes it."""
        return self._workspace.index if self._workspace else DefinitionIndex(Definitions())

    def set_text(self, file: Path, text: str | None, *, at_once: bool = False) -> None:
        """The text of the file has changed; None: the file is closed."""
        self._pending[file] = text
        self.schedule_check(0 if at_once else QUIET_SECONDS)

    def files_changed(self) -> None:
        """Files have changed on disk."""
        self._must_reload = True
        self.schedule_check(QUIET_SECONDS)

    def schedule_check(self, delay: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(delay, self._start_check)

    def _start_check(self) -> None:
        self._timer = None
        if self._check is not None and not self._check.done():
            self.schedule_check(QUIET_SECONDS)
            return
        self._check = asyncio.get_running_loop().create_task(self._run_check())

    async def _run_check(self) -> None:
        must_reload, self._must_reload = self._must_reload, False

        def check(workspace: Workspace) -> dict[Path, list[Diagnostic]]:
            if must_reload:
                workspace.reload()
            return workspace.diagnostics()

        try:
            self._publish(await self.ask(check))
        except Exception as error:
            self._failures.report(error, "the check of the catalogue")

    async def ask(self, question: Callable[[Workspace], T]) -> T:
        """The answer of the workspace, with all texts as they are now; in its own thread, one question at a time."""
        changed, self._pending = self._pending, {}

        def answer() -> T:
            workspace = self._open_workspace()
            for file, text in changed.items():
                if text is None:
                    workspace.close(file)
                else:
                    workspace.set_text(file, text)
            if any(workspace.has_definitions(file) for file in changed):
                workspace.reload()
            return question(workspace)

        return await asyncio.get_running_loop().run_in_executor(self._executor, answer)

    def _open_workspace(self) -> Workspace:
        if self._workspace is None:
            for kind in (*DOCUMENT_MODELS, "order"):
                schema_place(kind)  # in advance: the first completion would wait for it
            self._workspace = Workspace(self._definitions)
        return self._workspace

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._executor.shutdown(wait=False, cancel_futures=True)
