"""The gateway's application: routes behind guards."""

from __future__ import annotations

from typing import Any

from fastapi import Depends, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse
from fastapi.security import HTTPBearer

from gateway.docs_page import reference_page
from gateway.errors import answer_failures
from gateway.event_routes import callback_routes, event_routes
from gateway.health_routes import health_routes
from gateway.middleware import BearerToken, BoundedBody, RequestLog, UnambiguousPaths
from gateway.notification_routes import notification_routes
from gateway.openapi import DESCRIPTION, TAGS, order_schemas
from gateway.order_action_routes import operator_routes
from gateway.order_routes import order_routes
from gateway.settings import GatewaySettings
from gateway.step_action_routes import act_routes
from gateway.system_routes import system_routes
from operations.client import Orders

LARGEST_ORDER_BODY = 2_000_000
LARGEST_BODY = 262_144
"""Bytes. What an event carries stays in the order's history."""
OPEN_PATHS = {"/health", "/ready", "/openapi.json", "/docs"}


def create_app(orders: Orders, settings: GatewaySettings) -> FastAPI:
    """The whole gateway over `orders`, whose client may connect as late as with the first request."""
    app = FastAPI(
        title="Ordo gateway",
        description=DESCRIPTION,
        version="1",
        openapi_tags=TAGS,
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
    app.include_router(act_routes(orders), dependencies=token)
    app.include_router(operator_routes(orders), dependencies=token)
    app.include_router(system_routes(orders), dependencies=token)
    app.include_router(notification_routes(orders), dependencies=token)
    app.include_router(health_routes(orders))
    answer_failures(app)
    _describe(app)
    app.add_middleware(BoundedBody, limit_of=_limit_of)  # the one added last is passed first
    app.add_middleware(BearerToken, token=settings.token, is_open=_is_open)
    app.add_middleware(UnambiguousPaths)
    app.add_middleware(RequestLog)
    return app


def _limit_of(path: str) -> int:
    holds_an_order = path == "/orders" or (path.startswith("/orders/") and path.count("/") == 2)
    return LARGEST_ORDER_BODY if holds_an_order else LARGEST_BODY


def _is_open(path: str) -> bool:
    return path in OPEN_PATHS or path.startswith("/callbacks/")


def _describe(app: FastAPI) -> None:
    def openapi() -> dict[str, Any]:
        if not app.openapi_schema:
            schema = get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                routes=app.routes,
                tags=app.openapi_tags,
            )
            schema["components"]["schemas"] |= order_schemas()
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(reference_page(app.openapi()))
