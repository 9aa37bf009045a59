"""The systems that orders call, and switching them off and on."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse

from gateway.openapi import ERROR_RESPONSES, example_response
from gateway.request_models import ActorBody, StrictJsonRoute
from operations.client import OrderClient
from operations.json_views import system_list_json, system_switch_json

SystemId = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,199}$", description="The system's id", examples=["billing"])]

SWITCH_SUMMARIES: dict[Literal["on", "off"], str] = {
    "off": "Switch a system off: its calls wait",
    "on": "Switch a system on: its calls go on, at a pace that rises",
}


def system_routes(orders: OrderClient) -> APIRouter:
    routes = APIRouter(tags=["systems"], route_class=StrictJsonRoute, responses=ERROR_RESPONSES)

    @routes.get(
        "/systems", summary="Systems: their switches, and what waits for them", responses=example_response("systems")
    )
    async def systems() -> JSONResponse:
        """`state`: `closed` (calls go through), `open` (it has failed repeatedly: calls wait, and a probe asks whether
        it is back), `half_open` (it is back, at a rising pace), `off` (by an operator)."""
        return JSONResponse(system_list_json(await orders.list_systems()))

    for to, summary in SWITCH_SUMMARIES.items():
        routes.post(
            f"/systems/{{system}}/{to}", summary=summary, responses=example_response("switch"), name=f"system_{to}"
        )(_switch_handler(orders, to))
    return routes


def _switch_handler(
    orders: OrderClient, target_state: Literal["on", "off"]
) -> Callable[..., Coroutine[Any, Any, JSONResponse]]:
    async def handle(system: SystemId, body: ActorBody) -> JSONResponse:
        """Answered once the server keeps to it, over all workers."""
        return JSONResponse(system_switch_json(await orders.switch_system(system, target_state, body.actor)))

    return handle
