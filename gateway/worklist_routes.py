"""What waits for a person, over all orders."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from gateway.errors import error_responses
from gateway.request_models import Cursor, OrderLimit
from operations.client import OrderClient
from operations.responses import FalloutResponse, TasksResponse, fallout_response, tasks_response

QueueFilter = Annotated[str | None, Query(max_length=200, description="Only this queue")]


def worklist_routes(orders: OrderClient) -> APIRouter:
    routes = APIRouter(tags=["operators"], responses=error_responses(422))

    @routes.get("/fallout", summary="Steps in fallout, over all running orders")
    async def fallout(queue: QueueFilter = None, limit: OrderLimit = 100, cursor: Cursor = None) -> FalloutResponse:
        """The steps of at most `limit` orders, newest first; the rest follows on further pages."""
        return fallout_response(await orders.list_fallout(queue, limit, cursor))

    @routes.get("/tasks", summary="Steps that wait for a person, over all running orders")
    async def tasks(queue: QueueFilter = None, limit: OrderLimit = 100, cursor: Cursor = None) -> TasksResponse:
        """The steps of at most `limit` orders, newest first; the rest follows on further pages."""
        return tasks_response(await orders.list_tasks(queue, limit, cursor))

    return routes
