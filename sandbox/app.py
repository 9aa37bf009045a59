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
    notifications,
    subscription,
    warranty,
)
from sandbox.errors import BusinessError, error_response, invalid_request
from sandbox.scheduler import Clockwork, Moment
from sandbox.settings import Settings
from sandbox.store import Store

SYSTEMS = (inventory, logistics, installation, subscription, warranty, billing, access, network)

MOMENTS: dict[tuple[str, str], Moment] = {
    (name, moment): function
    for name, moments in (
        ("logistics", logistics.MOMENTS),
        ("installation", installation.MOMENTS),
        ("subscription", subscription.MOMENTS),
        ("access", access.MOMENTS),
        ("network", network.MOMENTS),
    )
    for moment, function in moments.items()
}


def create_app(data: Path, settings: Settings) -> FastAPI:
    """The sandbox on the SQLite file `data`, which is made where there is none."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        store = Store(data)
        settings.delays.update({row["name"]: row["seconds"] for row in store.rows("select * from delays")})
        app.state.store, app.state.settings = store, settings
        app.state.clockwork = Clockwork(store, settings, MOMENTS)
        clockwork = asyncio.create_task(app.state.clockwork.run())
        yield
        clockwork.cancel()
        with suppress(asyncio.CancelledError):
            await clockwork
        store.close()

    app = FastAPI(title="Sandbox systems", lifespan=lifespan)
    for system in SYSTEMS:
        app.include_router(system.router)
    app.include_router(control.router)
    app.include_router(notifications.router)
    app.add_exception_handler(BusinessError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _not_here)
    return app


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, BusinessError)
    return error_response(error.status, error.code, str(error))


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return invalid_request(error)


async def _not_here(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "invalid_request")
    return error_response(error.status_code, code, f"{request.method} {request.url.path}: {error.detail}")
