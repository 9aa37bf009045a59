"""What operators do to orders, and what waits for them."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, get_args

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from gateway.openapi import ERROR_RESPONSES, example_response
from gateway.request_models import CharacteristicsBody, OrderId, StepActionBody, StepId, StrictJsonRoute
from operations.actions.step_and_order_actions import StepActionName, StepCommand
from operations.client import OrderClient
from operations.json_views import action_json, worklist_json

OrderLimit = Annotated[int, Query(ge=1, le=1000, description="Orders, at most")]

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
    routes = APIRouter(tags=["operators"], route_class=StrictJsonRoute, responses=ERROR_RESPONSES)
    for act in get_args(StepActionName):
        routes.post(
            f"/orders/{{order_id}}/steps/{{step}}/{act}",
            summary=STEP_ACTION_SUMMARIES[act],
            responses=example_response("act"),
            name=act,
        )(_step_action_handler(orders, act))

    @routes.patch(
        "/orders/{order_id}/characteristics", summary="Set characteristics", responses=example_response("act")
    )
    async def set_characteristics(order_id: OrderId, body: CharacteristicsBody) -> JSONResponse:
        """Those given change, the others stay; waits whose condition reads them are judged again."""
        return JSONResponse(
            action_json(order_id, await orders.set_characteristics(order_id, body.characteristics, body.actor))
        )

    @routes.get("/fallout", summary="Steps in fallout, over all running orders", responses=example_response("fallout"))
    async def fallout(limit: OrderLimit = 100) -> JSONResponse:
        """`unanswered` names orders that have such steps, but for which no worker answered."""
        return JSONResponse(worklist_json(await orders.list_fallout(limit), "fallout"))

    @routes.get("/tasks", summary="Manual steps that wait for a person", responses=example_response("tasks"))
    async def tasks(
        queue: Annotated[str | None, Query(max_length=200, description="Only this queue's")] = None,
        limit: OrderLimit = 100,
    ) -> JSONResponse:
        return JSONResponse(worklist_json(await orders.list_tasks(queue, limit), "tasks"))

    return routes


def _step_action_handler(
    orders: OrderClient, action: StepActionName
) -> Callable[..., Coroutine[Any, Any, JSONResponse]]:
    async def handle(order_id: OrderId, step: StepId, body: StepActionBody) -> JSONResponse:
        command = StepCommand(action, order_id, step, body.actor, body.data, body.expected, body.expected_holder)
        return JSONResponse(action_json(order_id, await orders.act_on_step(command)))

    return handle
