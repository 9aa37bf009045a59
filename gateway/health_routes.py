"""Whether the gateway lives, and whether it can do its work."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from gateway.openapi import UNREADY_RESPONSES, example_response
from operations.client import OrderClient


def health_routes(orders: OrderClient) -> APIRouter:
    routes = APIRouter(tags=["health"])

    @routes.get("/health", summary="The process lives", responses=example_response("health"))
    async def health() -> JSONResponse:
        return JSONResponse({"status": "ok"})

    @routes.get("/ready", summary="Temporal answers, too", responses=example_response("health") | UNREADY_RESPONSES)
    async def ready() -> JSONResponse:
        await orders.check_server()
        return JSONResponse({"status": "ok"})

    return routes
