"""Events and callbacks from other systems. When a request succeeds, Temporal has stored it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from gateway.access.route_guard import allowed
from gateway.errors import BODY_ERRORS, error_responses, public_error_responses
from gateway.openapi import CALLBACK_REQUEST_BODY
from gateway.request_models import KeyedEventBody, OrderEventBody, OrderId
from gateway.strict_json import StrictJsonRoute, parse_json
from operations.access.permissions import SEND_EVENT
from operations.client import OrderClient
from operations.events.deliver_events import DeliveryResult
from operations.responses import DeliveryResponse

CallbackId = Annotated[str, Path(max_length=5000, description="The id that the call handed out: a capability")]

DELIVERY_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "`completed` a step, `delivered` to the order, `duplicate` of an earlier one, or `late`"},
    202: {
        "model": DeliveryResponse,
        "description": "`kept`, for a step, an order or a worker that is not there yet",
    },
}


def event_routes(orders: OrderClient) -> APIRouter:
    routes = APIRouter(
        tags=["events"],
        route_class=StrictJsonRoute,
        responses=error_responses(*BODY_ERRORS, 404, 409, 410, 429) | DELIVERY_RESPONSES,
        dependencies=[allowed(SEND_EVENT)],
    )

    @routes.post("/events", summary="Deliver an event by name and key")
    async def by_key(event: KeyedEventBody, response: Response) -> DeliveryResponse:
        """Delivers it to the order that waits for it. If none does yet, it is kept for 30 days for the first one that
        will. If several do, it is refused (`409`, `ambiguous`): use `/orders/{order_id}/events`."""
        return _delivery_response(await orders.deliver_event_by_key(event.to_delivery()), response)

    @routes.post("/orders/{order_id}/events", summary="Deliver an event to an order")
    async def to_order(order_id: OrderId, event: OrderEventBody, response: Response) -> DeliveryResponse:
        """An early event is kept: for a step that is not ready for it yet, or for an order that does not exist yet. If
        it fits several steps and names none, it is refused (`409`, `ambiguous`)."""
        return _delivery_response(await orders.deliver_event(order_id, event.to_delivery(event.step)), response)

    return routes


def callback_routes(orders: OrderClient, secret: bytes) -> APIRouter:
    routes = APIRouter(
        tags=["callbacks"], responses=public_error_responses(400, 404, 408, 410, 413, 415, 422) | DELIVERY_RESPONSES
    )

    @routes.post("/callbacks/{callback_id}", summary="Complete a call", openapi_extra=CALLBACK_REQUEST_BODY)
    async def call_back(callback_id: CallbackId, request: Request, response: Response) -> DeliveryResponse:
        """Completes the step whose call handed out the id. Needs no token: the id is the capability."""
        body = await request.body()
        payload: Any = parse_json(body) if body.strip() else None
        return _delivery_response(await orders.deliver_callback_by_id(secret, callback_id, payload), response)

    return routes


def _delivery_response(result: DeliveryResult, response: Response) -> DeliveryResponse:
    """202 if it waits for something; 200 if the sender is done with it, also for duplicates and late ones."""
    if result.status == "kept":
        response.status_code = 202
    return DeliveryResponse.model_validate(result)
