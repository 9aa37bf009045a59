"""What receivers have not been told yet, and sending it again."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import Field

from gateway.openapi import ERROR_RESPONSES, example_response
from gateway.request_models import OrderId, StrictBody, StrictJsonRoute
from operations.client import OrderClient
from operations.json_views import outbox_json, resend_result_json, undelivered_json

Receiver = Annotated[str | None, Query(max_length=64, description="Only this receiver's")]


class ResendBody(StrictBody):
    receiver: str | None = Field(None, max_length=64, description="Only to this receiver; default: to all")
    events: list[str] | None = Field(
        None, max_length=1000, description="Ids of events; default: all", examples=[["HS-1001/7"]]
    )


def notification_routes(orders: OrderClient) -> APIRouter:
    routes = APIRouter(tags=["notifications"], route_class=StrictJsonRoute, responses=ERROR_RESPONSES)

    @routes.get(
        "/notifications",
        summary="Events that could not be delivered, over all orders",
        responses=example_response("undelivered"),
    )
    async def notifications(
        receiver: Receiver = None, limit: Annotated[int, Query(ge=1, le=1000, description="Orders, at most")] = 100
    ) -> JSONResponse:
        """Those that were given up. `unanswered` names orders for which no worker answered."""
        return JSONResponse(undelivered_json(await orders.list_undelivered(receiver, limit)))

    @routes.get(
        "/orders/{order_id}/notifications",
        summary="Everything of an order that is not delivered yet",
        responses=example_response("notifications"),
    )
    async def of_order(order_id: OrderId) -> JSONResponse:
        """Those given up, then what waits for each receiver, in order."""
        return JSONResponse(outbox_json(await orders.read_outbox(order_id)))

    @routes.post(
        "/orders/{order_id}/notifications/resend",
        summary="Send again what could not be delivered",
        responses=example_response("resend"),
    )
    async def resend(order_id: OrderId, body: ResendBody) -> JSONResponse:
        """In order; what waits for another attempt is tried at once."""
        return JSONResponse(resend_result_json(order_id, await orders.resend(order_id, body.receiver, body.events)))

    return routes
