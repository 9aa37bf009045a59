"""Whether the gateway is alive, and whether it can do its work."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from gateway.errors import public_error_responses
from operations.client import OrderClient


class HealthResponse(BaseModel):
    status: Literal["ok"] = "ok"


def health_routes(orders: OrderClient) -> APIRouter:
    routes = APIRouter(tags=["health"], responses=public_error_responses())

    @routes.get("/health", summary="The process is alive")
    async def health() -> HealthResponse:
        return HealthResponse()

    @routes.get("/ready", summary="Temporal answers as well")
    async def ready() -> HealthResponse:
        await orders.check_server()
        return HealthResponse()

    return routes
