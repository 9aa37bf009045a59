"""Actions on whole orders."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import APIRouter

from gateway.errors import ACTION_ERRORS
from gateway.request_models import NoteBody, OrderActionBody, OrderId, RedoBody, StepId
from gateway.strict_json import StrictJsonRoute
from operations.actions.step_and_order_actions import OrderActionName, OrderCommand
from operations.client import OrderClient
from operations.responses import ActionResponse, action_response

ORDER_ACTION_SUMMARIES: dict[OrderActionName, str] = {
    "cancel": "Cancel an order: what was done is undone",
    "rollback": "Undo what was done for an order, or for a line, and give it up",
    "hold": "Hold an order, a line or a step",
    "resume": "Let go on what was held",
}


def order_action_routes(orders: OrderClient) -> APIRouter:
    routes = APIRouter(tags=["operators"], route_class=StrictJsonRoute, responses=ACTION_ERRORS)
    for act in ORDER_ACTION_SUMMARIES:
        routes.post(
            f"/orders/{{order_id}}/{act}",
            summary=ORDER_ACTION_SUMMARIES[act],
            name=act,
        )(_order_action_handler(orders, act))

    @routes.post(
        "/orders/{order_id}/steps/{step}/redo",
        summary="Undo the steps from this one on, and do them again",
    )
    async def redo(order_id: OrderId, step: StepId, body: RedoBody) -> ActionResponse:
        expected = body.expected.value if body.expected else None
        command = OrderCommand(
            "redo", order_id, body.actor, step=step, expected_state=expected, override=body.override, assess=body.assess
        )
        return action_response(order_id, await orders.act_on_order(command))

    @routes.post("/orders/{order_id}/notes", summary="Leave a note in the history")
    async def note(order_id: OrderId, body: NoteBody) -> ActionResponse:
        answer = await orders.add_note(order_id, body.text, body.actor, body.step)
        return action_response(order_id, answer)

    return routes


def _order_action_handler(orders: OrderClient, action: OrderActionName) -> Callable[..., Awaitable[ActionResponse]]:
    async def handle(order_id: OrderId, body: OrderActionBody) -> ActionResponse:
        command = OrderCommand(
            action,
            order_id,
            body.actor,
            line=body.line,
            step=body.step,
            expected_state=body.expected,
            override=body.override,
            assess=body.assess,
        )
        return action_response(order_id, await orders.act_on_order(command))

    return handle
