"""Bodies of requests: read up to a limit, whatever length their headers claim, and within a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_TIMEOUT = 30.0
"""Seconds within which a request's body must arrive."""
MAX_DISCARDED_BYTES = 16_000_000
"""Bytes of a body over the limit that are read and discarded, so that its sender can read the response."""


RefuseBody = Callable[[Scope, int, str], ASGIApp]
"""The response to a body that is not taken, with its status, 408 or 413. It closes the connection."""
CheckBody = Callable[[Headers, bytes], ASGIApp | None]
"""The response to a body that came in whole and cannot be read; None if it can."""


class BodyLimitMiddleware:
    """Reads the body of each request up to the path's limit before the route sees it."""

    def __init__(
        self, app: ASGIApp, body_limit: Callable[[str], int], refuse: RefuseBody, check: CheckBody | None = None
    ) -> None:
        self._app = app
        self._body_limit = body_limit
        self._refuse = refuse
        self._check = check

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        limit = self._body_limit(scope["path"])
        headers = Headers(scope=scope)
        try:
            async with asyncio.timeout(BODY_TIMEOUT):
                body = await _read_body(headers, receive, limit)
        except TimeoutError:
            message = f"The body did not arrive within {BODY_TIMEOUT:.0f} s"
            return await self._refuse(scope, 408, message)(scope, receive, send)
        except _ClientDisconnected:
            return None
        if body is None:
            message = f"The body is larger than the {limit:,} bytes that this path accepts"
            return await self._refuse(scope, 413, message)(scope, receive, send)
        if body and self._check is not None and (refusal := self._check(headers, body)):
            return await refusal(scope, receive, send)
        return await self._app(scope, _replay_body(body, receive), send)


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
