"""The systems that orders call, and switching them off and on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Path

from gateway.access.route_guard import CurrentPerson, allowed
from gateway.errors import BODY_ERRORS, error_responses
from gateway.request_models import ActorBody
from gateway.strict_json import StrictJsonRoute
from operations.access.permissions import READ_SYSTEMS, SWITCH_SYSTEM
from operations.client import OrderClient
from operations.responses import SystemListResponse, SystemSwitchResponse, system_list_response, system_switch_response

SystemId = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,199}$", description="The system's id", examples=["billing"])]

SWITCH_SUMMARIES: dict[Literal["on", "off"], str] = {
    "off": "Switch a system off: its calls wait",
    "on": "Switch a system on: its calls continue, at a rising pace",
}


def system_routes(orders: OrderClient) -> APIRouter:
    routes = APIRouter(tags=["systems"], route_class=StrictJsonRoute, responses=error_responses())

    @routes.get(
        "/systems", summary="Systems: their switches, and what waits for them", dependencies=[allowed(READ_SYSTEMS)]
    )
    async def systems() -> SystemListResponse:
        """`state`: `closed` (calls go through), `open` (it has failed repeatedly: calls wait, and a probe checks
        whether it is back), `half_open` (it is back, at a rising pace), `off` (by an operator)."""
        return system_list_response(await orders.list_systems())

    for state, summary in SWITCH_SUMMARIES.items():
        routes.post(
            f"/systems/{{system}}/{state}",
            summary=summary,
            responses=error_responses(*BODY_ERRORS, 404),
            name=f"system_{state}",
            dependencies=[allowed(SWITCH_SYSTEM)],
        )(_switch_handler(orders, state))
    return routes


def _switch_handler(
    orders: OrderClient, target_state: Literal["on", "off"]
) -> Callable[..., Awaitable[SystemSwitchResponse]]:
    async def handle(system: SystemId, body: ActorBody, person: CurrentPerson) -> SystemSwitchResponse:
        """The response is sent once Temporal applies it, for all workers."""
        return system_switch_response(
            await orders.switch_system(system, target_state, person.actor(body.by, body.reason))
        )

    return handle
