"""What waits for a person, over all orders."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from gateway.errors import error_responses
from operations.client import OrderClient
from operations.responses import FalloutResponse, TasksResponse, fallout_response, tasks_response

OrderLimit = Annotated[int, Query(ge=1, le=1000, description="At most this many orders")]


def worklist_routes(orders: OrderClient) -> APIRouter:
    routes = APIRouter(tags=["operators"], responses=error_responses(422))

    @routes.get("/fallout", summary="Steps in fallout, over all running orders")
    async def fallout(limit: OrderLimit = 100) -> FalloutResponse:
        return fallout_response(await orders.list_fallout(limit=limit))

    @routes.get("/tasks", summary="Steps that wait for a person, over all running orders")
    async def tasks(
        queue: Annotated[str | None, Query(max_length=200, description="Only this queue")] = None,
        limit: OrderLimit = 100,
    ) -> TasksResponse:
        return tasks_response(await orders.list_tasks(queue, limit))

    return routes
