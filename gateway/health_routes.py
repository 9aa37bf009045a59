"""Whether the gateway lives, and whether it can do its work."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from gateway.openapi import UNREADY, example
from operations.client import Orders


def health_routes(orders: Orders) -> APIRouter:
    routes = APIRouter(tags=["health"])

    @routes.get("/health", summary="The process lives", responses=example("health"))
    async def health() -> JSONResponse:
        return JSONResponse({"status": "ok"})

    @routes.get("/ready", summary="Temporal answers, too", responses=example("health") | UNREADY)
    async def ready() -> JSONResponse:
        await orders.check_server()
        return JSONResponse({"status": "ok"})

    return routes
