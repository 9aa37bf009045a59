"""Checks that every request passes before a route handles it: log, path, body size."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import structlog
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.body_encoding import encoding_problem
from gateway.errors import error_response

BODY_TIMEOUT = 30.0
"""Seconds within which a request's body must arrive."""
MAX_DISCARDED_BYTES = 16_000_000
"""Bytes of a body over the limit that are read and discarded, so that its sender can read the response."""

log = structlog.get_logger("gateway")


class RequestLogMiddleware:
    """Logs one line per request, with the route's pattern instead of the path: a path may contain a callback id."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        status = 0
        started = time.monotonic()

        async def send_and_record(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_and_record)
        except Exception:
            log.exception("request failed", **_log_fields(scope))
            if not status:
                message = "An error occurred in the gateway; its log has the details"
                await error_response(500, "server_error", message)(scope, receive, send_and_record)
        duration = round((time.monotonic() - started) * 1000, 1)
        (log.warning if status >= 500 else log.info)("request", **_log_fields(scope), status=status, ms=duration)
        return None


def _log_fields(scope: Scope) -> dict[str, str]:
    route = getattr(scope.get("route"), "path", None)
    parameters = scope.get("path_params", {})
    ids = {name: parameters[name] for name in ("order_id", "step") if name in parameters}
    person = scope.get("state", {}).get("person")
    account = {"account": person.account} if person is not None else {}
    return {"method": scope["method"], "route": route or "none"} | account | ids


class EncodedSlashMiddleware:
    """Refuses an encoded `/` in a path: once decoded, `x%2Fevents` would be a different path."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and b"%2f" in scope.get("raw_path", b"").lower():
            return await error_response(404, "not_found", "No id contains a slash")(scope, receive, send)
        return await self._app(scope, receive, send)


class BodyLimitMiddleware:
    """Reads the body up to the path's limit, whatever length its headers claim. Refuses what is not plain UTF-8."""

    def __init__(self, app: ASGIApp, body_limit: Callable[[str], int]) -> None:
        self._app = app
        self._body_limit = body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        limit = self._body_limit(scope["path"])
        try:
            async with asyncio.timeout(BODY_TIMEOUT):
                body = await _read_body(Headers(scope=scope), receive, limit)
        except TimeoutError:
            message = f"The body did not arrive within {BODY_TIMEOUT:.0f} s"
            return await error_response(408, "timed_out", message, headers=CLOSE_HEADERS)(scope, receive, send)
        except _ClientDisconnected:
            return None
        if body is None:
            message = f"The body is larger than the {limit:,} bytes that this path accepts"
            return await error_response(413, "too_large", message, headers=CLOSE_HEADERS)(scope, receive, send)
        if body and (problem := encoding_problem(Headers(scope=scope), body)):
            return await error_response(415, "unsupported_media_type", problem)(scope, receive, send)
        return await self._app(scope, _replay_body(body, receive), send)


CLOSE_HEADERS = {"Connection": "close"}


class _ClientDisconnected(Exception):
    pass


async def _read_body(headers: Headers, receive: Receive, limit: int) -> bytes | None:
    """The body; None if it is larger than `limit`. Raises _ClientDisconnected."""
    claimed = headers.get("content-length", "")
    if claimed.isdecimal() and int(claimed[:20]) > MAX_DISCARDED_BYTES:
        return None
    chunks: list[bytes] = []
    size, more = 0, True
    while more and size <= MAX_DISCARDED_BYTES:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _ClientDisconnected
        chunk = message.get("body", b"")
        size += len(chunk)
        if size <= limit:
            chunks.append(chunk)
        more = message.get("more_body", False)
    return b"".join(chunks) if size <= limit else None


def _replay_body(body: bytes, receive: Receive) -> Receive:
    replayed = False

    async def replay() -> Message:
        nonlocal replayed
        if replayed:
            return await receive()
        replayed = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
