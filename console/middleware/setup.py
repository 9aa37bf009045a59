"""The middleware of the console, in its order."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.types import ASGIApp, Scope

from console.access.paths import PUBLIC_PATHS
from console.assets import PREFIX
from console.errors import error_page
from console.middleware.access import AccessMiddleware
from console.middleware.compression import CompressionMiddleware
from console.middleware.security_headers import SecurityHeadersMiddleware
from console.pages.health import HEALTH_PATHS
from console.services import Console
from http_server.request_body import BodyLimitMiddleware
from http_server.request_log import RequestLogMiddleware

MAX_BODY_BYTES = 262_144
MAX_ORDER_BODY_BYTES = 2_000_000
ORDER_BODY_PATHS = ("/submit", "/orders/")
"""Paths, or beginnings of paths, whose forms may carry a whole order."""


def add_middleware(app: FastAPI, console: Console) -> None:
    def respond(scope: Scope, status: int, message: str) -> ASGIApp:
        return error_page(console, scope, status, message)

    def refuse_body(scope: Scope, status: int, message: str) -> ASGIApp:
        return error_page(console, scope, status, message, headers={"Connection": "close"})

    def fail(scope: Scope) -> ASGIApp:
        return error_page(console, scope, 500, "The console's log has the details.")

    # A request passes the middleware that is added last first.
    app.add_middleware(BodyLimitMiddleware, body_limit=_body_limit, refuse=refuse_body)
    app.add_middleware(
        AccessMiddleware,
        gatekeeper=console.gatekeeper,
        settings=console.settings,
        error_page=respond,
        is_public=_is_public,
        is_probe=HEALTH_PATHS.__contains__,
    )
    app.add_middleware(RequestLogMiddleware, logger="console", failure=fail)
    app.add_middleware(CompressionMiddleware)
    app.add_middleware(SecurityHeadersMiddleware, is_secure=console.settings.is_secure)


def _is_public(path: str) -> bool:
    return path in PUBLIC_PATHS or path.startswith(f"{PREFIX}/")


def _body_limit(path: str) -> int:
    return MAX_ORDER_BODY_BYTES if path.startswith(ORDER_BODY_PATHS) else MAX_BODY_BYTES
