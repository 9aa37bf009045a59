"""What operators do to whole orders, what has been done to them, and acts in bulk."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, StreamingResponse

from gateway.openapi import BULK, REFUSALS, example
from gateway.request_models import BulkBody, NoteBody, OrderActBody, OrderId, RedoBody, StepId, StrictRoute
from operations.actions.step_and_order_actions import OrderActName, OrderCommand
from operations.bulk.bulk_actions import BULK_ACTS, BulkActName
from operations.bulk.bulk_json import result_json, selection_json, summary_json
from operations.client import Orders
from operations.json_views import act_json, history_json

NDJSON = "application/x-ndjson"

SUMMARIES: dict[OrderActName, str] = {
    "cancel": "Cancel an order: what was done is undone",
    "rollback": "Undo what was done for an order, or for a line, and give it up",
    "hold": "Hold an order, a line or a step",
    "resume": "Let go on what was held",
}


def operator_routes(orders: Orders) -> APIRouter:
    routes = APIRouter(tags=["operators"], route_class=StrictRoute, responses=REFUSALS)
    for act in SUMMARIES:
        routes.post(f"/orders/{{order_id}}/{act}", summary=SUMMARIES[act], responses=example("order_act"), name=act)(
            _acting(orders, act)
        )

    @routes.post(
        "/orders/{order_id}/steps/{step}/redo",
        summary="Undo the steps from this one on, and do them again",
        responses=example("order_act"),
    )
    async def redo(order_id: OrderId, step: StepId, body: RedoBody) -> JSONResponse:
        expected = body.expected.value if body.expected else None
        command = OrderCommand(
            "redo", order_id, body.actor, step=step, expected=expected, override=body.override, assess=body.assess
        )
        return JSONResponse(act_json(order_id, await orders.act_on_order(command)))

    @routes.post("/orders/{order_id}/notes", summary="Leave a note in the history", responses=example("act"))
    async def note(order_id: OrderId, body: NoteBody) -> JSONResponse:
        answer = await orders.note(order_id, body.text, body.actor, body.step)
        return JSONResponse(act_json(order_id, answer))

    @routes.get("/orders/{order_id}/history", summary="Who did what, when and why", responses=example("history"))
    async def history(order_id: OrderId) -> JSONResponse:
        """Oldest first; what nobody did happened by itself. Of a very long history, what people did is kept longest."""
        order = (await orders.history(order_id)).order
        return JSONResponse(history_json(order, order.history))

    for name in BULK_ACTS:
        routes.post(
            f"/bulk/{name}", summary=f"`{name}`, to all that fit a filter", responses=BULK, name=f"bulk {name}"
        )(_in_bulk(orders, name))
    return routes


def _acting(orders: Orders, act: OrderActName) -> Callable[..., Coroutine[Any, Any, JSONResponse]]:
    async def route(order_id: OrderId, body: OrderActBody) -> JSONResponse:
        command = OrderCommand(
            act,
            order_id,
            body.actor,
            line=body.line,
            step=body.step,
            expected=body.expected,
            override=body.override,
            assess=body.assess,
        )
        return JSONResponse(act_json(order_id, await orders.act_on_order(command)))

    return route


def _in_bulk(orders: Orders, act: BulkActName) -> Callable[..., Coroutine[Any, Any, Any]]:
    async def route(body: BulkBody) -> Any:
        """With `dry_run` one JSON document lists what is meant. Else lines of JSON, one for each result as it is known,
        and at last the summary. Whoever hangs up ends it: what is done stays done, and the rest is left."""
        command = body.command(act)
        selection = await orders.bulk_selection(command)
        if body.dry_run:
            return JSONResponse(selection_json(command, selection))
        runner = orders.bulk_runner(command, body.rate)

        async def lines() -> AsyncIterator[str]:
            async for result in runner.run(selection.targets):
                yield json.dumps(result_json(result), ensure_ascii=False) + "\n"
            yield json.dumps({"summary": summary_json(command, runner.summary, selection)}, ensure_ascii=False) + "\n"

        return StreamingResponse(lines(), media_type=NDJSON)

    return route
