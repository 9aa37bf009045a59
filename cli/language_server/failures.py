"""Errors of the server itself: each is logged, the first is told, and none ends the server."""

from __future__ import annotations

import functools
import logging
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

from lsprotocol import types
from pygls.exceptions import JsonRpcException
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

    def guard(self, handler: Callable[P, None]) -> Callable[P, None]:
        """The handler of a notification, which nothing answers."""

        @functools.wraps(handler)
        def guarded(*arguments: P.args, **named: P.kwargs) -> None:
            try:
                handler(*arguments, **named)
            except Exception as error:
                self.report(error, _action(handler.__name__))

        return guarded

    def guard_request(self, handler: Callable[P, Awaitable[T | None]]) -> Callable[P, Awaitable[T | None]]:
        """The handler of a request. If it fails, the answer is empty; a refusal (JsonRpcException) is an answer."""

        @functools.wraps(handler)
        async def guarded(*arguments: P.args, **named: P.kwargs) -> T | None:
            try:
                return await handler(*arguments, **named)
            except JsonRpcException:
                raise
            except Exception as error:
                self.report(error, _action(handler.__name__))
                return None

        return guarded


def _action(handler: str) -> str:
    return f"`{handler.strip('_').replace('_', ' ')}`"
