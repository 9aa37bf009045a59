"""What operators do to orders, and what waits for them."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, get_args

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from gateway.openapi import REFUSALS, example
from gateway.request_models import CharacteristicsBody, OrderId, StepActBody, StepId, StrictRoute
from operations.actions.step_and_order_actions import ActName, StepCommand
from operations.client import Orders
from operations.json_views import act_json, step_list_json

Limit = Annotated[int, Query(ge=1, le=1000, description="Orders, at most")]

SUMMARIES: dict[ActName, str] = {
    "retry": "Try a step in fallout again",
    "skip": "Skip a step in fallout, or a manual one",
    "complete": "Complete a manual step, or one in fallout, with data",
    "reschedule": "Move a step's start, a wait's end or the next attempt",
    "extend": "Give a step more time",
    "claim": "Take a task, or a step in fallout, that nobody has",
    "assign": "Hand a task, or a step in fallout, to somebody: `data: {to: kim}`; empty: to nobody",
    "proceed": "Let a step go on without waiting for a step of another order",
}


def act_routes(orders: Orders) -> APIRouter:
    routes = APIRouter(tags=["operators"], route_class=StrictRoute, responses=REFUSALS)
    for act in get_args(ActName):
        routes.post(
            f"/orders/{{order_id}}/steps/{{step}}/{act}", summary=SUMMARIES[act], responses=example("act"), name=act
        )(_acting(orders, act))

    @routes.patch("/orders/{order_id}/characteristics", summary="Set characteristics", responses=example("act"))
    async def set_characteristics(order_id: OrderId, body: CharacteristicsBody) -> JSONResponse:
        """Those given change, the others stay; waits whose condition reads them are judged again."""
        return JSONResponse(act_json(order_id, await orders.set(order_id, body.characteristics, body.actor)))

    @routes.get("/fallout", summary="Steps in fallout, over all running orders", responses=example("fallout"))
    async def fallout(limit: Limit = 100) -> JSONResponse:
        """`unanswered` names orders that have such steps, but for which no worker answered."""
        return JSONResponse(step_list_json(await orders.fallout(limit), "fallout"))

    @routes.get("/tasks", summary="Manual steps that wait for a person", responses=example("tasks"))
    async def tasks(
        queue: Annotated[str | None, Query(max_length=200, description="Only this queue's")] = None, limit: Limit = 100
    ) -> JSONResponse:
        return JSONResponse(step_list_json(await orders.tasks(queue, limit), "tasks"))

    return routes


def _acting(orders: Orders, act: ActName) -> Callable[..., Coroutine[Any, Any, JSONResponse]]:
    async def route(order_id: OrderId, step: StepId, body: StepActBody) -> JSONResponse:
        command = StepCommand(act, order_id, step, body.actor, body.data, body.expected, body.expected_holder)
        return JSONResponse(act_json(order_id, await orders.act(command)))

    return route
