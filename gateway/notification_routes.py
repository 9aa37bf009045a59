"""What receivers have not been told yet, and sending it again."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import Field

from gateway.openapi import REFUSALS, example
from gateway.request_models import Body, OrderId, StrictRoute
from operations.client import Orders
from operations.json_views import notifications_json, notifications_of_order_json, resend_json

Receiver = Annotated[str | None, Query(max_length=64, description="Only this receiver's")]


class ResendBody(Body):
    receiver: str | None = Field(None, max_length=64, description="Only to this receiver; default: to all")
    events: list[str] | None = Field(
        None, max_length=1000, description="Ids of events; default: all", examples=[["HS-1001/7"]]
    )


def notification_routes(orders: Orders) -> APIRouter:
    routes = APIRouter(tags=["notifications"], route_class=StrictRoute, responses=REFUSALS)

    @routes.get(
        "/notifications",
        summary="Events that could not be delivered, over all orders",
        responses=example("undelivered"),
    )
    async def notifications(
        receiver: Receiver = None, limit: Annotated[int, Query(ge=1, le=1000, description="Orders, at most")] = 100
    ) -> JSONResponse:
        """Those that were given up. `unanswered` names orders for which no worker answered."""
        return JSONResponse(notifications_json(await orders.undelivered(receiver, limit)))

    @routes.get(
        "/orders/{order_id}/notifications",
        summary="Everything of an order that is not delivered yet",
        responses=example("notifications"),
    )
    async def of_order(order_id: OrderId) -> JSONResponse:
        """Those given up, then what waits for each receiver, in order."""
        return JSONResponse(notifications_of_order_json(await orders.undelivered_of(order_id)))

    @routes.post(
        "/orders/{order_id}/notifications/resend",
        summary="Send again what could not be delivered",
        responses=example("resend"),
    )
    async def resend(order_id: OrderId, body: ResendBody) -> JSONResponse:
        """In order; what waits for another attempt is tried at once."""
        return JSONResponse(resend_json(order_id, await orders.resend(order_id, body.receiver, body.events)))

    return routes
