"""The gateway's application: routes behind guards."""

from __future__ import annotations

from typing import Any

from fastapi import Depends, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse
from fastapi.security import HTTPBearer

from gateway.docs_page import render_docs_page
from gateway.errors import register_error_handlers
from gateway.event_routes import callback_routes, event_routes
from gateway.health_routes import health_routes
from gateway.middleware import BearerTokenMiddleware, BodyLimitMiddleware, EncodedSlashMiddleware, RequestLogMiddleware
from gateway.notification_routes import notification_routes
from gateway.openapi import API_DESCRIPTION, API_TAGS, order_schema_components
from gateway.order_action_routes import order_action_routes
from gateway.order_routes import order_routes
from gateway.settings import GatewaySettings
from gateway.step_action_routes import step_action_routes
from gateway.system_routes import system_routes
from operations.client import OrderClient

MAX_ORDER_BODY_BYTES = 2_000_000
MAX_BODY_BYTES = 262_144
"""Bytes. What an event carries stays in the order's history."""
PUBLIC_PATHS = {"/health", "/ready", "/openapi.json", "/docs"}


def create_app(orders: OrderClient, settings: GatewaySettings) -> FastAPI:
    """The whole gateway over `orders`, whose client may connect as late as with the first request."""
    app = FastAPI(
        title="Ordo gateway",
        description=API_DESCRIPTION,
        version="1",
        openapi_tags=API_TAGS,
        docs_url=None,
        redoc_url=None,
        strict_content_type=False,
        redirect_slashes=False,
    )
    shown = HTTPBearer(auto_error=False, description="ORDO_GATEWAY_TOKEN")
    token = [Depends(shown)]  # for readers of /openapi.json; what checks is BearerToken
    app.include_router(order_routes(orders), dependencies=token)
    app.include_router(event_routes(orders), dependencies=token)
    app.include_router(callback_routes(orders, settings.callback_secret))
    app.include_router(step_action_routes(orders), dependencies=token)
    app.include_router(order_action_routes(orders), dependencies=token)
    app.include_router(system_routes(orders), dependencies=token)
    app.include_router(notification_routes(orders), dependencies=token)
    app.include_router(health_routes(orders))
    register_error_handlers(app)
    _add_openapi(app)
    app.add_middleware(BodyLimitMiddleware, body_limit=_body_limit)  # the one added last is passed first
    app.add_middleware(BearerTokenMiddleware, token=settings.token, is_public=_is_public)
    app.add_middleware(EncodedSlashMiddleware)
    app.add_middleware(RequestLogMiddleware)
    return app


def _body_limit(path: str) -> int:
    holds_an_order = path == "/orders" or (path.startswith("/orders/") and path.count("/") == 2)
    return MAX_ORDER_BODY_BYTES if holds_an_order else MAX_BODY_BYTES


def _is_public(path: str) -> bool:
    return path in PUBLIC_PATHS or path.startswith("/callbacks/")


def _add_openapi(app: FastAPI) -> None:
    def openapi() -> dict[str, Any]:
        if not app.openapi_schema:
            schema = get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                routes=app.routes,
                tags=app.openapi_tags,
            )
            schema["components"]["schemas"] |= order_schema_components()
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(render_docs_page(app.openapi()))
