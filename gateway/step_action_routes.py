"""What operators do to orders, and what waits for them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import get_args

from fastapi import APIRouter

from gateway.errors import ACTION_ERRORS
from gateway.request_models import CharacteristicsBody, OrderId, StepActionBody, StepId
from gateway.strict_json import StrictJsonRoute
from operations.actions.step_and_order_actions import StepActionName, StepCommand
from operations.client import OrderClient
from operations.responses import ActionResponse, action_response

STEP_ACTION_SUMMARIES: dict[StepActionName, str] = {
    "retry": "Try a step in fallout again",
    "skip": "Skip a step in fallout, or a manual one",
    "complete": "Complete a manual step, or one in fallout, with data",
    "reschedule": "Move a step's start, a wait's end or the next attempt",
    "extend": "Give a step more time",
    "claim": "Take a task, or a step in fallout, that nobody has",
    "assign": "Hand a task, or a step in fallout, to somebody: `data: {to: kim}`; empty: to nobody",
    "proceed": "Let a step go on without waiting for a step of another order",
}


def step_action_routes(orders: OrderClient) -> APIRouter:
    routes = APIRouter(tags=["operators"], route_class=StrictJsonRoute, responses=ACTION_ERRORS)
    for act in get_args(StepActionName):
        routes.post(
            f"/orders/{{order_id}}/steps/{{step}}/{act}",
            summary=STEP_ACTION_SUMMARIES[act],
            name=act,
        )(_step_action_handler(orders, act))

    @routes.patch("/orders/{order_id}/characteristics", summary="Set characteristics")
    async def set_characteristics(order_id: OrderId, body: CharacteristicsBody) -> ActionResponse:
        """Those given change, the others stay; waits whose condition reads them are judged again."""
        return action_response(order_id, await orders.set_characteristics(order_id, body.characteristics, body.actor))

    return routes


def _step_action_handler(orders: OrderClient, action: StepActionName) -> Callable[..., Awaitable[ActionResponse]]:
    async def handle(order_id: OrderId, step: StepId, body: StepActionBody) -> ActionResponse:
        command = StepCommand(action, order_id, step, body.actor, body.data, body.expected, body.expected_holder)
        return action_response(order_id, await orders.act_on_step(command))

    return handle
