"""What operators do to whole orders, what has been done to them, and acts in bulk."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, StreamingResponse

from gateway.openapi import BULK_RESPONSES, ERROR_RESPONSES, example_response
from gateway.request_models import BulkActionBody, NoteBody, OrderActionBody, OrderId, RedoBody, StepId, StrictJsonRoute
from operations.actions.step_and_order_actions import OrderActionName, OrderCommand
from operations.bulk.bulk_actions import BULK_ACTIONS, BulkActionName
from operations.bulk.bulk_json import bulk_result_json, bulk_selection_json, bulk_summary_json
from operations.client import OrderClient
from operations.json_views import action_json, history_json

NDJSON_MEDIA_TYPE = "application/x-ndjson"

ORDER_ACTION_SUMMARIES: dict[OrderActionName, str] = {
    "cancel": "Cancel an order: what was done is undone",
    "rollback": "Undo what was done for an order, or for a line, and give it up",
    "hold": "Hold an order, a line or a step",
    "resume": "Let go on what was held",
}


def order_action_routes(orders: OrderClient) -> APIRouter:
    routes = APIRouter(tags=["operators"], route_class=StrictJsonRoute, responses=ERROR_RESPONSES)
    for act in ORDER_ACTION_SUMMARIES:
        routes.post(
            f"/orders/{{order_id}}/{act}",
            summary=ORDER_ACTION_SUMMARIES[act],
            responses=example_response("order_act"),
            name=act,
        )(_order_action_handler(orders, act))

    @routes.post(
        "/orders/{order_id}/steps/{step}/redo",
        summary="Undo the steps from this one on, and do them again",
        responses=example_response("order_act"),
    )
    async def redo(order_id: OrderId, step: StepId, body: RedoBody) -> JSONResponse:
        expected = body.expected.value if body.expected else None
        command = OrderCommand(
            "redo", order_id, body.actor, step=step, expected_state=expected, override=body.override, assess=body.assess
        )
        return JSONResponse(action_json(order_id, await orders.act_on_order(command)))

    @routes.post("/orders/{order_id}/notes", summary="Leave a note in the history", responses=example_response("act"))
    async def note(order_id: OrderId, body: NoteBody) -> JSONResponse:
        answer = await orders.add_note(order_id, body.text, body.actor, body.step)
        return JSONResponse(action_json(order_id, answer))

    @routes.get(
        "/orders/{order_id}/history", summary="Who did what, when and why", responses=example_response("history")
    )
    async def history(order_id: OrderId) -> JSONResponse:
        """Oldest first; what nobody did happened by itself. Of a very long history, what people did is kept longest."""
        order = (await orders.read_history(order_id)).order
        return JSONResponse(history_json(order, order.history))

    for name in BULK_ACTIONS:
        routes.post(
            f"/bulk/{name}",
            summary=f"`{name}`, to all that fit a filter",
            responses=BULK_RESPONSES,
            name=f"bulk {name}",
        )(_bulk_action_handler(orders, name))
    return routes


def _order_action_handler(
    orders: OrderClient, action: OrderActionName
) -> Callable[..., Coroutine[Any, Any, JSONResponse]]:
    async def handle(order_id: OrderId, body: OrderActionBody) -> JSONResponse:
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
        return JSONResponse(action_json(order_id, await orders.act_on_order(command)))

    return handle


def _bulk_action_handler(orders: OrderClient, action: BulkActionName) -> Callable[..., Coroutine[Any, Any, Any]]:
    async def handle(body: BulkActionBody) -> Any:
        """With `dry_run` one JSON document lists what is meant. Else lines of JSON, one for each result as it is known,
        and at last the summary. Whoever hangs up ends it: what is done stays done, and the rest is left."""
        command = body.to_command(action)
        selection = await orders.select_bulk_targets(command)
        if body.dry_run:
            return JSONResponse(bulk_selection_json(command, selection))
        runner = orders.create_bulk_runner(command, body.pacing)

        async def result_lines() -> AsyncIterator[str]:
            async for result in runner.run(selection.targets):
                yield json.dumps(bulk_result_json(result), ensure_ascii=False) + "\n"
            yield (
                json.dumps({"summary": bulk_summary_json(command, runner.summary, selection)}, ensure_ascii=False)
                + "\n"
            )

        return StreamingResponse(result_lines(), media_type=NDJSON_MEDIA_TYPE)

    return handle
