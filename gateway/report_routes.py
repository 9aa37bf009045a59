"""Reports over the orders of a period."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from gateway.access.route_guard import allowed
from gateway.errors import error_responses
from gateway.list_filters import FilterText
from gateway.value_types import Moment
from operations.access.permissions import READ_REPORTS
from operations.client import OrderClient
from operations.reading.reports import ReportCriteria
from operations.report_responses import (
    DurationReportResponse,
    FalloutReportResponse,
    ShiftReportResponse,
    SlaReportResponse,
    SystemReportResponse,
    duration_report_response,
    fallout_report_response,
    shift_report_response,
    sla_report_response,
    system_report_response,
)

Until = Annotated[Moment | None, Query(description="The period ends before it. Default: now")]


def _month(
    product: Annotated[FilterText, Query(description="Only orders with this commercial product")] = None,
    since: Annotated[Moment | None, Query(description="Default: 30 days before `until`")] = None,
    until: Until = None,
) -> ReportCriteria:
    return ReportCriteria(since, until, product)


Criteria = Annotated[ReportCriteria, Depends(_month)]


def report_routes(orders: OrderClient) -> APIRouter:
    routes = APIRouter(tags=["reports"], responses=error_responses(422, 504), dependencies=[allowed(READ_REPORTS)])

    @routes.get("/reports/shift", summary="The hand-over of a shift")
    async def shift(
        since: Annotated[Moment | None, Query(description="Default: 8 hours before `until`")] = None,
        until: Until = None,
    ) -> ShiftReportResponse:
        """What came, what ended, what is stuck now and why, who did what. Needs a ledger."""
        return shift_report_response(*await orders.reports.shift(ReportCriteria(since, until)))

    @routes.get("/reports/durations", summary="How long steps and workstreams took")
    async def durations(criteria: Criteria) -> DurationReportResponse:
        """Of steps that were completed in the period. `expected` is null: the gateway has no definitions. Needs a
        ledger."""
        return duration_report_response(*await orders.reports.durations(criteria))

    @routes.get("/reports/sla", summary="Promises kept and missed")
    async def sla(criteria: Criteria) -> SlaReportResponse:
        """The requested completion of orders, and the slas of steps. Needs a ledger."""
        return sla_report_response(*await orders.reports.sla(criteria))

    @routes.get("/reports/fallout", summary="Fallout by system and error code, and how it ended")
    async def fallout(criteria: Criteria) -> FalloutReportResponse:
        """Of steps that were in fallout at a moment of the period. Needs a ledger."""
        return fallout_report_response(*await orders.reports.fallout(criteria))

    @routes.get(
        "/reports/systems", summary="How systems answered, and what waits for them", responses=error_responses(404)
    )
    async def systems(
        system: Annotated[FilterText, Query(description="Only this system")] = None,
        since: Annotated[Moment | None, Query(description="Default: 24 hours before `until`")] = None,
        until: Until = None,
    ) -> SystemReportResponse:
        """Each system with its switch and the calls that wait, as in `/systems`, and with the attempts, errors and
        durations of calls that began in the period. Needs a ledger."""
        health = await orders.read_system_health(ReportCriteria(since, until), system, needs_report=True)
        return system_report_response(health)

    return routes
