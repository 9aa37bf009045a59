"""Errors of the server itself: each is logged, the first is told, and none ends the server."""

from __future__ import annotations

import functools
import logging
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

from lsprotocol import types
from pygls.lsp.server import LanguageServer

P = ParamSpec("P")
T = TypeVar("T")
LOGGER = logging.getLogger(__name__)


class FailureReport:
    """Logs every failure in the editor's log, and shows the first one to its user."""

    def __init__(self, server: LanguageServer) -> None:
        self._server = server
        self._is_told = False

    def report(self, error: Exception, action: str) -> None:
        LOGGER.debug("%s failed", action, exc_info=error)
        place = traceback.extract_tb(error.__traceback__)[-1:]
        where = f" ({Path(place[0].filename).name}:{place[0].lineno})" if place else ""
        message = f"An error in Ordo, not in your files: {action} failed: {type(error).__name__}: {error}{where}"
        self._server.window_log_message(types.LogMessageParams(types.MessageType.Error, message))
        if not self._is_told:
            self._is_told = True
            self._server.window_show_message(types.ShowMessageParams(types.MessageType.Error, message))

    def guard(self, handler: Callable[P, T], default: T) -> Callable[P, T]:
        """The handler; if it fails, its answer is `default`."""

        @functools.wraps(handler)
        def guarded(*arguments: P.args, **named: P.kwargs) -> T:
            try:
                return handler(*arguments, **named)
            except Exception as error:
                self.report(error, handler.__name__.strip("_").replace("_", " "))
                return default

        return guarded
