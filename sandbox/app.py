"""The sandbox as an application: its systems, its own levers, and the clockwork that runs beside them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from sandbox import (
    access,
    billing,
    control,
    installation,
    inventory,
    logistics,
    network,
    notification_inbox,
    subscription,
    warranty,
)
from sandbox.errors import BusinessError, error_response, validation_error_response
from sandbox.scheduler import ScheduledAction, Scheduler
from sandbox.settings import Settings
from sandbox.store import Store

SYSTEMS = (inventory, logistics, installation, subscription, warranty, billing, access, network)

SCHEDULED_ACTIONS: dict[tuple[str, str], ScheduledAction] = {
    (name, moment): function
    for name, moments in (
        ("logistics", logistics.SCHEDULED_ACTIONS),
        ("installation", installation.SCHEDULED_ACTIONS),
        ("subscription", subscription.SCHEDULED_ACTIONS),
        ("access", access.SCHEDULED_ACTIONS),
        ("network", network.SCHEDULED_ACTIONS),
    )
    for moment, function in moments.items()
}


def create_app(database_file: Path, settings: Settings) -> FastAPI:
    """The sandbox on the SQLite file `data`, which is made where there is none."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        store = Store(database_file)
        settings.delays.update({row["name"]: row["seconds"] for row in store.fetch_all("select * from delays")})
        app.state.store, app.state.settings = store, settings
        app.state.scheduler = Scheduler(store, settings, SCHEDULED_ACTIONS)
        scheduler_task = asyncio.create_task(app.state.scheduler.run())
        yield
        scheduler_task.cancel()
        with suppress(asyncio.CancelledError):
            await scheduler_task
        store.close()

    app = FastAPI(title="Sandbox systems", lifespan=lifespan)
    for system in SYSTEMS:
        app.include_router(system.router)
    app.include_router(control.router)
    app.include_router(notification_inbox.router)
    app.add_exception_handler(BusinessError, _handle_business_error)
    app.add_exception_handler(RequestValidationError, _handle_validation_error)
    app.add_exception_handler(HTTPException, _handle_http_error)
    return app


async def _handle_business_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, BusinessError)
    return error_response(error.status, error.code, str(error))


async def _handle_validation_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return validation_error_response(error)


async def _handle_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "invalid_request")
    return error_response(error.status_code, code, f"{request.method} {request.url.path}: {error.detail}")
