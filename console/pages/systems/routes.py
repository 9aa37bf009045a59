"""`/systems`: how the systems that orders call are, and switching one off or on."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Path, Query, Request
from starlette.responses import Response

from console.access.guard import SignedIn, allowed
from console.pages.ledger_answers import answer_or_problem
from console.presenting.systems import one_system, settings_of, system_rows
from console.services import Console
from operations.access.permissions import READ_SYSTEMS, SWITCH_SYSTEM
from operations.errors import OperationError
from operations.reading.reports import ReportCriteria
from operations.reading.system_health import SystemHealth

MAX_REASON_LENGTH = 500
SystemId = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,199}$")]
Position = Literal["on", "off"]


class Period(StrEnum):
    """How far back the calls are shown."""

    HOUR = "1h"
    DAY = "24h"
    WEEK = "7d"

    @property
    def criteria(self) -> ReportCriteria:
        return ReportCriteria(since=datetime.now(UTC) - _LENGTHS[self][0])

    @property
    def words(self) -> str:
        return _LENGTHS[self][1]


_LENGTHS = {
    Period.HOUR: (timedelta(hours=1), "the last hour"),
    Period.DAY: (timedelta(days=1), "the last 24 hours"),
    Period.WEEK: (timedelta(days=7), "the last 7 days"),
}
ChosenPeriod = Annotated[Period, Query()]


def systems_routes(console: Console) -> APIRouter:
    routes = APIRouter()

    @routes.get("/systems", dependencies=[allowed(READ_SYSTEMS)])
    async def systems(request: Request, period: ChosenPeriod = Period.HOUR) -> Response:
        since = await console.live.mark("systems")
        health = await console.orders.read_system_health(period.criteria)
        return console.render(
            request,
            "systems/list.html",
            since=since,
            rows=system_rows(health),
            calls=health,
            report=health.report,
            period=period,
            periods=list(Period),
            has_ledger=console.orders.ledger is not None,
        )

    @routes.get("/systems/{system}", dependencies=[allowed(READ_SYSTEMS)])
    async def one(request: Request, system: SystemId, period: ChosenPeriod = Period.HOUR) -> Response:
        return console.render(request, "systems/system.html", **await _system_values(console, system, period))

    @routes.get("/systems/{system}/switch", dependencies=[allowed(SWITCH_SYSTEM)])
    async def confirm(request: Request, system: SystemId, to: Position) -> Response:
        return console.render(request, "systems/switch.html", **await _switch_values(console, system, to))

    @routes.post("/systems/{system}/switch", dependencies=[allowed(SWITCH_SYSTEM)])
    async def switch(
        request: Request,
        person: SignedIn,
        system: SystemId,
        to: Annotated[Position, Form()],
        reason: Annotated[str, Form(max_length=MAX_REASON_LENGTH)] = "",
    ) -> Response:
        if to == "off" and not reason.strip():
            values = await _switch_values(console, system, to)
            problem = "Say why: everybody whose order waits sees it"
            return console.render(request, "systems/switch.html", status=422, **values | {"problem": problem})
        try:
            result = await console.orders.switch_system(system, to, person.actor(None, reason.strip()))
        except OperationError as error:
            values = await _switch_values(console, system, to)
            refused = {"problem": error.message, "reason": reason}
            return console.render(request, "systems/switch.html", status=error.http_status, **values | refused)
        return console.redirect(
            request, f"/systems/{system}", result.message, problem=result.system.problem is not None
        )

    return routes


async def _system_values(console: Console, system: str, period: Period) -> dict[str, Any]:
    orders = console.orders
    since = await console.live.mark("systems")
    health, work, settings = await asyncio.gather(
        orders.read_system_health(period.criteria, system),
        answer_or_problem(console, orders.read_work_at_system(system)),
        _settings(console, system),
    )
    calls = health.calls(system)
    return {
        "since": since,
        "system": one_system(health),
        "errors": calls.errors if calls is not None else [],
        "report": health.report,
        "calls": health,
        "work": work,
        "settings_of_system": settings,
        "period": period,
        "periods": list(Period),
        "has_ledger": orders.ledger is not None,
    }


async def _settings(console: Console, system: str) -> list[tuple[str, str]]:
    """Empty if the catalogue in force is not known here, or does not have the system."""
    try:
        catalogue = (await console.orders.catalogues.read_in_force()).catalogue
    except OperationError:
        return []
    found = catalogue.systems.get(system)
    return settings_of(found, catalogue.retry_policies) if found is not None else []


async def _switch_values(console: Console, system: str, to: Position) -> dict[str, Any]:
    status, work = await asyncio.gather(
        console.orders.read_system(system),
        answer_or_problem(console, console.orders.read_work_at_system(system)),
    )
    system_row = one_system(SystemHealth([status], None, None))
    return {"system": system_row, "work": work, "to": to, "problem": "", "reason": ""}
