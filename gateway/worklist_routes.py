"""What waits for a person, over all orders."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query

from gateway.access.route_guard import allowed
from gateway.errors import error_responses
from gateway.list_filters import FilterText, WorkCriteria, WorkSort
from gateway.request_models import Cursor
from gateway.value_types import Moment
from operations.access.permissions import READ_WORK
from operations.client import OrderClient
from operations.list_responses import (
    FalloutGroupsResponse,
    FalloutResponse,
    TaskGroupsResponse,
    TasksResponse,
    fallout_groups_response,
    fallout_response,
    task_groups_response,
    tasks_response,
)

WorkLimit = Annotated[int, Query(ge=1, le=1000, description="At most this many steps (without a ledger: orders)")]
Code = Annotated[FilterText, Query(description="Only steps with this error code")]
DueUntil = Annotated[Moment | None, Query(description="It is due before")]


def worklist_routes(orders: OrderClient) -> APIRouter:
    routes = APIRouter(tags=["operators"], responses=error_responses(422, 504), dependencies=[allowed(READ_WORK)])

    @routes.get("/fallout", summary="Steps in fallout, over all running orders")
    async def fallout(
        criteria: WorkCriteria,
        code: Code = None,
        sort: WorkSort = None,
        limit: WorkLimit = 100,
        cursor: Cursor = None,
    ) -> FalloutResponse:
        """From the ledger, the soonest due first. From visibility, the steps of at most `limit` orders, the newest
        orders first. The rest follows on further pages."""
        wanted = replace(criteria, code=code, limit=limit)
        return fallout_response(await orders.list_fallout(wanted, cursor, sort))

    @routes.get("/fallout/groups", summary="Steps in fallout by system and error code")
    async def fallout_groups(criteria: WorkCriteria, code: Code = None) -> FalloutGroupsResponse:
        """Needs a ledger."""
        return fallout_groups_response(*await orders.group_fallout(replace(criteria, code=code)))

    @routes.get("/tasks", summary="Steps that wait for a person, over all running orders")
    async def tasks(
        criteria: WorkCriteria,
        due_until: DueUntil = None,
        sort: WorkSort = None,
        limit: WorkLimit = 100,
        cursor: Cursor = None,
    ) -> TasksResponse:
        """From the ledger, the soonest due first. From visibility, the steps of at most `limit` orders, the newest
        orders first. The rest follows on further pages."""
        wanted = replace(criteria, due_until=due_until, limit=limit)
        return tasks_response(await orders.list_tasks(wanted, cursor, sort))

    @routes.get("/tasks/groups", summary="Open tasks by queue and age")
    async def task_groups(criteria: WorkCriteria, due_until: DueUntil = None) -> TaskGroupsResponse:
        """Needs a ledger."""
        return task_groups_response(*await orders.group_tasks(replace(criteria, due_until=due_until)))

    return routes
