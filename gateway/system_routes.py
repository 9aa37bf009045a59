"""The systems that orders call, and switching them off and on."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse

from gateway.openapi import REFUSALS, example
from gateway.request_models import ActorBody, StrictRoute
from operations.client import Orders
from operations.json_views import switch_json, systems_json

SystemId = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,199}$", description="The system's id", examples=["billing"])]

SUMMARIES: dict[Literal["on", "off"], str] = {
    "off": "Switch a system off: its calls wait",
    "on": "Switch a system on: its calls go on, at a pace that rises",
}


def system_routes(orders: Orders) -> APIRouter:
    routes = APIRouter(tags=["systems"], route_class=StrictRoute, responses=REFUSALS)

    @routes.get("/systems", summary="Systems: their switches, and what waits for them", responses=example("systems"))
    async def systems() -> JSONResponse:
        """`state`: `closed` (calls go through), `open` (it has failed repeatedly: calls wait, and a probe asks whether
        it is back), `half_open` (it is back, at a rising pace), `off` (by an operator)."""
        return JSONResponse(systems_json(await orders.systems()))

    for to, summary in SUMMARIES.items():
        routes.post(f"/systems/{{system}}/{to}", summary=summary, responses=example("switch"), name=f"system_{to}")(
            _switching(orders, to)
        )
    return routes


def _switching(orders: Orders, to: Literal["on", "off"]) -> Callable[..., Coroutine[Any, Any, JSONResponse]]:
    async def route(system: SystemId, body: ActorBody) -> JSONResponse:
        """Answered once the server keeps to it, over all workers."""
        return JSONResponse(switch_json(await orders.switch_system(system, to, body.actor)))

    return route
