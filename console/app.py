"""The console's application: its pages behind middleware."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import APIRouter, Depends, FastAPI

from console.access.cookies import console_cookie
from console.access.gatekeeper import Gatekeeper
from console.access.guard import RoutePermissions, check_form_token, route_permissions
from console.access.oidc.provider import IdentityProvider
from console.access.paths import PUBLIC_PATHS
from console.access.sessions import SessionStore
from console.assets import PREFIX, Assets
from console.errors import register_error_handlers
from console.live.feeds import LiveFeeds
from console.live.routes import live_routes
from console.middleware.setup import add_middleware
from console.pages.actions.event_routes import event_routes
from console.pages.actions.routes import actions_routes
from console.pages.bulk.routes import bulk_routes
from console.pages.catalogue.routes import catalogue_routes
from console.pages.catalogue.version_routes import version_routes
from console.pages.health import HEALTH_PATHS, health_routes
from console.pages.help.routes import help_routes
from console.pages.home import home_routes
from console.pages.notifications.routes import notifications_routes
from console.pages.orders.order_list import order_list_routes
from console.pages.orders.order_page import order_page_routes
from console.pages.plan.routes import plan_routes
from console.pages.reports.routes import reports_routes
from console.pages.sign_in.provider_routes import oidc_routes
from console.pages.sign_in.token_routes import sign_in_routes
from console.pages.steps.routes import steps_routes
from console.pages.submission.routes import submission_routes
from console.pages.systems.routes import systems_routes
from console.pages.work.routes import work_routes
from console.plan_reads import PlanReads
from console.services import Console
from console.settings import SESSIONS_VARIABLE, ConsoleSettings
from console.templating import create_environment
from http_server.accounts_setup import open_accounts
from http_server.settings import InvalidSetting
from operations.client import OrderClient

PAGES: tuple[Callable[[Console], APIRouter], ...] = (
    home_routes,
    order_list_routes,
    order_page_routes,
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
    event_routes,
    bulk_routes,
    submission_routes,
)
"""The routes of each page. Every route names the permission that it needs."""
_PUBLIC_ROUTES = frozenset({*PUBLIC_PATHS, *HEALTH_PATHS, PREFIX + "/{version}/{name:path}"})


def create_app(orders: OrderClient, settings: ConsoleSettings) -> FastAPI:
    """The whole console over `orders`, whose client may connect as late as with the first request. Raises
    InvalidSetting."""
    assets = Assets()
    accounts = open_accounts(settings.accounts_file) if settings.accounts_file is not None else None
    gatekeeper = Gatekeeper(_open_sessions(settings), accounts, settings.oidc, console_cookie(settings, "session"))
    pages: set[str] = set()
    live = LiveFeeds(orders)
    console = Console(
        orders,
        settings,
        gatekeeper,
        create_environment(assets),
        console_cookie(settings, "notice"),
        live,
        PlanReads(orders, live.mark),
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
    add_middleware(app, console)
    return app


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
