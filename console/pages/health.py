"""Whether the console is alive, and whether it can do its work."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import JSONResponse

from console.services import Console

HEALTH_PATHS = frozenset({"/health", "/ready"})


def health_routes(console: Console) -> APIRouter:
    routes = APIRouter()

    @routes.get("/health")
    async def health() -> JSONResponse:
        return JSONResponse({"status": "ok"})

    @routes.get("/ready")
    async def ready() -> JSONResponse:
        await console.orders.check_server()
        return JSONResponse({"status": "ok"})

    return routes
