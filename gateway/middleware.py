"""What every request passes before anything reads it: the log, the path, the token, the size."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections.abc import Callable

import structlog
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.errors import failure

BODY_PATIENCE = 30.0
"""Seconds in which a request's body must be there."""
LARGEST_DISCARDED = 16_000_000
"""Bytes of a body that is too large read on without keeping them, so that its sender gets to read the answer."""

log = structlog.get_logger("gateway")


class RequestLog:
    """One line a request, with the route's pattern instead of the path: a path may hold a callback id."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        status = 0
        began = time.monotonic()

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception:
            log.exception("request failed", **_about(scope))
            if not status:
                await failure(500, "server_error", "Something went wrong here; the log tells what")(
                    scope, receive, watched
                )
        duration = round((time.monotonic() - began) * 1000, 1)
        (log.warning if status >= 500 else log.info)("request", **_about(scope), status=status, ms=duration)
        return None


def _about(scope: Scope) -> dict[str, str]:
    route = getattr(scope.get("route"), "path", None)
    about = {"method": scope["method"], "route": route or "none"}
    parameters = scope.get("path_params", {})
    return about | {name: parameters[name] for name in ("order_id", "step") if name in parameters}


class UnambiguousPaths:
    """No `/` hides in a path's segments: decoded, `x%2Fevents` would be another path than the one asked for."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and b"%2f" in scope.get("raw_path", b"").lower():
            return await failure(404, "not_found", "No id contains a slash")(scope, receive, send)
        return await self._app(scope, receive, send)


class BearerToken:
    """Lets through who knows the token, and everybody where `is_open` says so of the path."""

    def __init__(self, app: ASGIApp, token: str, is_open: Callable[[str], bool]) -> None:
        self._app = app
        self._digest = hashlib.sha256(token.encode()).digest()
        self._is_open = is_open

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._is_open(scope["path"]) and not self._knows(Headers(scope=scope)):
            message = "Send the gateway's token: `Authorization: Bearer …` (ORDO_GATEWAY_TOKEN)"
            return await failure(401, "unauthorized", message, headers={"WWW-Authenticate": "Bearer"})(
                scope, receive, send
            )
        return await self._app(scope, receive, send)

    def _knows(self, headers: Headers) -> bool:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        digest = hashlib.sha256(given.strip().encode()).digest()
        return hmac.compare_digest(digest, self._digest) and scheme.lower() == "bearer"


class BoundedBody:
    """Reads the body, up to what `limit_of` allows for the path, whatever its headers say of its length."""

    def __init__(self, app: ASGIApp, limit_of: Callable[[str], int]) -> None:
        self._app = app
        self._limit_of = limit_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        limit = self._limit_of(scope["path"])
        try:
            async with asyncio.timeout(BODY_PATIENCE):
                body = await _body(Headers(scope=scope), receive, limit)
        except TimeoutError:
            message = f"The body was not there within {BODY_PATIENCE:.0f} s"
            return await failure(408, "timed_out", message, headers=CLOSE)(scope, receive, send)
        except _SenderGone:
            return None
        if body is None:
            message = f"The body is larger than the {limit:,} bytes that this path takes"
            return await failure(413, "too_large", message, headers=CLOSE)(scope, receive, send)
        return await self._app(scope, _replaying(body, receive), send)


CLOSE = {"Connection": "close"}


class _SenderGone(Exception):
    pass


async def _body(headers: Headers, receive: Receive, limit: int) -> bytes | None:
    """None: it is larger than `limit`."""
    claimed = headers.get("content-length", "")
    if claimed.isdecimal() and int(claimed[:20]) > LARGEST_DISCARDED:
        return None
    chunks: list[bytes] = []
    size, more = 0, True
    while more and size <= LARGEST_DISCARDED:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _SenderGone
        chunk = message.get("body", b"")
        size += len(chunk)
        if size <= limit:
            chunks.append(chunk)
        more = message.get("more_body", False)
    return b"".join(chunks) if size <= limit else None


def _replaying(body: bytes, receive: Receive) -> Receive:
    told = False

    async def replay() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
