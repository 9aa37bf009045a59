"""`/orders/{id}/plan.json`: the structure of a plan; `/orders/{id}/plan-states.json`: the states of its steps."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from typing import Literal

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from console.access.guard import allowed
from console.made_plan import Packed
from console.presenting.plan.states import states_json
from console.services import Console
from operations.access.permissions import READ_ORDER

REVALIDATED = {"Cache-Control": "private, no-cache", "Vary": "Accept-Encoding, Cookie"}


def plan_routes(console: Console) -> APIRouter:
    routes = APIRouter(dependencies=[allowed(READ_ORDER)])
    reads = console.plans

    @routes.get("/orders/{order_id}/plan.json")
    async def structure(request: Request, order_id: str, lanes: Literal["each"] | None = None) -> Response:
        """`lanes=each`: the drawing of each lane by itself, where the structure has lanes of one shape as one; else
        nothing (204)."""
        packed = await (reads.structure(order_id) if lanes is None else reads.single_lanes(order_id))
        return Response(status_code=204) if packed is None else _packed_response(request, packed)

    @routes.get("/orders/{order_id}/plan-states.json")
    async def states(order_id: str) -> Response:
        marked = await reads.steps(order_id)
        details = marked.details
        return JSONResponse(states_json(details.order, details.steps, datetime.now(UTC), marked.mark))

    return routes


def _packed_response(request: Request, packed: Packed) -> Response:
    headers = REVALIDATED | {"ETag": packed.etag}
    if packed.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(gzip.decompress(packed.content), headers=headers, media_type="application/json")
    return Response(packed.content, headers=headers | {"Content-Encoding": "gzip"}, media_type="application/json")
