"""The JSON of reports."""

from __future__ import annotations

from pydantic import Field

from ledger.reports.model.duration_report import DurationReport
from ledger.reports.model.fallout_report import FalloutReport
from ledger.reports.model.report import Report
from ledger.reports.model.shift_report import ShiftReport
from ledger.reports.model.sla_report import SlaReport
from ledger.reports.model.system_report import SystemCalls
from operations.reading.provenance import Provenance
from operations.reading.system_health import SystemHealth
from operations.responses import SourcedResponse, SystemResponse, source_fields, system_response


class ShiftReportResponse(SourcedResponse, ShiftReport):
    pass


class DurationReportResponse(SourcedResponse, DurationReport):
    pass


class SlaReportResponse(SourcedResponse, SlaReport):
    pass


class FalloutReportResponse(SourcedResponse, FalloutReport):
    pass


class SystemHealthResponse(SystemResponse):
    calls: SystemCalls | None = Field(description="How it answered in the period; null: no attempt began in it")


class SystemReportResponse(SourcedResponse, Report):
    interval: float = Field(description="Seconds: the length of the parts of the period")
    systems: list[SystemHealthResponse] = Field(description="Every system that workers have announced, by id")


def system_report_response(health: SystemHealth) -> SystemReportResponse:
    """Raises ValueError without a report."""
    report = health.report
    if report is None:
        raise ValueError("the ledger has not answered")
    return SystemReportResponse(
        since=report.since,
        until=report.until,
        interval=report.interval,
        systems=[
            SystemHealthResponse(**dict(system_response(status)), calls=health.calls(status.view.system))
            for status in health.statuses
        ],
        **source_fields(health.provenance),
    )


def shift_report_response(report: ShiftReport, provenance: Provenance) -> ShiftReportResponse:
    return ShiftReportResponse(**dict(report), **source_fields(provenance))


def duration_report_response(report: DurationReport, provenance: Provenance) -> DurationReportResponse:
    return DurationReportResponse(**dict(report), **source_fields(provenance))


def sla_report_response(report: SlaReport, provenance: Provenance) -> SlaReportResponse:
    return SlaReportResponse(**dict(report), **source_fields(provenance))


def fallout_report_response(report: FalloutReport, provenance: Provenance) -> FalloutReportResponse:
    return FalloutReportResponse(**dict(report), **source_fields(provenance))
