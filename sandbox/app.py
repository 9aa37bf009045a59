"""The sandbox as an application: its systems, its own control routes, and its scheduler."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from sandbox import control, notification_inbox
from sandbox.errors import BusinessError, error_response, validation_error_response
from sandbox.scheduler import ScheduledAction, Scheduler
from sandbox.settings import Settings
from sandbox.store import Store
from sandbox.systems import access, billing, installation, inventory, logistics, network, subscription, warranty

SYSTEMS = (inventory, logistics, installation, subscription, warranty, billing, access, network)

SCHEDULED_ACTIONS: dict[tuple[str, str], ScheduledAction] = {
    ("logistics", "deliver"): logistics.deliver,
    ("installation", "book"): installation.book,
    ("subscription", "activate"): subscription.activate,
    ("access", "hand_over"): access.hand_over,
    ("network", "come_online"): network.come_online,
}


def create_app(database_file: Path, settings: Settings) -> FastAPI:
    """The sandbox on the SQLite file `database_file`, which is created if it does not exist."""

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
    for module in (*SYSTEMS, control, notification_inbox):
        app.include_router(module.router)
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
