"""One action on many steps or orders."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from gateway.access.route_guard import CurrentPerson, allowed, require_override
from gateway.bulk_bodies import BulkActionBody
from gateway.errors import BODY_ERRORS, error_responses
from gateway.openapi import BULK_RESPONSES
from gateway.strict_json import StrictJsonRoute
from operations.access.permissions import ACTION_PERMISSIONS
from operations.access.person import require_queue
from operations.bulk.bulk_responses import (
    BulkSelectionResponse,
    BulkSummaryLine,
    bulk_result_response,
    bulk_selection_response,
    bulk_summary_response,
)
from operations.client import OrderClient
from operations.responses import Response
from workflows.contract.actions import BULK_ACTIONS, ActionSpec


def bulk_routes(orders: OrderClient) -> APIRouter:
    routes = APIRouter(tags=["operators"], route_class=StrictJsonRoute, responses=error_responses(*BODY_ERRORS))
    for name, action in BULK_ACTIONS.items():
        routes.post(
            f"/bulk/{name}",
            summary=f"`{name}` everything that matches",
            response_model=BulkSelectionResponse,
            responses=BULK_RESPONSES,
            name=f"bulk {name}",
            dependencies=[allowed(ACTION_PERMISSIONS[name])],
        )(_bulk_action_handler(orders, action))
    return routes


def _bulk_action_handler(
    orders: OrderClient, action: ActionSpec
) -> Callable[..., Awaitable[BulkSelectionResponse | StreamingResponse]]:
    async def handle(body: BulkActionBody, person: CurrentPerson) -> BulkSelectionResponse | StreamingResponse:
        """With `dry_run`, one JSON document lists the targets. Otherwise the response is a stream of JSON lines: each
        result as soon as it is known, and finally the summary. Closing the connection ends the bulk action; what is
        done stays done. An operator whose account names queues gives one of them as `queue`."""
        require_queue(person, ACTION_PERMISSIONS[action.name], body.queue)
        require_override(person, body.override)
        command = body.to_command(action, person)
        selection = await orders.select_bulk_targets(command)
        if body.dry_run:
            return bulk_selection_response(command, selection)
        runner = orders.create_bulk_runner(command, body.pacing)

        async def result_lines() -> AsyncIterator[str]:
            async for result in runner.run(selection.targets):
                yield _json_line(bulk_result_response(result))
            yield _json_line(BulkSummaryLine(summary=bulk_summary_response(command, runner.summary, selection)))

        return StreamingResponse(result_lines(), media_type="application/x-ndjson")

    return handle


def _json_line(response: Response) -> str:
    return json.dumps(response.model_dump(mode="json"), ensure_ascii=False) + "\n"
