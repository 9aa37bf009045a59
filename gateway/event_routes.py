"""Events and callbacks: what other systems tell orders. What is answered with success is kept in Temporal."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse

from gateway.openapi import CALLBACK_REQUEST_BODY, DELIVERY_RESPONSES, ERROR_RESPONSES
from gateway.request_models import KeyedEventBody, OrderEventBody, OrderId, StrictJsonRoute, parse_json
from operations.client import OrderClient
from operations.events.deliver_events import DeliveryResult

CallbackId = Annotated[str, Path(max_length=5000, description="The id that the call handed out: a capability")]


def event_routes(orders: OrderClient) -> APIRouter:
    routes = APIRouter(tags=["events"], route_class=StrictJsonRoute, responses=ERROR_RESPONSES | DELIVERY_RESPONSES)

    @routes.post("/events", summary="Deliver an event by name and key")
    async def by_key(event: KeyedEventBody) -> JSONResponse:
        """To whichever order waits for it. Where none does yet, it is kept for 30 days for the first that will; where
        several do, it is refused (`409`, `ambiguous`) and belongs to `/orders/{order_id}/events`."""
        return _delivery_response(await orders.deliver_event_by_key(event.to_delivery()))

    @routes.post("/orders/{order_id}/events", summary="Deliver an event to an order")
    async def to_order(order_id: OrderId, event: OrderEventBody) -> JSONResponse:
        """Early events are kept: for a step whose turn has not come, and for an order that has not come yet. Where it
        would fit several steps and names none, it is refused (`409`, `ambiguous`)."""
        return _delivery_response(await orders.deliver_event(order_id, event.to_order_delivery()))

    return routes


def callback_routes(orders: OrderClient, secret: bytes) -> APIRouter:
    routes = APIRouter(tags=["callbacks"], responses=ERROR_RESPONSES | DELIVERY_RESPONSES)

    @routes.post("/callbacks/{callback_id}", summary="Answer a call", openapi_extra=CALLBACK_REQUEST_BODY)
    async def call_back(callback_id: CallbackId, request: Request) -> JSONResponse:
        """Completes the step whose call handed out the id. No token: the id is the capability. Any JSON, or nothing."""
        body = await request.body()
        payload: Any = parse_json(body) if body.strip() else None
        return _delivery_response(await orders.deliver_callback_by_id(secret, callback_id, payload))

    return routes


def _delivery_response(delivered: DeliveryResult) -> JSONResponse:
    """202 where it waits for someone; 200 where the sender is done with it, duplicates and late ones included."""
    shape = {"status": delivered.status, "order_id": delivered.order_id, "step": delivered.step}
    return JSONResponse(shape, 202 if delivered.status == "kept" else 200)
