"""Orders: list them, and read how one stands."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query

from gateway.access.route_guard import allowed
from gateway.errors import error_responses
from gateway.list_filters import OrderCriteria, OrderSort
from gateway.request_models import Cursor, OrderId, SourceOption, StepOption, SubmissionOption
from operations.access.permissions import LIST_ORDERS, READ_ORDER
from operations.client import OrderClient
from operations.list_responses import OrderListResponse, order_list_response
from operations.responses import (
    BlockersResponse,
    OrderResponse,
    StepsPageResponse,
    blockers_response,
    order_response,
)
from workflows.contract.states import StepState


def reading_routes(orders: OrderClient) -> APIRouter:
    routes = APIRouter(tags=["orders"], responses=error_responses(422, 504))
    _add_list_route(routes, orders)

    @routes.get(
        "/orders/{order_id}",
        summary="Read an order",
        responses=error_responses(404),
        dependencies=[allowed(READ_ORDER)],
    )
    async def read(
        order_id: OrderId, source: SourceOption = "best", submission: SubmissionOption = None
    ) -> OrderResponse:
        """Its lines and states, without steps."""
        return order_response(await orders.read(order_id, steps=False, source=source, submission=submission))

    @routes.get(
        "/orders/{order_id}/steps",
        summary="Read an order's steps, page by page",
        responses=error_responses(404),
        dependencies=[allowed(READ_ORDER)],
    )
    async def steps(
        order_id: OrderId,
        offset: Annotated[int, Query(ge=0)] = 0,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        state: Annotated[list[StepState] | None, Query(description="Only steps in these states")] = None,
        submission: SubmissionOption = None,
    ) -> StepsPageResponse:
        page = await orders.read_steps_page(order_id, offset, limit, state, submission)
        return StepsPageResponse(steps=page.steps, next_offset=page.next_offset)

    @routes.get(
        "/orders/{order_id}/why",
        summary="What an order, or one step, waits for",
        responses=error_responses(404),
        dependencies=[allowed(READ_ORDER)],
    )
    async def why(order_id: OrderId, step: StepOption = None, source: SourceOption = "best") -> BlockersResponse:
        details, blockers = await orders.find_blockers(order_id, step, source)
        return blockers_response(details, blockers, details.step(step) if step else None)

    return routes


def _add_list_route(routes: APIRouter, orders: OrderClient) -> None:
    @routes.get(
        "/orders",
        summary="List orders, open ones first",
        responses=error_responses(404),
        dependencies=[allowed(LIST_ORDERS)],
    )
    async def list_orders(
        criteria: OrderCriteria,
        catalogue_version: Annotated[
            str | None,
            Query(max_length=100, description="A published number, a SHA-256 (or its beginning), or `current`"),
        ] = None,
        sort: OrderSort = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        cursor: Cursor = None,
    ) -> OrderListResponse:
        """Without `sort`, open orders come first, newest first; then ended ones, last ended first."""
        version = await orders.find_catalogue_version(catalogue_version) if catalogue_version else None
        wanted = replace(criteria, catalogue_version=version, limit=limit)
        return order_list_response(await orders.list_orders(wanted, cursor, sort))
