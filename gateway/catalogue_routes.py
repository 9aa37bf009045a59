"""Which catalogue orders are compiled with."""

from __future__ import annotations

from fastapi import APIRouter

from gateway.errors import error_responses
from operations.client import OrderClient
from operations.responses import CatalogueResponse, catalogue_response


def catalogue_routes(orders: OrderClient) -> APIRouter:
    routes = APIRouter(tags=["catalogue"], responses=error_responses())

    @routes.get("/catalogue", summary="The catalogue in force, and refused edits of it")
    async def catalogue() -> CatalogueResponse:
        """A worker whose definitions are refused goes on with the last good catalogue."""
        return catalogue_response(await orders.read_worker_catalogues())

    return routes
