"""Whether the gateway is alive, and whether it can do its work."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from gateway.errors import public_error_responses
from operations.client import OrderClient


class HealthResponse(BaseModel):
    status: Literal["ok"] = "ok"


class ReadyResponse(HealthResponse):
    definitions_refused: bool = Field(
        description="A worker refuses its definitions as they are now, and the last good catalogue stays in force; "
        "`GET /catalogue` says why"
    )


def health_routes(orders: OrderClient) -> APIRouter:
    routes = APIRouter(tags=["health"], responses=public_error_responses())

    @routes.get("/health", summary="The process is alive")
    async def health() -> HealthResponse:
        return HealthResponse()

    @routes.get("/ready", summary="Temporal answers as well")
    async def ready() -> ReadyResponse:
        await orders.check_server()
        workers = await orders.read_worker_catalogues()
        return ReadyResponse(definitions_refused=any(worker.refused is not None for worker in workers))

    return routes
