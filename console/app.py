"""The console's application: its pages behind middleware."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import APIRouter, Depends, FastAPI
from starlette.types import ASGIApp, Scope

from console.access.cookies import console_cookie
from console.access.gatekeeper import Gatekeeper
from console.access.guard import RoutePermissions, check_form_token, route_permissions
from console.access.oidc.provider import IdentityProvider
from console.access.oidc.routes import oidc_routes
from console.access.paths import PUBLIC_PATHS
from console.access.sessions import SessionStore
from console.access.sign_in_routes import sign_in_routes
from console.assets import PREFIX, Assets
from console.errors import error_page, register_error_handlers
from console.live.feeds import LiveFeeds
from console.live.routes import live_routes
from console.middleware.access import AccessMiddleware
from console.middleware.compression import CompressionMiddleware
from console.middleware.security_headers import SecurityHeadersMiddleware
from console.pages.actions.routes import actions_routes
from console.pages.bulk.routes import bulk_routes
from console.pages.catalogue.routes import catalogue_routes
from console.pages.catalogue.version_routes import version_routes
from console.pages.health import HEALTH_PATHS, health_routes
from console.pages.help.routes import help_routes
from console.pages.home import home_routes
from console.pages.notifications.routes import notifications_routes
from console.pages.plan.routes import plan_routes
from console.pages.reports.routes import reports_routes
from console.pages.steps.routes import steps_routes
from console.pages.submission.routes import submission_routes
from console.pages.systems.routes import systems_routes
from console.pages.work.routes import work_routes
from console.services import Console
from console.settings import SESSIONS_VARIABLE, ConsoleSettings
from console.templating import create_environment
from http_server.accounts_setup import open_accounts
from http_server.request_body import BodyLimitMiddleware
from http_server.request_log import RequestLogMiddleware
from http_server.settings import InvalidSetting
from operations.client import OrderClient

PAGES: tuple[Callable[[Console], APIRouter], ...] = (
    home_routes,
    help_routes,
    catalogue_routes,
    version_routes,
    plan_routes,
    systems_routes,
    reports_routes,
    notifications_routes,
    work_routes,
    steps_routes,
    actions_routes,
    bulk_routes,
    submission_routes,
)
"""The routes of each page. Every route names the permission that it needs."""
MAX_BODY_BYTES = 262_144
MAX_ORDER_BODY_BYTES = 2_000_000
ORDER_BODY_PATHS = ("/submit", "/orders/")
"""Paths, or beginnings of paths, whose forms may carry a whole order."""


def create_app(orders: OrderClient, settings: ConsoleSettings) -> FastAPI:
    """The whole console over `orders`, whose client may connect as late as with the first request. Raises
    InvalidSetting."""
    assets = Assets()
    accounts = open_accounts(settings.accounts_file) if settings.accounts_file is not None else None
    gatekeeper = Gatekeeper(_open_sessions(settings), accounts, settings.oidc, console_cookie(settings, "session"))
    pages: set[str] = set()
    console = Console(
        orders,
        settings,
        gatekeeper,
        create_environment(assets),
        console_cookie(settings, "notice"),
        LiveFeeds(orders),
        pages,
    )
    app = FastAPI(
        title="Ordo console",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        dependencies=[Depends(check_form_token)],
        lifespan=_lifespan(console),
    )
    app.state.live = console.live
    routers = [routes(console) for routes in (*PAGES, sign_in_routes, health_routes, live_routes)]
    if settings.oidc is not None:
        routers.append(oidc_routes(console, IdentityProvider(settings.oidc)))
    permissions: RoutePermissions = {}
    for router in (*routers, assets.routes()):
        permissions |= route_permissions(router.routes, _PUBLIC_ROUTES)
        app.include_router(router)
    pages.update(path for method, path in permissions if method == "GET")
    app.state.permissions = permissions
    register_error_handlers(app, console)

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
        gatekeeper=gatekeeper,
        settings=settings,
        error_page=respond,
        is_public=_is_public,
        is_probe=HEALTH_PATHS.__contains__,
    )
    app.add_middleware(RequestLogMiddleware, logger="console", failure=fail)
    app.add_middleware(CompressionMiddleware)
    app.add_middleware(SecurityHeadersMiddleware, is_secure=settings.is_secure)
    return app


_PUBLIC_ROUTES = frozenset({*PUBLIC_PATHS, *HEALTH_PATHS, PREFIX + "/{version}/{name:path}"})


def _is_public(path: str) -> bool:
    return path in PUBLIC_PATHS or path.startswith(f"{PREFIX}/")


def _body_limit(path: str) -> int:
    return MAX_ORDER_BODY_BYTES if path.startswith(ORDER_BODY_PATHS) else MAX_BODY_BYTES


def _open_sessions(settings: ConsoleSettings) -> SessionStore:
    try:
        return SessionStore(settings.sessions_file, settings.idle_limit, settings.session_limit)
    except (OSError, sqlite3.Error) as error:
        raise InvalidSetting(
            f"{SESSIONS_VARIABLE} names {settings.sessions_file}, which cannot be used: {error}"
        ) from None


def _lifespan(console: Console) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await console.live.close()
        console.gatekeeper.close()

    return lifespan
