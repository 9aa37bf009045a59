"""The gateway's application: routes behind middleware."""

from __future__ import annotations

from fastapi import Depends, FastAPI
from fastapi.security import HTTPBearer
from fastapi_offline import FastAPIOffline

from gateway.access.route_guard import register_forbidden_handler
from gateway.access.sign_in_middleware import SignInMiddleware
from gateway.action_routes import action_routes
from gateway.bulk_job_routes import bulk_job_routes
from gateway.bulk_routes import bulk_routes
from gateway.catalogue_routes import catalogue_routes
from gateway.errors import register_error_handlers
from gateway.event_routes import callback_routes, event_routes
from gateway.health_routes import health_routes
from gateway.history_routes import history_routes
from gateway.middleware import EncodedSlashMiddleware, failure_response, refuse_body, refuse_encoding
from gateway.notification_routes import notification_routes
from gateway.openapi import API_DESCRIPTION, API_TAGS, RoutePermissions, publish_openapi, route_permissions
from gateway.order_routes import order_routes
from gateway.query_parameters import refuse_unknown_parameters
from gateway.reading_routes import reading_routes
from gateway.report_routes import report_routes
from gateway.settings import GatewaySettings
from gateway.system_routes import system_routes
from gateway.worklist_routes import worklist_routes
from http_server.accounts_setup import open_accounts
from http_server.request_body import BodyLimitMiddleware
from http_server.request_log import RequestLogMiddleware
from operations.access.failed_sign_ins import FailedSignIns
from operations.access.sign_in import SignIn
from operations.client import OrderClient

MAX_ORDER_BODY_BYTES = 2_000_000
MAX_BODY_BYTES = 262_144
"""The payload of an event stays in the order's history."""
PUBLIC_PATHS = {"/health", "/ready", "/openapi.json", "/docs"}
DOCS_ASSETS = "/docs/assets"
PUBLIC_FOLDERS = ("/callbacks/", f"{DOCS_ASSETS}/")


def create_app(orders: OrderClient, settings: GatewaySettings) -> FastAPI:
    """The whole gateway over `orders`, whose client may connect as late as with the first request. Raises
    InvalidSetting."""
    app = FastAPIOffline(
        title="Ordo gateway",
        description=API_DESCRIPTION,
        version="1",
        openapi_tags=API_TAGS,
        redoc_url=None,
        static_url=DOCS_ASSETS,
        swagger_ui_parameters={"validatorUrl": None},  # no request leaves the page's origin
        strict_content_type=False,
        redirect_slashes=False,
    )
    # Documents the token in /openapi.json. SignInMiddleware checks it.
    token = Depends(HTTPBearer(auto_error=False, description="The token of an account, or ORDO_GATEWAY_TOKEN"))
    permissions: RoutePermissions = {}
    for routes in (
        order_routes,
        reading_routes,
        history_routes,
        event_routes,
        action_routes,
        bulk_routes,
        bulk_job_routes,
        worklist_routes,
        report_routes,
        system_routes,
        catalogue_routes,
        notification_routes,
    ):
        router = routes(orders)
        permissions |= route_permissions(router.routes)
        app.include_router(router, dependencies=[token, Depends(refuse_unknown_parameters)])
    # Other systems may add parameters to the URL of a callback.
    app.include_router(callback_routes(orders, settings.callback_secret))
    app.include_router(health_routes(orders))
    register_error_handlers(app)
    register_forbidden_handler(app)
    publish_openapi(app, permissions)
    # A request passes the middleware that is added last first.
    app.add_middleware(BodyLimitMiddleware, body_limit=_body_limit, refuse=refuse_body, check=refuse_encoding)
    app.add_middleware(
        SignInMiddleware,
        sign_in=_create_sign_in(settings),
        failed_sign_ins=FailedSignIns(settings.max_wrong_tokens),
        is_public=_is_public,
    )
    app.add_middleware(EncodedSlashMiddleware)
    app.add_middleware(RequestLogMiddleware, logger="gateway", failure=failure_response)
    return app


def _create_sign_in(settings: GatewaySettings) -> SignIn:
    accounts = open_accounts(settings.accounts_file) if settings.accounts_file is not None else None
    return SignIn(accounts, settings.token)


def _body_limit(path: str) -> int:
    takes_an_order = path == "/orders" or (path.startswith("/orders/") and path.count("/") == 2)
    return MAX_ORDER_BODY_BYTES if takes_an_order else MAX_BODY_BYTES


def _is_public(path: str) -> bool:
    return path in PUBLIC_PATHS or path.startswith(PUBLIC_FOLDERS)
