"""Checks that every request passes before a route handles it, with the gateway's responses."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.body_encoding import encoding_problem
from gateway.errors import ERROR_CODE_BY_STATUS, error_response


class EncodedSlashMiddleware:
    """Refuses an encoded `/` in a path: once decoded, `x%2Fevents` would be a different path."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and b"%2f" in scope.get("raw_path", b"").lower():
            return await error_response(404, "not_found", "No id contains a slash")(scope, receive, send)
        return await self._app(scope, receive, send)


def failure_response(_scope: Scope) -> ASGIApp:
    return error_response(500, "server_error", "An error occurred in the gateway; its log has the details")


def refuse_body(_scope: Scope, status: int, message: str) -> ASGIApp:
    return error_response(status, ERROR_CODE_BY_STATUS[status], message, headers={"Connection": "close"})


def refuse_encoding(headers: Headers, body: bytes) -> ASGIApp | None:
    problem = encoding_problem(headers, body)
    return error_response(415, "unsupported_media_type", problem) if problem else None
