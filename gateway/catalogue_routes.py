"""Which catalogue orders are compiled with."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from gateway.access.route_guard import allowed
from gateway.errors import error_responses
from operations.access.permissions import READ_CATALOGUE
from operations.client import OrderClient
from operations.publishing.version_responses import (
    VersionListResponse,
    VersionResponse,
    version_list_response,
    version_response,
)
from operations.responses import CatalogueResponse, catalogue_response


def catalogue_routes(orders: OrderClient) -> APIRouter:
    routes = APIRouter(tags=["catalogue"], responses=error_responses(), dependencies=[allowed(READ_CATALOGUE)])

    @routes.get("/catalogue", summary="The catalogue in force, and refused edits of it")
    async def catalogue() -> CatalogueResponse:
        """A worker whose definitions are refused goes on with the last good catalogue."""
        return catalogue_response(await orders.read_worker_catalogues())

    @routes.get("/catalogue/versions", summary="Published versions, and the orders that run on them")
    async def versions() -> VersionListResponse:
        """Publishing is done on the command line."""
        return version_list_response(await orders.list_versions(), await orders.read_worker_catalogues())

    @routes.get(
        "/catalogue/versions/{version}", summary="Read a published version", responses=error_responses(404, 422)
    )
    async def read_version(
        version: Annotated[
            str, Path(max_length=100, description="Its number, the beginning of its SHA-256, or `current`")
        ],
    ) -> VersionResponse:
        found, _ = await orders.read_version(version)
        return version_response(found)

    return routes
