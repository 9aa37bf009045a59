"""Order events that receivers have not got yet, and sending them again."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from gateway.access.route_guard import allowed
from gateway.errors import ACTION_ERRORS, error_responses
from gateway.request_models import Cursor, OrderId, OrderLimit, StrictBody
from gateway.strict_json import StrictJsonRoute
from operations.access.permissions import READ_NOTIFICATIONS, RESEND
from operations.client import OrderClient
from operations.responses import ResendResponse, UndeliveredResponse, undelivered_response
from workflows.contract.outbox_messages import OutboxView


class ResendBody(StrictBody):
    receiver: str | None = Field(None, max_length=64, description="Only to this receiver; default: to all")
    events: list[str] | None = Field(
        None, max_length=1000, description="Ids of events; default: all", examples=[["HS-1001/7"]]
    )


def notification_routes(orders: OrderClient) -> APIRouter:
    routes = APIRouter(tags=["notifications"], route_class=StrictJsonRoute, responses=error_responses(422))

    @routes.get(
        "/notifications",
        summary="Events that could not be delivered, over all orders",
        dependencies=[allowed(READ_NOTIFICATIONS)],
    )
    async def notifications(
        receiver: Annotated[str | None, Query(max_length=64, description="Only this receiver")] = None,
        limit: OrderLimit = 100,
        cursor: Cursor = None,
    ) -> UndeliveredResponse:
        """Only events whose delivery was given up."""
        return undelivered_response(await orders.list_undelivered(receiver, limit, cursor))

    @routes.get(
        "/orders/{order_id}/notifications",
        summary="Events of an order that are not delivered yet",
        responses=error_responses(404),
        dependencies=[allowed(READ_NOTIFICATIONS)],
    )
    async def of_order(order_id: OrderId) -> OutboxView:
        """First those whose delivery was given up, then what waits for each receiver, in order."""
        return await orders.read_outbox(order_id)

    @routes.post(
        "/orders/{order_id}/notifications/resend",
        summary="Send undelivered events again",
        responses=ACTION_ERRORS,
        dependencies=[allowed(RESEND)],
    )
    async def resend(order_id: OrderId, body: ResendBody) -> ResendResponse:
        """In order. Events that wait for another attempt are tried at once."""
        result = await orders.resend(order_id, body.receiver, body.events)
        return ResendResponse(order_id=order_id, events=result.events)

    return routes
